/* The calls that are intercepted. */
#ifndef UNSOCK_CALLS_LIST_H
#define UNSOCK_CALLS_LIST_H

#include "memory/epoll_memory.h"

/*
 * The intercepted calls, each with its C declaration: the exported wrappers, the logic's declarations, the test of the
 * exported symbols and the list in the manual are made from here.
 *
 * UNSOCK_CALLS applies one of four macros to each, by what becomes of the call while the library is inert:
 *   LIBC(type, name, parameters, arguments)    the next library's function: it is a cancellation point in glibc
 *   RAW(type, name, parameters, arguments)     the system call of that name
 *   ALWAYS(type, name, parameters, arguments)  the logic itself: it finds nothing to do then
 *   BY_HAND(name)                              a wrapper of its own shape, in preload/by_hand.c
 */

struct pollfd;

#define UNSOCK_CALLS(LIBC, RAW, ALWAYS, BY_HAND)                                                                       \
    RAW(int, socket, (int domain, int type, int protocol), (domain, type, protocol))                                   \
    ALWAYS(int, socketpair, (int domain, int type, int protocol, int pair[2]), (domain, type, protocol, pair))         \
    RAW(int, bind, (int fd, const struct sockaddr *address, socklen_t length), (fd, address, length))                  \
    LIBC(int, connect, (int fd, const struct sockaddr *address, socklen_t length), (fd, address, length))              \
    RAW(int, listen, (int fd, int backlog), (fd, backlog))                                                             \
    LIBC(int, accept, (int fd, struct sockaddr *address, socklen_t *length), (fd, address, length))                    \
    LIBC(int, accept4, (int fd, struct sockaddr *address, socklen_t *length, int flags), (fd, address, length, flags)) \
    RAW(int, shutdown, (int fd, int how), (fd, how))                                                                   \
    RAW(int, getsockname, (int fd, struct sockaddr *address, socklen_t *length), (fd, address, length))                \
    RAW(int, getpeername, (int fd, struct sockaddr *address, socklen_t *length), (fd, address, length))                \
    RAW(int, getsockopt, (int fd, int level, int name, void *value, socklen_t *length),                                \
        (fd, level, name, value, length))                                                                              \
    RAW(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t length),                           \
        (fd, level, name, value, length))                                                                              \
    LIBC(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size))                                    \
    LIBC(ssize_t, writev, (int fd, const struct iovec *parts, int count), (fd, parts, count))                          \
    LIBC(ssize_t, send, (int fd, const void *data, size_t size, int flags), (fd, data, size, flags))                   \
    LIBC(ssize_t, sendto,                                                                                              \
         (int fd, const void *data, size_t size, int flags, const struct sockaddr *address, socklen_t length),         \
         (fd, data, size, flags, address, length))                                                                     \
    LIBC(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags))                    \
    LIBC(int, sendmmsg, (int fd, struct unsock_mmsghdr *messages, unsigned count, int flags),                          \
         (fd, messages, count, flags))                                                                                 \
    RAW(ssize_t, sendfile, (int out, int in, int64_t *offset, size_t count), (out, in, offset, count))                 \
    BY_HAND(dprintf)                                                                                                   \
    BY_HAND(vdprintf)                                                                                                  \
    BY_HAND(__dprintf_chk)                                                                                             \
    BY_HAND(__vdprintf_chk)                                                                                            \
    BY_HAND(sendfile64)                                                                                                \
    LIBC(ssize_t, splice, (int in, int64_t *in_offset, int out, int64_t *out_offset, size_t size, unsigned flags),     \
         (in, in_offset, out, out_offset, size, flags))                                                                \
    LIBC(ssize_t, recv, (int fd, void *data, size_t size, int flags), (fd, data, size, flags))                         \
    BY_HAND(__recv_chk)                                                                                                \
    LIBC(ssize_t, recvfrom, (int fd, void *data, size_t size, int flags, struct sockaddr *address, socklen_t *length), \
         (fd, data, size, flags, address, length))                                                                     \
    BY_HAND(__recvfrom_chk)                                                                                            \
    LIBC(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags))                          \
    LIBC(int, recvmmsg, (int fd, struct unsock_mmsghdr *messages, unsigned count, int flags, void *timeout),           \
         (fd, messages, count, flags, timeout))                                                                        \
    LIBC(int, poll, (struct pollfd * fds, unsigned long count, int timeout), (fds, count, timeout))                    \
    LIBC(int, ppoll, (struct pollfd * fds, unsigned long count, const struct timespec *timeout, const void *signals),  \
         (fds, count, timeout, signals))                                                                               \
    BY_HAND(__poll_chk)                                                                                                \
    BY_HAND(__ppoll_chk)                                                                                               \
    LIBC(int, close, (int fd), (fd))                                                                                   \
    RAW(int, close_range, (unsigned first, unsigned last, int flags), (first, last, flags))                            \
    BY_HAND(closefrom)                                                                                                 \
    ALWAYS(int, dup, (int fd), (fd))                                                                                   \
    ALWAYS(int, dup2, (int from, int to), (from, to))                                                                  \
    ALWAYS(int, dup3, (int from, int to, int flags), (from, to, flags))                                                \
    BY_HAND(fcntl)                                                                                                     \
    BY_HAND(fcntl64)                                                                                                   \
    BY_HAND(ioctl)                                                                                                     \
    ALWAYS(int, epoll_create, (int size), (size))                                                                      \
    ALWAYS(int, epoll_create1, (int flags), (flags))                                                                   \
    RAW(int, epoll_ctl, (int set, int operation, int fd, struct unsock_epoll_event *event),                            \
        (set, operation, fd, event))                                                                                   \
    LIBC(int, epoll_wait, (int set, struct unsock_epoll_event *events, int most, int timeout),                         \
         (set, events, most, timeout))                                                                                 \
    LIBC(int, epoll_pwait, (int set, struct unsock_epoll_event *events, int most, int timeout, const void *signals),   \
         (set, events, most, timeout, signals))                                                                        \
    LIBC(int, epoll_pwait2,                                                                                            \
         (int set, struct unsock_epoll_event *events, int most, const struct timespec *timeout, const void *signals),  \
         (set, events, most, timeout, signals))                                                                        \
    BY_HAND(execve)                                                                                                    \
    BY_HAND(execv)                                                                                                     \
    BY_HAND(execvp)                                                                                                    \
    BY_HAND(execvpe)                                                                                                   \
    BY_HAND(execl)                                                                                                     \
    BY_HAND(execlp)                                                                                                    \
    BY_HAND(execle)                                                                                                    \
    BY_HAND(execveat)                                                                                                  \
    BY_HAND(fexecve)                                                                                                   \
    BY_HAND(posix_spawn)                                                                                               \
    BY_HAND(posix_spawnp)                                                                                              \
    BY_HAND(pidfd_spawn)                                                                                               \
    BY_HAND(pidfd_spawnp)                                                                                              \
    BY_HAND(system)                                                                                                    \
    BY_HAND(popen)                                                                                                     \
    BY_HAND(syscall)                                                                                                   \
    BY_HAND(dlopen)                                                                                                    \
    BY_HAND(prctl)                                                                                                     \
    BY_HAND(_exit)                                                                                                     \
    BY_HAND(_Exit)

/* The logic of each: takes what the call takes, returns a value or -errno. */
#define UNSOCK_CALL_LOGIC(type, name, parameters, arguments) long unsock_call_##name parameters;
#define UNSOCK_CALL_BY_HAND(name)
UNSOCK_CALLS(UNSOCK_CALL_LOGIC, UNSOCK_CALL_LOGIC, UNSOCK_CALL_LOGIC, UNSOCK_CALL_BY_HAND)

/* closefrom(3), also where the kernel or a container's filter refuses close_range. */
void unsock_call_closefrom(unsigned first);

/* fcntl(2): duplicates, and a program that sets O_NONBLOCK. ioctl(2). `argument` is a number or a pointer. */
long unsock_call_fcntl(int fd, int command, unsigned long argument);
long unsock_call_ioctl(int fd, unsigned long request, unsigned long argument);

/* The process is about to end: by exit, or by _exit. */
void unsock_call_exit(void);

/* by_number.c: System calls that a program makes by their numbers: trapped ones, and those by syscall(2). */

/*
 * Answers a call of sockets, of descriptors, and of data on them, by the function that the wrapper of its name calls
 * too. Returns a value or -errno.
 */
__attribute__((noinline)) long unsock_call_by_number(long number, const long a[6]);

#endif
