/*
 * For a probe that makes its socket calls itself, as a program in another language or with a libc of its own would:
 * every call of the probe's goes past libc, or (BY_SYSCALL) through its syscall(2). Included before all else.
 */
#ifndef RAW_CALLS_H
#define RAW_CALLS_H

#include "../support/past_libc.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef BY_SYSCALL
#define RAW(name, ...) syscall(SYS_##name, __VA_ARGS__)
#else
#define RAW(name, ...) PAST_LIBC_PAD(SYS_##name, __VA_ARGS__, 0, 0, 0, 0, 0, 0)
#endif

#define socket(domain, type, protocol) ((int)RAW(socket, domain, type, protocol))
#define socketpair(domain, type, protocol, pair) ((int)RAW(socketpair, domain, type, protocol, pair))
#define bind(fd, address, length) ((int)RAW(bind, fd, address, length))
#define connect(fd, address, length) ((int)RAW(connect, fd, address, length))
#define listen(fd, backlog) ((int)RAW(listen, fd, backlog))
#define accept(fd, address, length) ((int)RAW(accept, fd, address, length))
#define accept4(fd, address, length, flags) ((int)RAW(accept4, fd, address, length, flags))
#define shutdown(fd, how) ((int)RAW(shutdown, fd, how))
#define getsockname(fd, address, length) ((int)RAW(getsockname, fd, address, length))
#define getpeername(fd, address, length) ((int)RAW(getpeername, fd, address, length))
#define getsockopt(fd, level, name, value, length) ((int)RAW(getsockopt, fd, level, name, value, length))
#define setsockopt(fd, level, name, value, length) ((int)RAW(setsockopt, fd, level, name, value, length))
#define send(fd, data, size, flags) RAW(sendto, fd, data, size, flags, NULL, 0)
#define recv(fd, data, size, flags) RAW(recvfrom, fd, data, size, flags, NULL, NULL)
#define sendto(fd, data, size, flags, address, length) RAW(sendto, fd, data, size, flags, address, length)
#define recvfrom(fd, data, size, flags, address, length) RAW(recvfrom, fd, data, size, flags, address, length)
#define sendmsg(fd, message, flags) RAW(sendmsg, fd, message, flags)
#define recvmsg(fd, message, flags) RAW(recvmsg, fd, message, flags)
#define sendmmsg(fd, messages, count, flags) ((int)RAW(sendmmsg, fd, messages, count, flags))
#define recvmmsg(fd, messages, count, flags, timeout) ((int)RAW(recvmmsg, fd, messages, count, flags, timeout))
#define close(fd) ((int)RAW(close, fd))
#define dup(fd) ((int)RAW(dup, fd))
#ifdef SYS_dup2
#define dup2(from, to) ((int)RAW(dup2, from, to))
#else
static inline int raw_dup2(int from, int to) {
    return (int)(from == to ? RAW(fcntl, from, F_GETFL) < 0 ? -1 : to : RAW(dup3, from, to, 0));
}
#define dup2(from, to) raw_dup2(from, to)
#endif
#define dup3(from, to, flags) ((int)RAW(dup3, from, to, flags))
#define epoll_create1(flags) ((int)RAW(epoll_create1, flags))
#define epoll_ctl(set, operation, fd, event) ((int)RAW(epoll_ctl, set, operation, fd, event))
#ifdef SYS_poll
#define poll(fds, count, timeout) ((int)RAW(poll, fds, count, timeout))
#else
static inline int raw_poll(struct pollfd *fds, nfds_t count, int timeout) {
    struct timespec patience = {timeout / 1000, timeout % 1000 * 1000000l};
    return (int)RAW(ppoll, fds, count, timeout < 0 ? NULL : &patience, NULL, 0);
}
#define poll(fds, count, timeout) raw_poll(fds, count, timeout)
#endif
#define fcntl(fd, ...) ((int)RAW(fcntl, fd, __VA_ARGS__))
#define ioctl(fd, ...) ((int)RAW(ioctl, fd, __VA_ARGS__))

#endif
