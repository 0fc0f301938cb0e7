/*
 * A program with one forbidden system call, and the results of its socket calls. It reports them in memory that it
 * shares with the watching process, as any call that could report them may be the forbidden one.
 */
#ifndef FORBIDDEN_H
#define FORBIDDEN_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GUARD_PORT 7001 /* of streams and of datagrams: somebody is there */
#define NOBODY_PORT 7002
#define FIRST_PORT 7010 /* and those after it are bound, one by each step that binds */
#define PORTS 20

#define STEPS_MOST 64

/* Where the program and its watcher meet. */
struct report {
    volatile int done;                /* all steps were made, and their sockets are still there */
    volatile int go;                  /* it may end */
    volatile int results[STEPS_MOST]; /* of each step: 0, or the errno of what failed first in it */
};

/* Descriptors that are inherited by exec, so that the library knows nothing of them. */
enum {
    REPORT_FD = 100,
    FRESH_STREAM,
    FRESH_STREAM_TO_BIND,
    FRESH_DATAGRAM,
    FRESH_DATAGRAM_TO_BIND,
    FRESH_DATAGRAM_TO_SEND,
    BOUND_STREAM,
    LISTENER,
    CLIENT,
    BOUND_DATAGRAM,
    JOINED_DATAGRAM,
};

/* Makes those. Returns 0 or an errno. */
int make_inherited(void);

/* The steps, by number. */
const char *step_name(int step); /* NULL: there is none */
int make_step(int step);

struct sockaddr_in at(int port);

/* argv: itself, the word, "before" or "after", the call's number, the errno. Return an exit status. */
int program_make(char **argv); /* what is inherited, and becomes the next */
int program_use(char **argv);
_Noreturn void program_guard(void);

/* A result of a call that has to succeed. */
int checked(int result, const char *what);
_Noreturn void fail(const char *what);

#endif
