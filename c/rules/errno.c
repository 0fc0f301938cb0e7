/* Translates errnos to those of TCP or UDP, and describes errnos. */
#include "rules/errno.h"

#include "rt/base.h"

struct translation {
    unsigned at; /* one bit for each enum unsock_errno_at */
    int from;
    int to;
};

#define BIT(name) (1u << UNSOCK_AT_##name)
#define TARGETS (BIT(TARGET) | BIT(TARGET_ONCE))

static const struct translation translations[] = {
    /* No socket file, a socket of another type, or a path that cannot be followed: there is no server. */
    {BIT(CONNECT) | BIT(SEND) | TARGETS | BIT(MULTIPLEXER), ENOENT, ECONNREFUSED},
    {BIT(CONNECT) | BIT(SEND) | TARGETS | BIT(MULTIPLEXER), EPROTOTYPE, ECONNREFUSED},
    {BIT(CONNECT) | BIT(SEND), ENOTDIR, ECONNREFUSED},
    {BIT(CONNECT) | BIT(SEND), ELOOP, ECONNREFUSED},
    {BIT(CONNECT), ENAMETOOLONG, ECONNREFUSED},
    /* No server: AF_VSOCK sends a reset (virtio_transport_common.c), AF_TIPC finds no host (net/tipc/socket.c). */
    {TARGETS | BIT(ERROR), ECONNRESET, ECONNREFUSED},
    {TARGETS | BIT(ERROR), EHOSTUNREACH, ECONNREFUSED},
    /* No transport reaches a machine of this number (vsock_assign_transport, af_vsock.c). */
    {TARGETS | BIT(ERROR), ENODEV, ENETUNREACH},
    /* The peer's backlog is full, and no event would tell when it has room. */
    {BIT(TARGET_ONCE), EAGAIN, ECONNREFUSED},
    /* Over TCP the program's call makes no second descriptor, so it cannot fail for lack of one. */
    {BIT(OPEN), EMFILE, ENOBUFS},
    {BIT(OPEN), ENFILE, ENOBUFS},
    /* The kernel lacks the family. */
    {BIT(OPEN), EAFNOSUPPORT, ENETUNREACH},
    {BIT(OPEN), EPROTONOSUPPORT, ENETUNREACH},
    /* The directory is gone, or this user may not write to it. */
    {BIT(BIND), ENOENT, EACCES},
    {BIT(BIND), ENOTDIR, EACCES},
    {BIT(BIND), EROFS, EACCES},
    {BIT(BIND), EPERM, EACCES},
    /* No room for a file, or no descriptor for a probe. */
    {BIT(BIND), ENOSPC, ENOBUFS},
    {BIT(BIND), EDQUOT, ENOBUFS},
    /* A seccomp filter or a security module forbids the call. */
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

/* Names and words are arrays, because pointers would have to be relocated in every process. Most words are libc's. */
struct error {
    int number;
    char name[16];
    char words[44];
};

static const struct error errors[] = {
    {E2BIG, "E2BIG", "argument list too long"},
    {EACCES, "EACCES", "Permission denied"},
    {EADDRINUSE, "EADDRINUSE", ""},
    {EADDRNOTAVAIL, "EADDRNOTAVAIL", "Cannot assign requested address"},
    {EAFNOSUPPORT, "EAFNOSUPPORT", "Address family not supported by protocol"},
    {EAGAIN, "EAGAIN", ""},
    {EBADF, "EBADF", ""},
    {ECONNREFUSED, "ECONNREFUSED", ""},
    {EFBIG, "EFBIG", "File too large"},
    {EINPROGRESS, "EINPROGRESS", ""},
    {EINTR, "EINTR", ""},
    {EINVAL, "EINVAL", "Invalid argument"},
    {EIO, "EIO", "Input/output error"},
    {EISCONN, "EISCONN", ""},
    {EISDIR, "EISDIR", "Is a directory"},
    {ELOOP, "ELOOP", "too many levels of symbolic links"},
    {EMFILE, "EMFILE", "Too many open files"},
    {EMSGSIZE, "EMSGSIZE", ""},
    {ENAMETOOLONG, "ENAMETOOLONG", "File name too long"},
    {ENFILE, "ENFILE", "Too many open files"},
    {ENOENT, "ENOENT", "No such file or directory"},
    {ENOEXEC, "ENOEXEC", "Exec format error"},
    {ENOMEM, "ENOMEM", "out of memory"},
    {ENOSPC, "ENOSPC", "No space left on device"},
    {ENOSYS, "ENOSYS", "Function not implemented"},
    {ENOTCONN, "ENOTCONN", ""},
    {ENOTDIR, "ENOTDIR", "Not a directory"},
    {EPERM, "EPERM", "Operation not permitted"},
    {EROFS, "EROFS", "Read-only file system"},
    {ETIMEDOUT, "ETIMEDOUT", ""},
    {ETXTBSY, "ETXTBSY", "text file busy"},
};

static const struct error *error_of(long number) {
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (errors[i].number == number)
            return &errors[i];
    }
    return NULL;
}

const char *unsock_errno_name(int number) {
    const struct error *error = error_of(number);
    return error ? error->name : NULL;
}

const char *unsock_errno_words(long number) {
    const struct error *error = error_of(number);
    return error && error->words[0] != '\0' ? error->words : "the system refuses it";
}
