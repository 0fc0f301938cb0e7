/*
 * Each call of sockets, descriptors and data by its number: which function answers it? What its pointers point to is
 * looked at there (rt/user.h).
 */
#include "calls/list.h"

/* Calls that bring or want addresses and messages. */
static long call_of_data(long number, long a, long b, long c, long d, long e, long f) {
    void *address = (void *)e;
    switch (number) {
    case __NR_sendto:
        return unsock_call_sendto((int)a, (const void *)b, (size_t)c, (int)d, address, (socklen_t)f);
    case __NR_recvfrom:
        return unsock_call_recvfrom((int)a, (void *)b, (size_t)c, (int)d, address, (socklen_t *)f);
    case __NR_sendmsg:
        return unsock_call_sendmsg((int)a, (const struct msghdr *)b, (int)c);
    case __NR_recvmsg:
        return unsock_call_recvmsg((int)a, (struct msghdr *)b, (int)c);
    case __NR_sendmmsg:
        return unsock_call_sendmmsg((int)a, (struct unsock_mmsghdr *)b, (unsigned)c, (int)d);
    case __NR_recvmmsg:
        return unsock_call_recvmmsg((int)a, (struct unsock_mmsghdr *)b, (unsigned)c, (int)d, (void *)e);
    default:
        return unsock_sys(number, a, b, c, d, e, f); /* not one of these: the kernel's */
    }
}

/* Calls that write, or wait. With a mask of signals, waiting is the kernel's. */
static long call_of_files(long number, long a, long b, long c, long d, long e, long f) {
    switch (number) {
    case __NR_write:
        return unsock_call_write((int)a, (const void *)b, (size_t)c);
    case __NR_writev:
        return unsock_call_writev((int)a, (const struct iovec *)b, (int)c);
    case __NR_sendfile:
        return unsock_call_sendfile((int)a, (int)b, (int64_t *)c, (size_t)d);
    case __NR_splice:
        return unsock_call_splice((int)a, (int64_t *)b, (int)c, (int64_t *)d, (size_t)e, (unsigned)f);
#ifdef __NR_poll
    case __NR_poll:
        return unsock_call_poll((struct pollfd *)a, (unsigned long)b, (int)c);
    case __NR_epoll_wait:
        return unsock_call_epoll_wait((int)a, (struct unsock_epoll_event *)b, (int)c, (int)d);
#endif
    case __NR_epoll_pwait:
        if (e == 0)
            return unsock_call_epoll_wait((int)a, (struct unsock_epoll_event *)b, (int)c, (int)d);
        break;
    case __NR_epoll_pwait2:
        if (e == 0)
            return unsock_call_epoll_pwait2((int)a, (struct unsock_epoll_event *)b, (int)c, (const struct timespec *)d,
                                            NULL);
        break;
    case __NR_ppoll:
        if (d == 0)
            return unsock_call_ppoll((struct pollfd *)a, (unsigned long)b, (const struct timespec *)c, NULL);
        break;
    default:
        return call_of_data(number, a, b, c, d, e, f);
    }
    return unsock_syscall6(number, a, b, c, d, e, f);
}

/* Calls about descriptors of any kind. */
static long call_of_descriptors(long number, long a, long b, long c, long d, long e, long f) {
    switch (number) {
    case __NR_close:
        return unsock_call_close((int)a);
    case __NR_close_range:
        return unsock_call_close_range((unsigned)a, (unsigned)b, (int)c);
    case __NR_dup:
        return unsock_call_dup((int)a);
    case __NR_dup3:
        return unsock_call_dup3((int)a, (int)b, (int)c);
#ifdef __NR_dup2
    case __NR_dup2:
        return unsock_call_dup2((int)a, (int)b);
    case __NR_epoll_create:
        return unsock_call_epoll_create((int)a);
#endif
    case __NR_fcntl:
        return unsock_call_fcntl((int)a, (int)b, (unsigned long)c);
    case __NR_ioctl:
        return unsock_call_ioctl((int)a, (unsigned)b, (unsigned long)c);
    case __NR_epoll_create1:
        return unsock_call_epoll_create1((int)a);
    case __NR_epoll_ctl:
        return unsock_call_epoll_ctl((int)a, (int)b, (int)c, (struct unsock_epoll_event *)d);
    default:
        return call_of_files(number, a, b, c, d, e, f);
    }
}

long unsock_call_by_number(long number, long a, long b, long c, long d, long e, long f) {
    struct sockaddr *address = (struct sockaddr *)b;
    socklen_t *length = (socklen_t *)c;
    switch (number) {
    case __NR_socket:
        return unsock_call_socket((int)a, (int)b, (int)c);
    case __NR_socketpair:
        return unsock_call_socketpair((int)a, (int)b, (int)c, (int *)d);
    case __NR_bind:
        return unsock_call_bind((int)a, address, (socklen_t)c);
    case __NR_connect:
        return unsock_call_connect((int)a, address, (socklen_t)c);
    case __NR_listen:
        return unsock_call_listen((int)a, (int)b);
    case __NR_accept:
        return unsock_call_accept((int)a, address, length);
    case __NR_accept4:
        return unsock_call_accept4((int)a, address, length, (int)d);
    case __NR_shutdown:
        return unsock_call_shutdown((int)a, (int)b);
    case __NR_getsockname:
        return unsock_call_getsockname((int)a, address, length);
    case __NR_getpeername:
        return unsock_call_getpeername((int)a, address, length);
    case __NR_getsockopt:
        return unsock_call_getsockopt((int)a, (int)b, (int)c, (void *)d, (socklen_t *)e);
    case __NR_setsockopt:
        return unsock_call_setsockopt((int)a, (int)b, (int)c, (const void *)d, (socklen_t)e);
    default:
        return call_of_descriptors(number, a, b, c, d, e, f);
    }
}
