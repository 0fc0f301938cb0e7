/* Calls of descriptors: duplicates, ends, and the requests of fcntl and ioctl. */
#include "interpreter.h"
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/close_range.h>
#include <linux/sockios.h>

enum {
    /* The least number of a duplicate that asks for one. */
    ABOVE = 30,
    /* A word of execs: by close_range, not by fcntl. */
    AS_RANGE = 2,
};

void do_dup(struct line *line, int *fd) {
    const char *name = line->word[0];
    int *to = &slots[slot_of(line->word[2])];
    int copy = strcmp(name, "dup2") == 0 && *to >= 0   ? dup2(*fd, *to)
               : strcmp(name, "dup3") == 0 && *to >= 0 ? dup3(*fd, *to, 0)
               : strcmp(name, "dupfd") == 0            ? fcntl(*fd, F_DUPFD, ABOVE)
               : strcmp(name, "dupexec") == 0          ? fcntl(*fd, F_DUPFD_CLOEXEC, ABOVE)
                                                       : dup(*fd);
    made(line, copy);
    if (copy >= 0) {
        *to = copy;
    }
}

void do_steal(struct line *line, int *fd) {
    if (strcmp(line->word[0], "number") == 0) {
        say(line, "%d", *fd);
        return;
    }
    int process = (int)syscall(SYS_pidfd_open, atoi(line->word[2]), 0);
    int stolen = (int)syscall(SYS_pidfd_getfd, process, atoi(line->word[3]), 0);
    made(line, process < 0 ? process : stolen);
    if (process >= 0) {
        close(process);
    }
    if (stolen >= 0) {
        *fd = stolen;
    }
}

void do_close(struct line *line, int *fd) {
    unsigned number = (unsigned)*fd;
    ended(line, line->word[0][5] ? syscall(SYS_close_range, number, number, 0) : close(*fd));
    *fd = -1;
}

/** Has exec close the descriptor, or keep it. */
static void exec_closes(struct line *line, int fd, int how) {
    unsigned number = (unsigned)fd;
    ended(line, how == AS_RANGE ? syscall(SYS_close_range, number, number, CLOSE_RANGE_CLOEXEC)
                                : fcntl(fd, F_SETFD, how ? FD_CLOEXEC : 0));
    say(line, " then %d", fcntl(fd, F_GETFD));
}

static void ask_number(struct line *line, int fd, unsigned long request) {
    int number = -1;
    ended(line, ioctl(fd, request, &number));
    say(line, " %d", number);
}

void do_request(struct line *line, int *fd) {
    const char *name = line->word[0];
    int number = line->words > 2 ? atoi(line->word[2]) : 0;
    struct ifreq interface = {.ifr_name = "lo"};
    if (strcmp(name, "nonblock") == 0) {
        ended(line, fcntl(*fd, F_SETFL, number ? O_NONBLOCK : 0));
    } else if (strcmp(name, "fionbio") == 0) {
        ended(line, ioctl(*fd, FIONBIO, &number));
    } else if (strcmp(name, "async") == 0) {
        ended(line, ioctl(*fd, FIOASYNC, &number));
    } else if (strcmp(name, "execs") == 0) {
        exec_closes(line, *fd, number);
    } else if (strcmp(name, "unread") == 0) {
        ask_number(line, *fd, FIONREAD);
    } else if (strcmp(name, "unsent") == 0) {
        ended(line, ioctl(*fd, SIOCOUTQ, &number)); /* How much is not acknowledged depends on the moment. */
    } else if (strcmp(name, "mark") == 0) {
        ask_number(line, *fd, SIOCATMARK);
    } else if (strcmp(name, "flags") == 0) {
        say(line, "%#x", (unsigned)fcntl(*fd, F_GETFL));
    } else {
        ended(line, ioctl(*fd, SIOCGIFFLAGS, &interface));
        say(line, " %#x", (unsigned)interface.ifr_flags);
    }
}
