/*
 * The few things that come from the libc of the process, where there is one: errno, the environment, the auxiliary
 * vector, and the next library's functions (those that are cancellation points in glibc).
 */
#ifndef UNSOCK_RT_LIBC_H
#define UNSOCK_RT_LIBC_H

#include "rt/base.h"
#include "rt/calls.h"

struct pollfd;
struct timespec;
struct unsock_epoll_event;

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

/* True if libc says for certain that it has made no thread beside this one. (glibc since 2.32) */
bool unsock_libc_is_single_threaded(void);

/* True in a set-user-ID process (AT_SECURE). */
bool unsock_is_secure(void);

/* The next library's functions (rt/calls.h). NULL until unsock_next_resolve, or where the process has none. */
#define UNSOCK_NEXT_SLOT(exported, next, machines, mark, trapped, type, name, parameters)                              \
    UNSOCK_NEXT_IF_##next(type (*name)(UNSOCK_PARAMETERS parameters);)
#define UNSOCK_NEXT_IF_NO(...)
#define UNSOCK_NEXT_IF_SAME(...) __VA_ARGS__
#define UNSOCK_NEXT_IF_OTHER(...) __VA_ARGS__
#define UNSOCK_NEXT_IF_NEWER(...) __VA_ARGS__
struct unsock_next {
    UNSOCK_CALLS(UNSOCK_NEXT_SLOT)
    ssize_t (*recvfrom_chk)(int, void *, size_t, size_t, int, struct sockaddr *, socklen_t *); /* glibc only */
    ssize_t (*recv_chk)(int, void *, size_t, size_t, int);                                     /* as the next */
    int (*poll_chk)(struct pollfd *, unsigned long, int, size_t);
    int (*ppoll_chk)(struct pollfd *, unsigned long, const struct timespec *, const void *, size_t);
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
