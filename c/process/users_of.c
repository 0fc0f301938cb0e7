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
    unsock_close_open(fd);
    return found;
}

/* "UNSOCK_DIR=DIRECTORY" with the NUL at its end; empty: it is too long. */
static struct unsock_span variable_of(const char *directory, char buffer[CHUNK]) {
    struct unsock_text text = unsock_text_in(buffer, CHUNK);
    unsock_text_join(&text, VARIABLE, directory);
    return (struct unsock_span){buffer, text.cut ? 0 : text.length + 1};
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

/* Goes through all processes once: is there one that has the variable, or was there one that is ended by this? */
static bool go_through(struct unsock_span wanted, bool ends) {
    struct unsock_entries entries;
    enum unsock_entry_type type;
    bool any = false;
    unsock_entries_open(&entries, AT_FDCWD, "/proc");
    for (const char *name; (ends || !any) && (name = unsock_entries_next(&entries, &type));)
        if (name[0] >= '1' && name[0] <= '9')
            any |= ends ? end_one(name, wanted) : has(name, wanted);
    unsock_entries_close(&entries);
    return any;
}

bool unsock_users_of(const char *directory) {
    char buffer[CHUNK];
    struct unsock_span wanted = variable_of(directory, buffer);
    return wanted.length == 0 || go_through(wanted, false);
}

void unsock_users_end(const char *directory) {
    char buffer[CHUNK];
    struct unsock_span wanted = variable_of(directory, buffer);
    /* Who is killed may have started another one just before. */
    for (int pass = 0; wanted.length > 0 && pass < PASSES_MOST && go_through(wanted, true); pass++)
        ;
}
