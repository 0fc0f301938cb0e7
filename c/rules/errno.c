/* What TCP or UDP would say, and how errnos are worded. */
#include "rules/errno.h"

#include "rt/base.h"

struct translation {
    unsigned at; /* a bit for each enum unsock_errno_at */
    int from;
    int to;
};

#define BIT(name) (1u << UNSOCK_AT_##name)
#define TARGETS (BIT(TARGET) | BIT(TARGET_ONCE))

static const struct translation translations[] = {
    /* No file, one of another type, or something in the way: nobody listens. */
    {BIT(CONNECT) | BIT(SEND) | TARGETS | BIT(MULTIPLEXER), ENOENT, ECONNREFUSED},
    {BIT(CONNECT) | BIT(SEND) | TARGETS | BIT(MULTIPLEXER), EPROTOTYPE, ECONNREFUSED},
    {BIT(CONNECT) | BIT(SEND), ENOTDIR, ECONNREFUSED},
    {BIT(CONNECT) | BIT(SEND), ELOOP, ECONNREFUSED},
    {BIT(CONNECT), ENAMETOOLONG, ECONNREFUSED},
    /* AF_VSOCK resets where nobody listens (virtio_transport_common.c), AF_TIPC finds no host (net/tipc/socket.c). */
    {TARGETS | BIT(ERROR), ECONNRESET, ECONNREFUSED},
    {TARGETS | BIT(ERROR), EHOSTUNREACH, ECONNREFUSED},
    /* There is no way to a machine of that number (vsock_assign_transport, af_vsock.c). */
    {TARGETS | BIT(ERROR), ENODEV, ENETUNREACH},
    /* The peer's backlog is full, and nothing would tell when to go on. */
    {BIT(TARGET_ONCE), EAGAIN, ECONNREFUSED},
    /* A call that made no descriptor over TCP cannot fail for want of one. */
    {BIT(OPEN), EMFILE, ENOBUFS},
    {BIT(OPEN), ENFILE, ENOBUFS},
    /* The kernel has no such family. */
    {BIT(OPEN), EAFNOSUPPORT, ENETUNREACH},
    {BIT(OPEN), EPROTONOSUPPORT, ENETUNREACH},
    /* The directory is gone, or nobody may write into it. */
    {BIT(BIND), ENOENT, EACCES},
    {BIT(BIND), ENOTDIR, EACCES},
    {BIT(BIND), EROFS, EACCES},
    {BIT(BIND), EPERM, EACCES},
    /* No room for a file, or no descriptor to look with. */
    {BIT(BIND), ENOSPC, ENOBUFS},
    {BIT(BIND), EDQUOT, ENOBUFS},
    /* A filter or a security module forbids it. */
    {BIT(STEP) | BIT(OPEN), EPERM, EACCES},
    {BIT(STEP) | BIT(OPEN), ENOSYS, EACCES},
};

long unsock_errno_as_ip(enum unsock_errno_at at, long result) {
    for (size_t i = 0; result < 0 && i < sizeof(translations) / sizeof(translations[0]); i++) {
        if (translations[i].from == -result && (translations[i].at & 1u << at) != 0)
            return -translations[i].to;
    }
    return result;
}

bool unsock_errno_is_nobody(long result) {
    return unsock_errno_as_ip(UNSOCK_AT_SEND, result) == -ECONNREFUSED;
}

struct error_name {
    int error;
    const char *name;
};

static const struct error_name names[] = {
    {EACCES, "EACCES"},
    {EADDRINUSE, "EADDRINUSE"},
    {EADDRNOTAVAIL, "EADDRNOTAVAIL"},
    {EAFNOSUPPORT, "EAFNOSUPPORT"},
    {EAGAIN, "EAGAIN"},
    {EBADF, "EBADF"},
    {ECONNREFUSED, "ECONNREFUSED"},
    {EINPROGRESS, "EINPROGRESS"},
    {EINTR, "EINTR"},
    {EINVAL, "EINVAL"},
    {EISCONN, "EISCONN"},
    {EMFILE, "EMFILE"},
    {EMSGSIZE, "EMSGSIZE"},
    {ENOENT, "ENOENT"},
    {ENOTCONN, "ENOTCONN"},
    {EPERM, "EPERM"},
    {ETIMEDOUT, "ETIMEDOUT"},
};

const char *unsock_errno_name(int error) {
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].error == error)
            return names[i].name;
    }
    return NULL;
}
