/* All that the library takes from the process's libc, if there is one: errno, the environment, the auxiliary vector, a
 * clock, and the next library's functions. These are the functions that the program would call without unsock, mostly
 * libc's; in glibc they are cancellation points. */
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

/* Turns a failed call's -errno into libc's result: sets errno and returns -1. */
long unsock_libc_failure(long result);

static inline long unsock_libc_result(long result) {
    return result >= 0 ? result : unsock_libc_failure(result);
}

/* Returns the errno of the last failure that unsock_libc_failure reported, or 0. */
int unsock_libc_last_error(void);

/* Returns the process's environment, NULL-terminated; never NULL itself. */
const char *const *unsock_environment(void);

/* Returns a value of the auxiliary vector (getauxval(3)), or 0 if there is none. */
unsigned long unsock_libc_auxiliary(unsigned long tag);

/* Replaces the process's environment. False if there is no libc, and so no environment. */
bool unsock_environment_set(const char *const *list);

/* Returns monotonic time in nanoseconds, exact to some milliseconds, without a system call; 0 if there is no clock. */
int64_t unsock_libc_clock(void);

/* Returns the nanoseconds since unsock_libc_clock returned `begun`; 0 if `begun` is 0. */
int64_t unsock_libc_waited(int64_t begun);

/* True if libc is certain that the process has only one thread (glibc since 2.32). */
bool unsock_libc_is_single_threaded(void);

/* True in a set-user-ID or set-group-ID process (AT_SECURE). */
bool unsock_is_secure(void);

/* The next library's functions (rt/calls.h). NULL before unsock_next_resolve, and where the process has none. */
#define UNSOCK_NEXT_SLOT(exported, next, machines, mark, trapped, type, name, parameters)                              \
    UNSOCK_NEXT_IF_##next(type (*name)(UNSOCK_PARAMETERS parameters);)
#define UNSOCK_NEXT_IF_NO(...)
#define UNSOCK_NEXT_IF_SAME(...) __VA_ARGS__
#define UNSOCK_NEXT_IF_OTHER(...) __VA_ARGS__
#define UNSOCK_NEXT_IF_NEWER(...) __VA_ARGS__
struct unsock_next {
    UNSOCK_CALLS(UNSOCK_NEXT_SLOT)
};
extern struct unsock_next unsock_next;

/* The next library's syscall(2), outside the structure because assembly jumps to it (preload/syscall.c). */
extern long (*unsock_next_syscall)(long number, ...);

/* Finds the next library's functions with dlsym; once, at start. */
void unsock_next_resolve(void);

/* As unsock_next_resolve, for a process whose calls are trapped, but finds pthread_setcanceltype alone. The system
 * calls of libc's functions would be trapped in turn, without end. So the library makes the system calls itself, and
 * makes a blocking call a cancellation point with pthread_setcanceltype, as glibc before 2.41 does. */
void unsock_next_resolve_trapped(void);

/* Notes that this thread begins (`trapped`) or has ended (not `trapped`) the answer to a trapped call. Between the two,
 * the thread's calls are no cancellation points, since the thread may lack libc's data. */
void unsock_cancel_forbid(bool trapped);

/* Until unsock_cancel_close, a pthread_cancel of this thread takes effect at once, even one from before this call.
 * Does nothing in a process that calls libc's functions (unsock_next_resolve), or while the thread answers a
 * trapped call. Returns the argument for unsock_cancel_close. */
int unsock_cancel_open(void);
void unsock_cancel_close(int before);

/* Finds one of the next library's functions by its name; NULL if there is none. Not for a child of vfork. */
void *unsock_next_find(const char *name);

/* As unsock_next_find, for a name that libc may lack. NULL without dlsym: _dl_sym ends the program if there is none. */
void *unsock_next_find_newer(const char *name);

#endif
