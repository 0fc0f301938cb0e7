/* /proc/PID/environ of all processes. */
#include "process/users_of.h"

#include "kernel/entries.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rt/text.h"

#define VARIABLE "UNSOCK_DIR="
#define CHUNK 4096

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
    struct unsock_text text;
    long count, fd;
    bool found = false;
    unsock_text_start(&text, path, sizeof(path));
    unsock_text_join(&text, "/proc/", process, "/environ");
    fd = unsock_sys(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && !found && (count = unsock_sys(__NR_read, fd, bytes, sizeof(bytes))) > 0)
        found = found_in(&match, bytes, (size_t)count);
    if (fd >= 0)
        unsock_sys(__NR_close, fd);
    return found;
}

bool unsock_users_of(const char *directory) {
    char variable[CHUNK];
    struct unsock_entries entries;
    enum unsock_entry_type type;
    struct unsock_text text;
    bool found = false;
    unsock_text_start(&text, variable, sizeof(variable));
    unsock_text_join(&text, VARIABLE, directory);
    unsock_entries_open(&entries, AT_FDCWD, "/proc");
    for (const char *name; !found && (name = unsock_entries_next(&entries, &type));) {
        if (name[0] >= '1' && name[0] <= '9')
            found = has(name, (struct unsock_span){variable, text.length + 1});
    }
    unsock_entries_close(&entries);
    return found || text.cut;
}
