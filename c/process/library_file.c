/* Reads and writes LD_PRELOAD. Finds the library's own file, without dladdr, which some libcs lack. */
#include "process/exec.h"

static const char own_name[] = "libunsock";

struct unsock_span unsock_preload_next(struct unsock_span *rest) {
    struct unsock_span entry = {rest->at, 0};
    while (rest->length > 0 && entry.length == 0) {
        size_t length = 0;
        while (length < rest->length && rest->at[length] != ' ' && rest->at[length] != ':')
            length++;
        entry = unsock_span_next(rest, length < rest->length ? rest->at[length] : ' ');
    }
    return entry;
}

bool unsock_preload_has(const char *value, const char *library) {
    struct unsock_span rest = unsock_span_of(value), entry;
    while ((entry = unsock_preload_next(&rest)).length > 0)
        if (unsock_span_is(entry, library))
            return true;
    return false;
}

void unsock_preload_put(struct unsock_text *text, const char *library, const char *before) {
    struct unsock_span rest = unsock_span_of(before), entry;
    bool is_there = unsock_preload_has(before, library);
    unsock_text_join(text, library, is_there || before[0] == '\0' ? "" : ":", is_there ? "" : before);
    while (is_there && (entry = unsock_preload_next(&rest)).length > 0) {
        if (unsock_span_is(entry, library))
            continue;
        unsock_text_char(text, ':');
        unsock_text_span(text, entry);
    }
}

/* True if this code is in the range of the line "START-END … INODE PATH" (/proc/self/maps). Sets `*path` to PATH. */
static bool own_map(struct unsock_span line, struct unsock_span *path) {
    uint64_t start, end, here = (uint64_t)&unsock_library_file_mapped;
    struct unsock_span range = unsock_span_next(&line, ' ');
    struct unsock_span first = unsock_span_next(&range, '-');
    if (!unsock_span_number(first, 16, UINT64_MAX, &start) || !unsock_span_number(range, 16, UINT64_MAX, &end))
        return false;
    if (here < start || here >= end)
        return false;
    while (line.length > 0 && line.at[0] != '/')
        line = (struct unsock_span){line.at + 1, line.length - 1};
    *path = line;
    return line.length > 0;
}

bool unsock_library_file_mapped(char *buffer, struct unsock_span *path) {
    struct unsock_lines lines;
    struct unsock_span line;
    bool found = false;
    unsock_lines_open(&lines, "/proc/self/maps");
    while (!found && unsock_lines_next(&lines, &line))
        found = own_map(line, path);
    if (found)
        path->at = memcpy(buffer, path->at, path->length);
    unsock_lines_close(&lines);
    return found;
}

bool unsock_library_file(const char *const *environment, char *buffer, struct unsock_span *path) {
    const char *value = unsock_environment_get(environment, "LD_PRELOAD");
    struct unsock_span rest = unsock_span_of(value ? value : "");
    for (*path = unsock_preload_next(&rest); path->length > 0; *path = unsock_preload_next(&rest)) {
        struct unsock_span name = unsock_base_name(*path);
        bool ours = name.length >= sizeof(own_name) - 1 && unsock_same(name.at, own_name, sizeof(own_name) - 1);
        if (path->at[0] == '/' && ours)
            return true;
    }
    return unsock_library_file_mapped(buffer, path);
}
