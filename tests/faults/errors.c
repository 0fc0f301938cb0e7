/* Lists the errnos that a system call may return if a resource is used up, or if the program may not make the call. */
#define _GNU_SOURCE
#include "injector.h"

#include <errno.h>
#include <sys/syscall.h>

#define MOST 8

static const struct {
    int number;
    const char *name;
    int errors[MOST];
} calls[] = {
    {__NR_socket, "socket", {EMFILE, ENFILE, ENOMEM, EACCES}},
    {__NR_bind, "bind", {ENOMEM, EACCES, EROFS, ENOSPC, EIO, ENOENT}},
    /* Not ECONNREFUSED: of a socket file that is the kernel's word that nobody is bound to it. */
    {__NR_connect, "connect", {ENOMEM, EACCES, EAGAIN, EINTR}},
    {__NR_listen, "listen", {ENOBUFS}},
    {__NR_accept, "accept", {EMFILE, ENFILE, ENOMEM, EINTR, ECONNABORTED}},
    {__NR_accept4, "accept4", {EMFILE, ENFILE, ENOMEM, EINTR, ECONNABORTED}},
    {__NR_shutdown, "shutdown", {ENOTCONN}},
    {__NR_getsockname, "getsockname", {ENOBUFS}},
    {__NR_getpeername, "getpeername", {ENOBUFS, ENOTCONN}},
    {__NR_getsockopt, "getsockopt", {ENOPROTOOPT, ENOMEM}},
    {__NR_setsockopt, "setsockopt", {ENOPROTOOPT, ENOMEM, EPERM}},
    {__NR_sendto, "sendto", {EAGAIN, ENOBUFS, EINTR, ECONNREFUSED}},
    {__NR_sendmsg, "sendmsg", {EAGAIN, ENOBUFS, EINTR, ECONNREFUSED}},
    {__NR_sendmmsg, "sendmmsg", {EAGAIN, ENOBUFS, EINTR}},
    {__NR_recvfrom, "recvfrom", {EAGAIN, ENOMEM, EINTR}},
    {__NR_recvmsg, "recvmsg", {EAGAIN, ENOMEM, EINTR}},
    {__NR_recvmmsg, "recvmmsg", {EAGAIN, ENOMEM, EINTR}},
    {__NR_close, "close", {EINTR, EIO}},
    {__NR_dup, "dup", {EMFILE}},
    {__NR_dup3, "dup3", {EBUSY, EINTR}},
    {__NR_fcntl, "fcntl", {EMFILE, EPERM, EAGAIN, ENOLCK}},
    {__NR_ioctl, "ioctl", {ENOMEM}},
    {__NR_close_range, "close_range", {ENOSYS, ENOMEM}},
    {__NR_epoll_create1, "epoll_create1", {EMFILE, ENOMEM}},
    {__NR_epoll_ctl, "epoll_ctl", {ENOMEM, ENOSPC}},
    {__NR_ppoll, "ppoll", {EINTR, ENOMEM}},
    {__NR_nanosleep, "nanosleep", {EINTR}},
    {__NR_openat, "openat", {EMFILE, ENFILE, ENOMEM, EACCES, ENOENT, EINTR, EIO}},
    {__NR_flock, "flock", {EAGAIN, EINTR, ENOLCK}},
    {__NR_read, "read", {EINTR, EIO}},
    {__NR_write, "write", {EINTR, ENOSPC, EIO}},
    {__NR_getdents64, "getdents64", {EIO, ENOENT}},
    {__NR_readlinkat, "readlinkat", {EACCES, ENOENT}},
    {__NR_statx, "statx", {EACCES, ENOENT, ENOMEM, EPERM}},
    {__NR_unlinkat, "unlinkat", {EACCES, EROFS, EIO, EBUSY, ENOENT}},
    {__NR_renameat, "renameat", {EACCES, EROFS, ENOSPC, EIO}},
    {__NR_renameat2, "renameat2", {EINVAL, EACCES, EROFS, ENOSPC, EIO}},
    {__NR_linkat, "linkat", {EPERM, EACCES, ENOSPC}},
    {__NR_fchown, "fchown", {EPERM}},
    {__NR_mkdirat, "mkdirat", {EACCES, EROFS, ENOSPC}},
    {__NR_fchmod, "fchmod", {EPERM, EROFS}},
    {__NR_fchmodat, "fchmodat", {EPERM, EROFS}},
    {452, "fchmodat2", {ENOSYS, EPERM, EROFS}},
    {__NR_prlimit64, "prlimit64", {EPERM}},
    {__NR_getrandom, "getrandom", {EAGAIN, ENOSYS}},
    {__NR_mmap, "mmap", {ENOMEM}},
    {__NR_madvise, "madvise", {EINVAL}},
};

#define COUNT (sizeof calls / sizeof calls[0])

const int *plausible_errors(int number) {
    /* Of what is not in the table: a container's filter has not heard of it, or there is no memory. */
    static const int others[] = {ENOSYS, EPERM, ENOMEM, 0};
    for (size_t i = 0; i < COUNT; i++)
        if (calls[i].number == number)
            return calls[i].errors;
    return others;
}

/* True for a call that finds a file's users, locks the directory for it, or removes it. */
bool may_leave_file(int number) {
    static const int deciding[] = {__NR_statx,  __NR_getsockname, __NR_fcntl,     __NR_socket,   __NR_connect,
                                   __NR_openat, __NR_flock,       __NR_unlinkat,  __NR_renameat, __NR_renameat2,
                                   __NR_linkat, __NR_getdents64,  __NR_readlinkat};
    for (size_t i = 0; i < sizeof deciding / sizeof deciding[0]; i++)
        if (deciding[i] == number)
            return true;
    return false;
}

const char *call_name(int number) {
    for (size_t i = 0; i < COUNT; i++)
        if (calls[i].number == number)
            return calls[i].name;
    return "another call";
}
