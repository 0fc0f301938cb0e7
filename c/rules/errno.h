/* Translates the kernel's errnos of AF_UNIX, AF_VSOCK or AF_TIPC to those of TCP or UDP, and describes errnos. Pure. */
#ifndef UNSOCK_ERRNO_H
#define UNSOCK_ERRNO_H

#include <stdbool.h>

/* The call that returned the errno. */
enum unsock_errno_at {
    UNSOCK_AT_BIND,        /* bind of a port's file */
    UNSOCK_AT_CONNECT,     /* connect of a stream to a port's file */
    UNSOCK_AT_SEND,        /* connect or sendmsg of a datagram socket to a port's file */
    UNSOCK_AT_OPEN,        /* the call that makes a socket to replace the program's: socket(), or a duplicate */
    UNSOCK_AT_TARGET,      /* connect to a control file's target */
    UNSOCK_AT_TARGET_ONCE, /* as UNSOCK_AT_TARGET, by a non-blocking socket */
    UNSOCK_AT_MULTIPLEXER, /* connect to Firecracker's multiplexer */
    UNSOCK_AT_STEP,        /* any call that the library makes during a call of the program's */
    UNSOCK_AT_ERROR,       /* SO_ERROR, negated, or a receive's result, which may be a pending SO_ERROR */
};

/* Returns the -errno that TCP (or UDP) would return in the place of `result`. Returns other results unchanged. */
long unsock_errno_as_ip(enum unsock_errno_at at, long result);

/* True if this result of a send means that no socket receives it. UDP drops such a datagram. */
bool unsock_errno_is_nobody(long result);

/* Returns "ECONNREFUSED" for 111, and so on; NULL for an errno without a name here. */
const char *unsock_errno_name(int error);

/* Returns the words for a positive errno in the messages of the library's commands ("Is a directory"). Never NULL. */
const char *unsock_errno_words(long error);

#endif
