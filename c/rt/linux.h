/*
 * Constants of the kernel's interface that libc's headers hide without _GNU_SOURCE, or bring along with functions that
 * this library defines itself. They have their usual names, and the manual's pages have what they mean. Signals have
 * the same numbers on x86-64 and aarch64 (signal(7)).
 */
#ifndef UNSOCK_RT_LINUX_H
#define UNSOCK_RT_LINUX_H

#include "rt/net.h"

#define AT_EMPTY_PATH 0x1000
#define R_OK 4
#define X_OK 1
#define RENAME_NOREPLACE 1u
#define GRND_NONBLOCK 1u
#define RUSAGE_CHILDREN (-1)
#define F_SETPIPE_SZ 1031
#define SPLICE_F_NONBLOCK 2
#define UNSOCK_MODE_BITS 07777
#define UNSOCK_OTHERS_WRITE 0022 /* the group and everybody else */
#define UNSOCK_PAGE 4096         /* the smallest there is */

#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1
#define CLOCK_MONOTONIC_COARSE 6

#define SIGKILL 9
#define SIGPIPE 13
#define SIGCHLD 17
#define SIGCONT 18
#define SIGSTOP 19
#define SIGURG 23
#define SIGXFSZ 25
#define SIGSYS 31
#define SIG_DFL 0
#define SIG_IGN 1
#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2
#define SA_NOCLDWAIT 0x00000002ul
#define SA_SIGINFO 0x00000004ul
#define SA_RESTORER 0x04000000ul
#define SA_ONSTACK 0x08000000ul
#define SA_RESTART 0x10000000ul
#define SA_NODEFER 0x40000000ul
/* A set of signals has 64 bits, and the kernel wants to be told so. */
#define UNSOCK_SIGNALS_SIZE sizeof(uint64_t)
#define UNSOCK_ALL_SIGNALS (~(uint64_t)0)

#define EPOLL_CTL_ADD 1
#define EPOLL_CTL_DEL 2
#define EPOLL_CTL_MOD 3
#define EPOLLIN 0x001u
#define EPOLLPRI 0x002u
#define EPOLLOUT 0x004u
#define EPOLLERR 0x008u
#define EPOLLHUP 0x010u
#define EPOLLRDNORM 0x040u
#define EPOLLWRNORM 0x100u
#define EPOLLRDHUP 0x2000u
#define EPOLLEXCLUSIVE (1u << 28)
#define EPOLLONESHOT (1u << 30)
#define EPOLLET (1u << 31)

#endif
