/* Without a libc, which would know where groups are kept: what /etc/group does not have, its own program is asked for.
 */
#include "process/group.h"

#include "rt/mem.h"
#include "rt/net.h"
#include "rt/system_calls.h"
#include "rt/text.h"

#define GETENT "/usr/bin/getent"
#define GROUP_MOST 0xfffffffeu
#define CHUNK 4096
#define LINE_START 256

/* NAME:PASSWORD:NUMBER:MEMBERS (group(5)), of which the members may be cut off. False: it is another's. */
static bool read_line(struct unsock_span line, const char *name, uint32_t *group) {
    uint64_t number;
    if (!unsock_span_is(unsock_span_next(&line, ':'), name))
        return false;
    unsock_span_next(&line, ':');
    struct unsock_span digits = unsock_span_next(&line, ':');
    if (digits.at + digits.length == line.at || !unsock_span_number(digits, 10, GROUP_MOST, &number))
        return false;
    *group = (uint32_t)number;
    return true;
}

/* Lines may be of any length: a group may have a thousand members. Closes `fd`. */
static bool find_in(long fd, const char *name, uint32_t *group) {
    char chunk[CHUNK], line[LINE_START];
    size_t length = 0;
    bool found = false;
    for (long count = 1; fd >= 0 && count > 0 && !found;) {
        count = unsock_read(fd, chunk, sizeof(chunk));
        for (long i = 0; i < count && !found; i++) {
            if (chunk[i] == '\n') {
                found = read_line((struct unsock_span){line, length}, name, group);
                length = 0;
            } else if (length < sizeof(line)) {
                line[length++] = chunk[i];
            }
        }
    }
    if (fd >= 0)
        unsock_close(fd);
    /* The last line may have no end. */
    return found || read_line((struct unsock_span){line, length}, name, group);
}

__attribute__((noreturn)) static void become_getent(const char *name, long output) {
    static const char *const nothing[] = {NULL};
    const char *const words[] = {GETENT, "group", name, NULL};
    unsock_dup3(output, 1, 0);
    unsock_execve(GETENT, words, nothing);
    for (;;)
        unsock_exit_group(1);
}

static bool ask_system(const char *name, uint32_t *group) {
    int32_t pipe[2], status;
    if (unsock_faccessat(AT_FDCWD, GETENT, 1) < 0 || unsock_pipe2(pipe, O_CLOEXEC) < 0)
        return false;
    long child = unsock_clone(SIGCHLD, NULL);
    if (child == 0)
        become_getent(name, pipe[1]);
    unsock_close(pipe[1]);
    bool found = find_in(pipe[0], name, group);
    while (child > 0 && unsock_wait4(child, &status, 0, NULL) == -EINTR)
        ;
    return found;
}

bool unsock_group_named(const char *name, uint32_t *group) {
    uint64_t number;
    if (find_in(unsock_openat(AT_FDCWD, "/etc/group", O_RDONLY | O_CLOEXEC, 0), name, group))
        return true;
    bool is_number = unsock_span_number(unsock_span_of(name), 10, GROUP_MOST, &number);
    if (is_number)
        *group = (uint32_t)number;
    return is_number || (name[0] != '\0' && name[0] != '-' && ask_system(name, group));
}
