/* Translates the kernel's errnos of AF_UNIX, AF_VSOCK or AF_TIPC to those of TCP or UDP, and describes errnos. Pure. */
#ifndef UNSOCK_ERRNO_H
#define UNSOCK_ERRNO_H

#include <stdbool.h>

/* The call that returned the errno. */
enum unsock_errno_at {
    UNSOCK_AT_BIND,        /* bind of a port's file */
    UNSOCK_AT_CONNECT,     /* connect of a stream to a port's file */
    UNSOCK_AT_SEND,        /* connect or sendmsg of a datagram socket to a port's file */
    UNSOCK_AT_OPEN,        /* socket() for a socket that replaces another */
    UNSOCK_AT_TARGET,      /* connect to a control file's target */
    UNSOCK_AT_TARGET_ONCE, /* as UNSOCK_AT_TARGET, by a non-blocking socket */
    UNSOCK_AT_MULTIPLEXER, /* connect to Firecracker's multiplexer */
    UNSOCK_AT_STEP,        /* any call of the library's own during one of the program's */
    UNSOCK_AT_ERROR,       /* SO_ERROR of a connect to a control file's target, negative */
};

/* Returns the -errno that TCP (or UDP) would return in the place of `result`. Returns other results unchanged. */
long unsock_errno_as_ip(enum unsock_errno_at at, long result);

/* True if this result of a send means that no socket receives it. UDP drops such a datagram. */
bool unsock_errno_is_nobody(long result);

/* Returns "ECONNREFUSED" for 111, and so on; NULL for an errno without a name here. */
const char *unsock_errno_name(int error);

/* Returns the words for an errno (positive) in messages about programs that cannot be started. Never NULL. */
const char *unsock_errno_words(long error);

#endif
