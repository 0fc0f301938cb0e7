/*
 * The few things that come from the libc of the process, where there is one: errno, the environment, the auxiliary
 * vector, and the next library's functions (those that are cancellation points in glibc).
 */
#ifndef UNSOCK_RT_LIBC_H
#define UNSOCK_RT_LIBC_H

#include "rt/base.h"

struct pollfd;
struct timespec;

extern int *__errno_location(void) __attribute__((weak));
extern int unsock_errno_without_libc;

static inline int *unsock_errno_place(void) {
    return __errno_location ? __errno_location() : &unsock_errno_without_libc;
}

/* Turns a kernel-style result (a value, or -errno) into libc's (a value, or -1 and errno). */
long unsock_libc_failure(long result);

static inline long unsock_libc_result(long result) {
    return result >= 0 ? result : unsock_libc_failure(result);
}

/* The errno of the last failure that unsock_libc_result reported. */
int unsock_libc_last_error(void);

/* The process's environment, NULL-terminated; never NULL itself. */
const char *const *unsock_environment(void);

/* A value of the auxiliary vector (getauxval(3)); 0 when there is none. */
unsigned long unsock_libc_auxiliary(unsigned long tag);

/* Makes it another. False where there is none. */
bool unsock_environment_set(const char *const *list);

/* A clock that tells some milliseconds, without a system call: nanoseconds. 0 where there is none. */
int64_t unsock_libc_clock(void);

/* How many nanoseconds have gone by since that clock said `begun`; 0 where it said nothing. */
int64_t unsock_libc_waited(int64_t begun);

/* Does libc say for certain that it has made no thread beside this one? (glibc since 2.32) */
bool unsock_libc_is_single_threaded(void);

/* True in a set-user-ID process (AT_SECURE). */
bool unsock_is_secure(void);

/*
 * The next library's functions, by TAKES(type, name, parameters, arguments): what is a system call of the same
 * arguments. OWN is the same of what is another one on some machine.
 */
/* clang-format off */
#define UNSOCK_NEXT(TAKES, OWN)                                                                                        \
    TAKES(int, connect, (int fd, const void *address, socklen_t length), (fd, address, length))                        \
    TAKES(int, accept, (int fd, void *address, socklen_t *length), (fd, address, length))                              \
    TAKES(int, accept4, (int fd, void *address, socklen_t *length, int flags), (fd, address, length, flags))           \
    TAKES(ssize_t, recvfrom, (int fd, void *data, size_t size, int flags, void *address, socklen_t *length),           \
          (fd, data, size, flags, address, length))                                                                    \
    TAKES(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags))                         \
    TAKES(int, recvmmsg, (int fd, struct unsock_mmsghdr *messages, unsigned count, int flags, void *timeout),          \
          (fd, messages, count, flags, timeout))                                                                       \
    TAKES(ssize_t, sendto, (int fd, const void *data, size_t size, int flags, const void *address, socklen_t length),  \
          (fd, data, size, flags, address, length))                                                                    \
    TAKES(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags))                   \
    TAKES(int, sendmmsg, (int fd, struct unsock_mmsghdr *messages, unsigned count, int flags),                         \
          (fd, messages, count, flags))                                                                                \
    TAKES(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size))                                   \
    TAKES(ssize_t, writev, (int fd, const struct iovec *parts, int count), (fd, parts, count))                         \
    TAKES(ssize_t, splice, (int in, int64_t *in_offset, int out, int64_t *out_offset, size_t size, unsigned flags),    \
          (in, in_offset, out, out_offset, size, flags))                                                               \
    TAKES(int, close, (int fd), (fd))                                                                                  \
    TAKES(int, fcntl, (int fd, int command, unsigned long argument), (fd, command, argument))                          \
    OWN(int, poll, (struct pollfd *fds, unsigned long count, int timeout), (fds, count, timeout))                      \
    OWN(int, ppoll, (struct pollfd *fds, unsigned long count, const struct timespec *timeout, const void *signals),    \
        (fds, count, timeout, signals))                                                                                \
    OWN(int, epoll_wait, (int set, void *events, int most, int timeout), (set, events, most, timeout))                 \
    OWN(int, epoll_pwait, (int set, void *events, int most, int timeout, const void *signals),                         \
        (set, events, most, timeout, signals))
/* clang-format on */

/* NULL until unsock_next_resolve, or where the process has none. */
#define UNSOCK_NEXT_SLOT(type, name, parameters, arguments) type(*name) parameters;
struct unsock_next {
    UNSOCK_NEXT(UNSOCK_NEXT_SLOT, UNSOCK_NEXT_SLOT)
    ssize_t (*recvfrom_chk)(int, void *, size_t, size_t, int, struct sockaddr *, socklen_t *); /* glibc only */
    ssize_t (*recv_chk)(int, void *, size_t, size_t, int);                                     /* as the next */
    int (*poll_chk)(struct pollfd *, unsigned long, int, size_t);
    int (*ppoll_chk)(struct pollfd *, unsigned long, const struct timespec *, const void *, size_t);
    int (*epoll_pwait2)(int, void *, int, const struct timespec *, const void *);
};
extern struct unsock_next unsock_next;

/* One more of them, by itself: a few instructions jump to it (preload/syscall.c). */
extern long (*unsock_next_syscall)(long number, ...);

/* Looks the functions up with dlsym; once, at start. */
void unsock_next_resolve(void);

/*
 * The same in a process whose calls are trapped: libc's functions would be trapped in turn, and call back. So a call
 * that blocks is made a cancellation point by pthread_setcanceltype, as glibc before 2.41 makes its own. Only while no
 * trapped call of this thread is being answered: that may be a thread without libc's data.
 */
void unsock_next_resolve_trapped(void);

/* While this thread answers a trapped call. */
void unsock_cancel_forbid(bool trapped);

/* Lets pthread_cancel end the thread, at once if it was cancelled before. Returns what unsock_cancel_close takes. */
int unsock_cancel_open(void);
void unsock_cancel_close(int before);

/* Looks one up, by its name; NULL where there is none. Not for use in a child of vfork. */
void *unsock_next_find(const char *name);

/* The same for a name that an old libc lacks: what is asked where dlsym is not there (_dl_sym) would end the program.
 */
void *unsock_next_find_newer(const char *name);

#endif
