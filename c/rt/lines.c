/* Reads a text file line by line. */
#include "rt/text.h"

#include "rt/system_calls.h"

void unsock_lines_open(struct unsock_lines *lines, const char *path) {
    lines->fd = unsock_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    lines->used = lines->filled = 0;
    lines->too_long = lines->skipped = false;
    lines->failed = lines->fd < 0;
}

/* Moves the unread rest to the buffer's front, and reads more behind it. False at the file's end, or on an error. */
static bool read_on(struct unsock_lines *lines) {
    size_t rest = lines->filled - lines->used;
    if (lines->fd < 0)
        return false;
    memmove(lines->buffer, lines->buffer + lines->used, rest);
    lines->used = 0;
    lines->too_long |= rest == sizeof(lines->buffer);
    lines->filled = rest == sizeof(lines->buffer) ? 0 : rest;
    long count = unsock_read(lines->fd, lines->buffer + lines->filled, sizeof(lines->buffer) - lines->filled);
    lines->filled += count > 0 ? (size_t)count : 0;
    lines->failed = count < 0;
    return count > 0;
}

bool unsock_lines_next(struct unsock_lines *lines, struct unsock_span *line) {
    do {
        struct unsock_span rest = {lines->buffer + lines->used, lines->filled - lines->used};
        while (rest.length > 0) {
            size_t length = rest.length;
            *line = unsock_span_next(&rest, '\n');
            if (line->length == length)
                break;
            bool whole = !lines->too_long;
            lines->skipped |= !whole;
            lines->too_long = false;
            lines->used += line->length + 1;
            if (whole)
                return true;
        }
    } while (read_on(lines));
    /* The file's last line may lack a newline. */
    *line = (struct unsock_span){lines->buffer + lines->used, lines->filled - lines->used};
    bool last = line->length > 0 && !lines->failed && !lines->too_long;
    lines->skipped |= line->length > 0 && !last;
    lines->used = lines->filled;
    return last;
}

void unsock_lines_close(struct unsock_lines *lines) {
    unsock_close_open(lines->fd);
}

struct unsock_span unsock_lines_word(struct unsock_span *line) {
    struct unsock_span word = {line->at, 0};
    while (line->length > 0 && word.length == 0)
        word = unsock_span_next(line, ' ');
    return word;
}
