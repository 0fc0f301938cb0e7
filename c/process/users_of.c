/* /proc/PID/environ of all processes. */
#include "process/users_of.h"

#include "kernel/file_info.h"
#include "rt/system_calls.h"

#include <linux/poll.h>

#define VARIABLE "UNSOCK_DIR="
#define CHUNK 4096
#define END_NS 500000000
#define PASSES_MOST 16

/* How much of the variable that is looked for the bytes so far have matched. */
struct match {
    struct unsock_span wanted; /* with the NUL at its end */
    size_t matched;
    bool apart; /* not at the beginning of a string */
};

static bool found_in(struct match *match, const char *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!match->apart && bytes[i] == match->wanted.at[match->matched])
            match->matched++;
        else
            match->apart = true;
        if (!match->apart && match->matched == match->wanted.length)
            return true;
        if (bytes[i] == '\0') {
            match->apart = false;
            match->matched = 0;
        }
    }
    return false;
}

static bool has(const char *process, struct unsock_span wanted) {
    char bytes[CHUNK], path[64];
    struct match match = {.wanted = wanted};
    struct unsock_text text = unsock_text_in(path, sizeof(path));
    long count, fd;
    bool found = false;
    unsock_text_join(&text, "/proc/", process, "/environ");
    fd = unsock_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    while (fd >= 0 && !found && (count = unsock_read(fd, bytes, sizeof(bytes))) > 0)
        found = found_in(&match, bytes, (size_t)count);
    if (fd >= 0)
        unsock_close(fd);
    return found;
}

/* "UNSOCK_DIR=DIRECTORY" with the NUL at its end; empty: it is too long. */
static struct unsock_span variable_of(const char *directory, char buffer[CHUNK]) {
    struct unsock_text text = unsock_text_in(buffer, CHUNK);
    unsock_text_join(&text, VARIABLE, directory);
    return (struct unsock_span){buffer, text.cut ? 0 : text.length + 1};
}

static bool is_process(const char *name) {
    return name[0] >= '1' && name[0] <= '9';
}

bool unsock_users_of(const char *directory) {
    char buffer[CHUNK];
    struct unsock_span wanted = variable_of(directory, buffer);
    struct unsock_entries entries;
    enum unsock_entry_type type;
    bool found = wanted.length == 0;
    unsock_entries_open(&entries, AT_FDCWD, "/proc");
    for (const char *name; !found && (name = unsock_entries_next(&entries, &type));)
        found = is_process(name) && has(name, wanted);
    unsock_entries_close(&entries);
    return found;
}

/* By a descriptor of the process, looked at once more: its number may be another's meanwhile. */
static bool end_one(const char *process, struct unsock_span wanted) {
    uint64_t number;
    if (!has(process, wanted) || !unsock_span_number(unsock_span_of(process), 10, INT32_MAX, &number))
        return false;
    long fd = unsock_pidfd_open(number, 0);
    if (fd < 0)
        return false;
    bool ended = has(process, wanted) && unsock_pidfd_send_signal(fd, SIGKILL, NULL, 0) == 0;
    struct pollfd polled = {.fd = (int)fd, .events = POLLIN};
    struct timespec most = {0, END_NS};
    if (ended)
        unsock_ppoll(&polled, 1, &most, NULL, 0);
    unsock_close(fd);
    return ended;
}

void unsock_users_end(const char *directory) {
    char buffer[CHUNK];
    struct unsock_span wanted = variable_of(directory, buffer);
    struct unsock_entries entries;
    enum unsock_entry_type type;
    bool again = wanted.length > 0;
    /* Who is killed may have started another one just before. */
    for (int pass = 0; again && pass < PASSES_MOST; pass++) {
        again = false;
        unsock_entries_open(&entries, AT_FDCWD, "/proc");
        for (const char *name; (name = unsock_entries_next(&entries, &type));)
            again |= is_process(name) && end_one(name, wanted);
        unsock_entries_close(&entries);
    }
}
