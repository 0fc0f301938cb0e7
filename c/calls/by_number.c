/*
 * Each call of sockets, descriptors and data by its number: which function answers it? What its pointers point to is
 * looked at there (rt/user.h).
 */
#include "calls/list.h"

#include "kernel/socket_info.h"
#include "memory/process.h"

#include <linux/prctl.h>
#include <linux/seccomp.h>

/* Calls that bring or want addresses and messages. */
static long call_of_data(long number, const long a[6]) {
    void *address = (void *)a[4];
    switch (number) {
    case __NR_sendto:
        return unsock_call_sendto((int)a[0], (const void *)a[1], (size_t)a[2], (int)a[3], address, (socklen_t)a[5]);
    case __NR_recvfrom:
        return unsock_call_recvfrom((int)a[0], (void *)a[1], (size_t)a[2], (int)a[3], address, (socklen_t *)a[5]);
    case __NR_sendmsg:
        return unsock_call_sendmsg((int)a[0], (const struct msghdr *)a[1], (int)a[2]);
    case __NR_recvmsg:
        return unsock_call_recvmsg((int)a[0], (struct msghdr *)a[1], (int)a[2]);
    case __NR_sendmmsg:
        return unsock_call_sendmmsg((int)a[0], (struct unsock_mmsghdr *)a[1], (unsigned)a[2], (int)a[3]);
    case __NR_recvmmsg:
        return unsock_call_recvmmsg((int)a[0], (struct unsock_mmsghdr *)a[1], (unsigned)a[2], (int)a[3], (void *)a[4]);
    default:
        return unsock_sys(number, a[0], a[1], a[2], a[3], a[4], a[5]); /* not one of these: the kernel's */
    }
}

/* Calls that write, or wait. With a mask of signals, waiting is the kernel's. */
static long call_of_files(long number, const long a[6]) {
    switch (number) {
    case __NR_write:
        return unsock_call_write((int)a[0], (const void *)a[1], (size_t)a[2]);
    case __NR_writev:
        return unsock_call_writev((int)a[0], (const struct iovec *)a[1], (int)a[2]);
    case __NR_sendfile:
        return unsock_call_sendfile((int)a[0], (int)a[1], (int64_t *)a[2], (size_t)a[3]);
    case __NR_splice:
        return unsock_call_splice((int)a[0], (int64_t *)a[1], (int)a[2], (int64_t *)a[3], (size_t)a[4], (unsigned)a[5]);
#ifdef __NR_poll
    case __NR_poll:
        return unsock_call_poll((struct pollfd *)a[0], (unsigned long)a[1], (int)a[2]);
    case __NR_epoll_wait:
        return unsock_call_epoll_wait((int)a[0], (struct unsock_epoll_event *)a[1], (int)a[2], (int)a[3]);
#endif
    case __NR_epoll_pwait:
        if (a[4] == 0)
            return unsock_call_epoll_wait((int)a[0], (struct unsock_epoll_event *)a[1], (int)a[2], (int)a[3]);
        break;
    case __NR_epoll_pwait2:
        if (a[4] == 0)
            return unsock_call_epoll_pwait2((int)a[0], (struct unsock_epoll_event *)a[1], (int)a[2],
                                            (const struct timespec *)a[3], NULL);
        break;
    case __NR_ppoll:
        if (a[3] == 0)
            return unsock_call_ppoll((struct pollfd *)a[0], (unsigned long)a[1], (const struct timespec *)a[2], NULL);
        break;
    default:
        return call_of_data(number, a);
    }
    return unsock_syscall6(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/*
 * prctl and seccomp. Before a filter of the program's own is in force, what the program has inherited is identified;
 * from then on the library makes no calls but the program's own where that is possible. (A filter of NULL is a probe.)
 */
static long set_filter(long number, const long a[6]) {
    bool before = unsock_sandboxed;
    bool comes = number == __NR_prctl ? (int)a[0] == PR_SET_SECCOMP
                                      : a[0] == SECCOMP_SET_MODE_STRICT || a[0] == SECCOMP_SET_MODE_FILTER;
    if (comes && !before)
        unsock_identify_inherited();
    unsock_sandboxed |= comes;
    long result = unsock_sys(number, a[0], a[1], a[2], a[3], a[4]);
    if (result < 0)
        unsock_sandboxed = before;
    return result;
}

/* Calls about descriptors of any kind. */
static long call_of_descriptors(long number, const long a[6]) {
    switch (number) {
    case __NR_close:
        return unsock_call_close((int)a[0]);
    case __NR_close_range:
        return unsock_call_close_range((unsigned)a[0], (unsigned)a[1], (int)a[2]);
    case __NR_dup:
        return unsock_call_dup((int)a[0]);
    case __NR_dup3:
        return unsock_call_dup3((int)a[0], (int)a[1], (int)a[2]);
#ifdef __NR_dup2
    case __NR_dup2:
        return unsock_call_dup2((int)a[0], (int)a[1]);
    case __NR_epoll_create:
        return unsock_call_epoll_create((int)a[0]);
#endif
    case __NR_fcntl:
        return unsock_call_fcntl((int)a[0], (int)a[1], (unsigned long)a[2]);
    case __NR_ioctl:
        return unsock_call_ioctl((int)a[0], (unsigned)a[1], (unsigned long)a[2]);
    case __NR_epoll_create1:
        return unsock_call_epoll_create1((int)a[0]);
    case __NR_epoll_ctl:
        return unsock_call_epoll_ctl((int)a[0], (int)a[1], (int)a[2], (struct unsock_epoll_event *)a[3]);
    case __NR_prctl:
    case __NR_seccomp:
        return set_filter(number, a);
    default:
        return call_of_files(number, a);
    }
}

long unsock_call_by_number(long number, const long a[6]) {
    struct sockaddr *address = (struct sockaddr *)a[1];
    socklen_t *length = (socklen_t *)a[2];
    switch (number) {
    case __NR_socket:
        return unsock_call_socket((int)a[0], (int)a[1], (int)a[2]);
    case __NR_socketpair:
        return unsock_call_socketpair((int)a[0], (int)a[1], (int)a[2], (int *)a[3]);
    case __NR_bind:
        return unsock_call_bind((int)a[0], address, (socklen_t)a[2]);
    case __NR_connect:
        return unsock_call_connect((int)a[0], address, (socklen_t)a[2]);
    case __NR_listen:
        return unsock_call_listen((int)a[0], (int)a[1]);
    case __NR_accept:
        return unsock_call_accept((int)a[0], address, length);
    case __NR_accept4:
        return unsock_call_accept4((int)a[0], address, length, (int)a[3]);
    case __NR_shutdown:
        return unsock_call_shutdown((int)a[0], (int)a[1]);
    case __NR_getsockname:
        return unsock_call_getsockname((int)a[0], address, length);
    case __NR_getpeername:
        return unsock_call_getpeername((int)a[0], address, length);
    case __NR_getsockopt:
        return unsock_call_getsockopt((int)a[0], (int)a[1], (int)a[2], (void *)a[3], (socklen_t *)a[4]);
    case __NR_setsockopt:
        return unsock_call_setsockopt((int)a[0], (int)a[1], (int)a[2], (const void *)a[3], (socklen_t)a[4]);
    default:
        return call_of_descriptors(number, a);
    }
}
