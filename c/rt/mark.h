/* By what the trap door's filter knows the library's own system calls. */
#ifndef UNSOCK_RT_MARK_H
#define UNSOCK_RT_MARK_H

#include <asm/unistd.h>

/*
 * A process may have its system calls trapped (c/trap). The library's own calls carry a mark, by which the filter lets
 * them pass. It is in the upper half of an argument that the kernel takes for an int. execve and the few others that
 * begin with a pointer carry the mark in an argument that they do not have, and so do socket, socketpair and prctl: a
 * filter of the program's own may compare all 64 bits of their first argument (Chromium's, libseccomp's). Such an
 * argument's register is cleared after the call (rt/syscall6.h), since a later call of the program's would carry it.
 */
#define UNSOCK_SYS_MARK 0x756e736bul

/*
 * socket() with this in the place of the mark fails with an errno that no kernel has: so there is a
 * filter. Without one it is a family that does not exist.
 */
#define UNSOCK_SYS_PROBE 0x756e7370ul
#define UNSOCK_SYS_PROBE_ERRNO 4077
#define UNSOCK_SYS_NO_FAMILY 0x7fff
#define UNSOCK_SYS_UNMARKED (-1)

/* The argument of a call (0 to 5) that carries the mark; UNSOCK_SYS_UNMARKED for those that are never trapped. */
static inline __attribute__((always_inline)) int unsock_sys_marked_argument(long number) {
    switch (number) {
    case __NR_bind:
    case __NR_connect:
    case __NR_listen:
    case __NR_accept:
    case __NR_accept4:
    case __NR_shutdown:
    case __NR_getsockname:
    case __NR_getpeername:
    case __NR_getsockopt:
    case __NR_setsockopt:
    case __NR_sendto:
    case __NR_sendmsg:
    case __NR_sendmmsg:
    case __NR_recvfrom:
    case __NR_recvmsg:
    case __NR_recvmmsg:
    case __NR_close:
    case __NR_close_range:
    case __NR_dup:
    case __NR_dup3:
    case __NR_fcntl:
    case __NR_ioctl:
    case __NR_epoll_create1:
    case __NR_epoll_ctl:
    case __NR_epoll_pwait:
    case __NR_epoll_pwait2:
    case __NR_pselect6:
    case __NR_execveat:
    case __NR_readlinkat:
    case __NR_exit_group:
    case __NR_rt_sigaction:
    case __NR_rt_sigprocmask:
    case __NR_seccomp:
#ifdef __NR_dup2
    case __NR_dup2:
    case __NR_epoll_create:
#endif
        return 0;
    case __NR_socket:
    case __NR_execve:
#ifdef __NR_readlink
    case __NR_readlink:
#endif
        return 3;
    case __NR_socketpair:
    case __NR_prctl:
    case __NR_ppoll:
    case __NR_rt_sigsuspend:
        return 5;
    default:
        return UNSOCK_SYS_UNMARKED;
    }
}

#endif
