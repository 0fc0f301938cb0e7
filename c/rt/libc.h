/*
 * The few things that come from the libc of the process, where there is one: errno, the environment, the auxiliary
 * vector, and the next library's functions (those that are cancellation points in glibc).
 */
#ifndef UNSOCK_RT_LIBC_H
#define UNSOCK_RT_LIBC_H

#include "rt/base.h"

struct pollfd;

/* Turns a kernel-style result (a value, or -errno) into libc's (a value, or -1 and errno). */
long unsock_libc_result(long result);

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

/* The next library's functions: NULL until unsock_next_resolve, or where the process has none. */
struct unsock_next {
    int (*connect)(int, const struct sockaddr *, socklen_t);
    int (*accept)(int, struct sockaddr *, socklen_t *);
    int (*accept4)(int, struct sockaddr *, socklen_t *, int);
    ssize_t (*recvfrom)(int, void *, size_t, int, struct sockaddr *, socklen_t *);
    ssize_t (*recvfrom_chk)(int, void *, size_t, size_t, int, struct sockaddr *, socklen_t *); /* glibc only */
    ssize_t (*recv_chk)(int, void *, size_t, size_t, int);                                     /* as well */
    ssize_t (*recvmsg)(int, struct msghdr *, int);
    int (*recvmmsg)(int, struct unsock_mmsghdr *, unsigned, int, void *);
    ssize_t (*sendto)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
    ssize_t (*sendmsg)(int, const struct msghdr *, int);
    int (*sendmmsg)(int, struct unsock_mmsghdr *, unsigned, int);
    ssize_t (*write)(int, const void *, size_t);
    ssize_t (*writev)(int, const struct iovec *, int);
    ssize_t (*splice)(int, int64_t *, int, int64_t *, size_t, unsigned);
    int (*poll)(struct pollfd *, unsigned long, int);
    int (*ppoll)(struct pollfd *, unsigned long, const struct timespec *, const void *);
    int (*poll_chk)(struct pollfd *, unsigned long, int, size_t); /* glibc only, as the next */
    int (*ppoll_chk)(struct pollfd *, unsigned long, const struct timespec *, const void *, size_t);
    int (*epoll_wait)(int, void *, int, int);
    int (*epoll_pwait)(int, void *, int, int, const void *);
    int (*epoll_pwait2)(int, void *, int, const struct timespec *, const void *);
    int (*close)(int);
    int (*fcntl)(int, int, unsigned long);
};
extern struct unsock_next unsock_next;

/* One more of them, by itself: a few instructions jump to it (preload/syscall.c). */
extern long (*unsock_next_syscall)(long number, ...);

/* Looks the functions up with dlsym; once, at start. */
void unsock_next_resolve(void);

/* Looks one up, by its name; NULL where there is none. Not for use in a child of vfork. */
void *unsock_next_find(const char *name);

/* The same for a name that an old libc lacks: what is asked where dlsym is not there (_dl_sym) would end the program.
 */
void *unsock_next_find_newer(const char *name);

/* The same calls kernel-style: they return -errno and leave errno as it was. They are cancellation points where there
 * is such a function; else they are the system call. */
long unsock_real_connect(int fd, const void *address, socklen_t length);
long unsock_real_accept(int fd, void *address, socklen_t *length);
long unsock_real_accept4(int fd, void *address, socklen_t *length, int flags);
long unsock_real_recvfrom(int fd, void *data, size_t size, int flags, void *address, socklen_t *length);
long unsock_real_recv(int fd, void *data, size_t size, int flags);
long unsock_real_recvmsg(int fd, struct msghdr *message, int flags);
long unsock_real_sendmsg(int fd, const struct msghdr *message, int flags);

long unsock_real_recvmmsg(int fd, struct unsock_mmsghdr *messages, unsigned count, int flags, void *timeout);
long unsock_real_sendmmsg(int fd, struct unsock_mmsghdr *messages, unsigned count, int flags);
long unsock_real_close(int fd);
long unsock_real_poll(struct pollfd *fds, unsigned long count, int timeout);
long unsock_real_ppoll(struct pollfd *fds, unsigned long count, const struct timespec *timeout, const void *signals);
long unsock_real_epoll_wait(int set, void *events, int most, int timeout);
long unsock_real_epoll_pwait(int set, void *events, int most, int timeout, const void *signals);
long unsock_real_epoll_pwait2(int set, void *events, int most, const struct timespec *timeout, const void *signals);
long unsock_real_fcntl(int fd, int command, unsigned long argument);
long unsock_real_sendto(int fd, const void *data, size_t size, int flags, const void *address, socklen_t length);
long unsock_real_send(int fd, const void *data, size_t size, int flags);
long unsock_real_write(int fd, const void *data, size_t size);
long unsock_real_writev(int fd, const struct iovec *parts, int count);
long unsock_real_splice(int in, int64_t *in_offset, int out, int64_t *out_offset, size_t size, unsigned flags);

/* sendmsg of a message, by the cheaper sendto where that can carry it. Its parts can be read. */
long unsock_real_send_message(int fd, const struct msghdr *message, int flags);

#endif
