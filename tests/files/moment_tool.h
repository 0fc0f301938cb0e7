/* Shared by the tools that act before one system call of the tested operation, then before the next one (moments.h). */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static int now, when; /* moments; 0: not counted */

/* The tool's. */
static void act_at_moment(void);

void moment(void) {
    if (when > 0 && ++now == when)
        act_at_moment();
}

static inline void must(int good, const char *what) {
    if (good)
        return;
    perror(what);
    exit(1);
}

static inline int opened(void) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(fd >= 0, "socket");
    return fd;
}
