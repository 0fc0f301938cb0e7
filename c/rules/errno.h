/* Translates the kernel's errnos of AF_UNIX, AF_VSOCK or AF_TIPC to those of TCP or UDP, and words them. Pure. */
#ifndef UNSOCK_ERRNO_H
#define UNSOCK_ERRNO_H

#include <stdbool.h>

/* The call that was made. */
enum unsock_errno_at {
    UNSOCK_AT_BIND,        /* bind of a port's file */
    UNSOCK_AT_CONNECT,     /* connect of a stream to a port's file */
    UNSOCK_AT_SEND,        /* connect or sendmsg of a datagram socket to a port's file */
    UNSOCK_AT_OPEN,        /* socket() of what takes a descriptor's place */
    UNSOCK_AT_TARGET,      /* connect to where a control file points */
    UNSOCK_AT_TARGET_ONCE, /* the same by a socket that does not block */
    UNSOCK_AT_MULTIPLEXER, /* connect to Firecracker's multiplexer */
    UNSOCK_AT_STEP,        /* any call of the library's own, in the place of one of the program's: a question, a step */
    UNSOCK_AT_ERROR,       /* SO_ERROR of a connect to where a control file points, negative */
};

/* `result` is a value, which stays as it is, or -errno. Returns it, or the -errno that TCP (UDP) has for it. */
long unsock_errno_as_ip(enum unsock_errno_at at, long result);

/* True if this result of a send means that nobody is there. UDP drops such a datagram. */
bool unsock_errno_is_nobody(long result);

/* "ECONNREFUSED" for 111, and so on; NULL for one that has no name here. */
const char *unsock_errno_name(int error);

/* In words, for those who start a program. `error` is positive. Never NULL. */
const char *unsock_errno_words(long error);

#endif
