/* The system calls that the library makes, their types and constants, and small functions that make them. */
#ifndef UNSOCK_RT_SYSTEM_CALLS_H
#define UNSOCK_RT_SYSTEM_CALLS_H

#include "rt/libc.h"
#include "rt/sys.h"

#include <linux/mman.h>
#include <linux/stat.h>
#include <sys/resource.h>
#include <time.h>

/* Constants of the kernel that libc's headers hide without _GNU_SOURCE, or declare beside functions that the library
 * defines itself. Names without UNSOCK_ are the manual's. Signal numbers are the same on both machines (signal(7)). */

#define AT_EMPTY_PATH 0x1000
#define R_OK 4
#define X_OK 1
#define RENAME_NOREPLACE 1u
#define GRND_NONBLOCK 1u
#define UNSOCK_RUSAGE_THREAD 1
#define F_SETPIPE_SZ 1031
#define SPLICE_F_NONBLOCK 2
#define UNSOCK_MODE_BITS 07777
#define UNSOCK_OTHERS_WRITE 0022 /* write permission for the group or for all others */
#define UNSOCK_PAGE 4096         /* the smallest page of all machines */

#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1
#define CLOCK_MONOTONIC_COARSE 6

#define SIGTRAP 5
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
#define UNSOCK_SIGNALS_SIZE sizeof(uint64_t)
#define UNSOCK_ALL_SIGNALS (~(uint64_t)0)
#define UNSOCK_SIGNAL_BIT(signal) ((uint64_t)1 << ((signal) - 1))

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

/* The system calls (section 2 of the manual). Each returns the kernel's value: a result or -errno. A pointer to a
 * structure is mostly a `void *`, since callers often use another type of the same layout. */

#ifndef __NR_fchmodat2
#define __NR_fchmodat2 452 /* since 6.6, on all machines */
#endif

#define UNSOCK_SYSTEM_CALL(name, parameters, ...)                                                                      \
    static inline __attribute__((always_inline)) long unsock_##name parameters {                                       \
        return unsock_sys(__NR_##name, __VA_ARGS__);                                                                   \
    }

/* A call that is not inlined: shorter code, one more instruction. For calls that are not made for each message. */
#define UNSOCK_RARE_CALL(name, parameters, ...)                                                                        \
    static __attribute__((noinline, unused)) long unsock_##name parameters {                                           \
        return unsock_sys(__NR_##name, __VA_ARGS__);                                                                   \
    }

/* clang-format off */
UNSOCK_SYSTEM_CALL(accept, (int fd, void *address, void *length), fd, address, length)
UNSOCK_SYSTEM_CALL(accept4, (int fd, void *address, void *length, int flags), fd, address, length, flags)
UNSOCK_RARE_CALL(bind, (int fd, const void *address, unsigned length), fd, address, length)
UNSOCK_SYSTEM_CALL(chdir, (const char *path), path)
UNSOCK_SYSTEM_CALL(clock_gettime, (int clock, void *time), clock, time)
UNSOCK_SYSTEM_CALL(clone, (unsigned long flags, void *stack), flags, stack)
UNSOCK_RARE_CALL(close, (int fd), fd)
UNSOCK_SYSTEM_CALL(close_range, (unsigned first, unsigned last, unsigned flags), first, last, flags)
UNSOCK_SYSTEM_CALL(connect, (int fd, const void *address, unsigned length), fd, address, length)
UNSOCK_SYSTEM_CALL(dup, (int fd), fd)
#ifdef __NR_dup2
UNSOCK_SYSTEM_CALL(dup2, (int from, int to), from, to)
#endif
UNSOCK_RARE_CALL(dup3, (int from, int to, int flags), from, to, flags)
#ifdef __NR_epoll_create
UNSOCK_SYSTEM_CALL(epoll_create, (int size), size)
#endif
UNSOCK_RARE_CALL(epoll_create1, (int flags), flags)
UNSOCK_RARE_CALL(epoll_ctl, (int set, int operation, int fd, void *event), set, operation, fd, event)
UNSOCK_SYSTEM_CALL(epoll_pwait, (int set, void *events, int most, int milliseconds, const void *mask, unsigned long size), set, events, most, milliseconds, mask, size)
UNSOCK_SYSTEM_CALL(execve, (const char *path, const void *arguments, const void *environment), path, arguments, environment)
UNSOCK_SYSTEM_CALL(execveat, (int directory, const char *path, const void *arguments, const void *environment, int flags), directory, path, arguments, environment, flags)
UNSOCK_SYSTEM_CALL(exit_group, (int status), status)
UNSOCK_RARE_CALL(faccessat, (int directory, const char *path, int rights), directory, path, rights)
UNSOCK_RARE_CALL(faccessat2, (int directory, const char *path, int rights, int flags), directory, path, rights, flags)
UNSOCK_RARE_CALL(fchmod, (int fd, unsigned mode), fd, mode)
UNSOCK_RARE_CALL(fchmodat, (int directory, const char *path, unsigned mode), directory, path, mode)
UNSOCK_RARE_CALL(fchmodat2, (int directory, const char *path, unsigned mode, int flags), directory, path, mode, flags)
UNSOCK_RARE_CALL(fchown, (int fd, unsigned user, unsigned group), fd, user, group)
UNSOCK_RARE_CALL(fcntl, (int fd, int command, unsigned long argument), fd, command, argument)
UNSOCK_RARE_CALL(fgetxattr, (int fd, const char *name, void *value, unsigned long size), fd, name, value, size)
UNSOCK_RARE_CALL(flock, (int fd, int operation), fd, operation)
UNSOCK_SYSTEM_CALL(futex, (void *word, int operation, unsigned value, unsigned long timeout, void *other, unsigned operand), word, operation, value, timeout, other, operand)
UNSOCK_SYSTEM_CALL(getcwd, (char *path, unsigned long size), path, size)
UNSOCK_SYSTEM_CALL(getdents64, (int fd, void *entries, unsigned long size), fd, entries, size)
UNSOCK_SYSTEM_CALL(getegid, (void), 0)
UNSOCK_SYSTEM_CALL(geteuid, (void), 0)
UNSOCK_SYSTEM_CALL(getgid, (void), 0)
UNSOCK_RARE_CALL(getpeername, (int fd, void *address, void *length), fd, address, length)
UNSOCK_SYSTEM_CALL(getpgid, (int process), process)
UNSOCK_SYSTEM_CALL(getpid, (void), 0)
UNSOCK_SYSTEM_CALL(getppid, (void), 0)
UNSOCK_SYSTEM_CALL(getrandom, (void *bytes, unsigned long size, unsigned flags), bytes, size, flags)
UNSOCK_SYSTEM_CALL(getrusage, (int whose, void *usage), whose, usage)
UNSOCK_RARE_CALL(getsockname, (int fd, void *address, void *length), fd, address, length)
UNSOCK_RARE_CALL(getsockopt, (int fd, int level, int name, void *value, void *length), fd, level, name, value, length)
UNSOCK_SYSTEM_CALL(gettid, (void), 0)
UNSOCK_SYSTEM_CALL(getuid, (void), 0)
UNSOCK_RARE_CALL(getxattr, (const char *path, const char *name, void *value, unsigned long size), path, name, value, size)
UNSOCK_SYSTEM_CALL(inotify_add_watch, (int inotify, const char *path, unsigned events), inotify, path, events)
UNSOCK_SYSTEM_CALL(inotify_init1, (int flags), flags)
UNSOCK_SYSTEM_CALL(io_uring_setup, (unsigned entries, void *parameters), entries, parameters)
UNSOCK_RARE_CALL(ioctl, (int fd, unsigned long request, void *argument), fd, request, argument)
UNSOCK_RARE_CALL(kcmp, (int process, int other, int type, int fd, int other_fd), process, other, type, fd, other_fd)
UNSOCK_RARE_CALL(kill, (int process, int signal), process, signal)
UNSOCK_RARE_CALL(linkat, (int from_directory, const char *from, int to_directory, const char *to, int flags), from_directory, from, to_directory, to, flags)
UNSOCK_RARE_CALL(listen, (int fd, int backlog), fd, backlog)
UNSOCK_RARE_CALL(lseek, (int fd, long offset, int whence), fd, offset, whence)
UNSOCK_SYSTEM_CALL(madvise, (unsigned long at, unsigned long size, int advice), at, size, advice)
UNSOCK_RARE_CALL(mkdirat, (int directory, const char *path, unsigned mode), directory, path, mode)
UNSOCK_RARE_CALL(mmap, (unsigned long at, unsigned long size, int protection, int flags, int fd, unsigned long offset), at, size, protection, flags, fd, offset)
UNSOCK_RARE_CALL(mprotect, (unsigned long at, unsigned long size, int protection), at, size, protection)
UNSOCK_SYSTEM_CALL(mremap, (unsigned long at, unsigned long size, unsigned long new_size, int flags, unsigned long to), at, size, new_size, flags, to)
UNSOCK_RARE_CALL(munmap, (unsigned long at, unsigned long size), at, size)
UNSOCK_RARE_CALL(nanosleep, (const void *time, void *left), time, left)
UNSOCK_RARE_CALL(openat, (int directory, const char *path, int flags, unsigned mode), directory, path, flags, mode)
UNSOCK_SYSTEM_CALL(pidfd_open, (int process, unsigned flags), process, flags)
UNSOCK_SYSTEM_CALL(pidfd_send_signal, (int fd, int signal, const void *info, unsigned flags), fd, signal, info, flags)
UNSOCK_RARE_CALL(pipe2, (void *ends, int flags), ends, flags)
UNSOCK_SYSTEM_CALL(ppoll, (void *polled, unsigned long count, const void *time, const void *mask, unsigned long size), polled, count, time, mask, size)
UNSOCK_RARE_CALL(prctl, (int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d), option, a, b, c, d)
UNSOCK_RARE_CALL(pread64, (int fd, void *bytes, unsigned long size, long offset), fd, bytes, size, offset)
UNSOCK_RARE_CALL(ptrace, (int request, long process, unsigned long address, unsigned long data), request, process, address, data)
UNSOCK_RARE_CALL(prlimit64, (int process, int resource, const void *limit, void *old), process, resource, limit, old)
UNSOCK_RARE_CALL(read, (int fd, void *bytes, unsigned long size), fd, bytes, size)
UNSOCK_RARE_CALL(readlinkat, (int directory, const char *path, char *text, unsigned long size), directory, path, text, size)
UNSOCK_SYSTEM_CALL(recvfrom, (int fd, void *bytes, unsigned long size, int flags, void *address, void *length), fd, bytes, size, flags, address, length)
UNSOCK_SYSTEM_CALL(recvmmsg, (int fd, void *messages, unsigned count, int flags, void *time), fd, messages, count, flags, time)
UNSOCK_SYSTEM_CALL(recvmsg, (int fd, void *message, int flags), fd, message, flags)
UNSOCK_RARE_CALL(renameat, (int from_directory, const char *from, int to_directory, const char *to), from_directory, from, to_directory, to)
UNSOCK_RARE_CALL(renameat2, (int from_directory, const char *from, int to_directory, const char *to, unsigned flags), from_directory, from, to_directory, to, flags)
UNSOCK_SYSTEM_CALL(rt_sigaction, (int signal, const void *action, void *old), signal, action, old, UNSOCK_SIGNALS_SIZE)
UNSOCK_SYSTEM_CALL(rt_sigpending, (uint64_t *signals), signals, UNSOCK_SIGNALS_SIZE)
UNSOCK_RARE_CALL(rt_sigprocmask, (int how, const uint64_t *signals, uint64_t *old), how, signals, old, UNSOCK_SIGNALS_SIZE)
UNSOCK_SYSTEM_CALL(rt_sigsuspend, (const void *signals, unsigned long size), signals, size)
UNSOCK_SYSTEM_CALL(rt_sigtimedwait, (const uint64_t *signals, void *info, const void *time), signals, info, time, UNSOCK_SIGNALS_SIZE)
UNSOCK_SYSTEM_CALL(sched_yield, (void), 0)
UNSOCK_SYSTEM_CALL(sched_getaffinity, (int pid, unsigned long size, void *mask), pid, size, mask)
UNSOCK_SYSTEM_CALL(seccomp, (unsigned operation, unsigned flags, const void *filter), operation, flags, filter)
UNSOCK_SYSTEM_CALL(sendfile, (int out, int in, void *offset, unsigned long count), out, in, offset, count)
UNSOCK_SYSTEM_CALL(sendmmsg, (int fd, void *messages, unsigned count, int flags), fd, messages, count, flags)
UNSOCK_SYSTEM_CALL(sendmsg, (int fd, const void *message, int flags), fd, message, flags)
UNSOCK_SYSTEM_CALL(sendto, (int fd, const void *bytes, unsigned long size, int flags, const void *address, unsigned length), fd, bytes, size, flags, address, length)
UNSOCK_SYSTEM_CALL(set_tid_address, (const void *word), word)
UNSOCK_SYSTEM_CALL(setpgid, (int process, int group), process, group)
UNSOCK_SYSTEM_CALL(setsid, (void), 0)
UNSOCK_RARE_CALL(setsockopt, (int fd, int level, int name, const void *value, unsigned length), fd, level, name, value, length)
UNSOCK_RARE_CALL(shutdown, (int fd, int how), fd, how)
UNSOCK_SYSTEM_CALL(sigaltstack, (const void *stack, void *old), stack, old)
UNSOCK_SYSTEM_CALL(signalfd4, (int fd, const uint64_t *signals, int flags), fd, signals, UNSOCK_SIGNALS_SIZE, flags)
UNSOCK_RARE_CALL(socket, (int domain, int type, int protocol), domain, type, protocol)
UNSOCK_RARE_CALL(socketpair, (int domain, int type, int protocol, int *ends), domain, type, protocol, ends)
UNSOCK_SYSTEM_CALL(splice, (int in, void *in_offset, int out, void *out_offset, unsigned long size, unsigned flags), in, in_offset, out, out_offset, size, flags)
UNSOCK_RARE_CALL(statfs, (const char *path, void *status), path, status)
UNSOCK_RARE_CALL(statx, (int directory, const char *path, int flags, unsigned mask, struct statx *status), directory, path, flags, mask, status)
UNSOCK_RARE_CALL(symlinkat, (const char *text, int directory, const char *path), text, directory, path)
UNSOCK_SYSTEM_CALL(tgkill, (int process, int thread, int signal), process, thread, signal)
UNSOCK_SYSTEM_CALL(tkill, (int thread, int signal), thread, signal)
UNSOCK_RARE_CALL(uname, (void *names), names)
UNSOCK_RARE_CALL(unlinkat, (int directory, const char *path, int flags), directory, path, flags)
UNSOCK_SYSTEM_CALL(unshare, (int flags), flags)
UNSOCK_RARE_CALL(utimensat, (int directory, const char *path, const void *times, int flags), directory, path, times, flags)
UNSOCK_RARE_CALL(wait4, (int process, int *status, int options, void *usage), process, status, options, usage)
UNSOCK_SYSTEM_CALL(waitid, (int kind, int id, void *info, int options, void *usage), kind, id, info, options, usage)
UNSOCK_RARE_CALL(write, (int fd, const void *bytes, unsigned long size), fd, bytes, size)
UNSOCK_SYSTEM_CALL(writev, (int fd, const void *parts, unsigned long count), fd, parts, count)
/* clang-format on */

#undef UNSOCK_SYSTEM_CALL
#undef UNSOCK_RARE_CALL

/* Ends the process. If a sandbox refuses the call, repeats it for ever. */
static inline _Noreturn void unsock_exit(int status) {
    for (;;)
        unsock_exit_group(status);
}

/* True if a call's result is -errno. An address may also be negative as a long. */
static inline bool unsock_is_error(long result) {
    return result < 0 && result > -4096;
}

/* Closes a descriptor, unless it is negative. */
void unsock_close_open(long fd);

/* Returns `fd` if `result` is not negative. Else closes `fd`, unless it is negative, and returns `result`: the -errno
 * of opening `fd`, or of a later step. */
long unsock_opened(long fd, long result);

/* In front of `long fd = …`: closes the descriptor at the end of the variable's scope, unless it is negative. */
#define UNSOCK_CLOSED __attribute__((cleanup(unsock_cleanup_fd)))
void unsock_cleanup_fd(const long *fd);

/* Waits for the child `process`, and goes on after signals. Returns wait4's status; -1 if `process` is -errno. */
int32_t unsock_wait_for(long process);

/* Calls write(2) without a signal: SIGPIPE (the reader has closed) or SIGXFSZ (the file may not grow) would end the
 * program. Blocks both, and removes the signal that the write raised, unless it was pending before. */
long unsock_write_quietly(long fd, const void *bytes, size_t length);

/* Maps private memory of zeros. Pages that are never used cost nothing. NULL if there is no memory. */
static inline void *unsock_map(unsigned long size) {
    long memory = unsock_mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return unsock_is_error(memory) ? NULL : (void *)memory;
}

static inline void unsock_unmap(void *memory, unsigned long size) {
    unsock_munmap((unsigned long)memory, size);
}

/* Read CLOCK_MONOTONIC, a clock that nobody can set, by a system call. The coarser clock of rt/libc.h needs none. */

#define UNSOCK_SECOND_NS 1000000000ll
#define UNSOCK_MILLISECOND_NS 1000000ll

static inline int64_t unsock_clock_ns(void) {
    struct timespec time = {0};
    unsock_clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * UNSOCK_SECOND_NS + time.tv_nsec;
}

static inline int64_t unsock_clock_ms(void) {
    return unsock_clock_ns() / UNSOCK_MILLISECOND_NS;
}

/* Waits until `fd` has one of `events` (EPOLLIN, EPOLLOUT), at most `milliseconds` (-1: without limit). With a negative
 * `fd`, only sleeps. Returns the events, 0 when the time is up, or -errno. */
int unsock_await(long fd, uint32_t events, int64_t milliseconds);

/* Sleeps for less than a second. Returns 0, or -EINTR after a signal. */
static inline long unsock_pause(long nanoseconds) {
    struct timespec time = {0, nanoseconds};
    return unsock_nanosleep(&time, NULL);
}

/* unsock_real_NAME calls the next library's function, a cancellation point in glibc. Returns the result or -errno, and
 * leaves errno unchanged. Without a next library, makes the system call, and never touches errno: a thread that libc
 * did not make has none. In a trapped process, this system call is a cancellation point, too (rt/libc.h). Nearly all
 * are inline: after a call that slept, each function on the stack costs as much as a hundred instructions. */
/* The parameters of unsock_real_NAME are the call's, but a socket's address may be a pointer of any type. */
#define UNSOCK_LOOSE_PARAMETERS(...) UNSOCK_EACH(UNSOCK_LOOSE_PARAMETER, __VA_ARGS__)
#define UNSOCK_LOOSE_PARAMETER(index, type, name)                                                                      \
    __typeof__(_Generic((type)0,                                                                                       \
                   struct sockaddr *: (void *)0,                                                                       \
                   const struct sockaddr *: (const void *)0,                                                           \
                   default: (type)0)) name
#define UNSOCK_REAL(kind, name, parameters, raw)                                                                       \
    kind long unsock_real_##name(UNSOCK_LOOSE_PARAMETERS parameters) {                                                 \
        if (!unsock_next.name) {                                                                                       \
            int before = unsock_cancel_open();                                                                         \
            long answer = raw(UNSOCK_ARGUMENTS parameters);                                                            \
            unsock_cancel_close(before);                                                                               \
            return answer;                                                                                             \
        }                                                                                                              \
        int *place = unsock_errno_place(), saved = *place;                                                             \
        long result = unsock_next.name(UNSOCK_ARGUMENTS parameters);                                                   \
        if (result < 0) {                                                                                              \
            result = -*place;                                                                                          \
            *place = saved;                                                                                            \
        }                                                                                                              \
        return result;                                                                                                 \
    }
#define UNSOCK_REAL_NO(name, parameters)
#define UNSOCK_REAL_SAME(name, parameters) UNSOCK_REAL(static inline, name, parameters, unsock_##name)
#define UNSOCK_REAL_OTHER(name, parameters) long unsock_real_##name(UNSOCK_LOOSE_PARAMETERS parameters);
#define UNSOCK_REAL_NEWER(name, parameters) UNSOCK_REAL_OTHER(name, parameters)
#define UNSOCK_REAL_ROW(exported, next, machines, mark, trapped, type, name, parameters)                               \
    UNSOCK_REAL_##next(name, parameters)
UNSOCK_CALLS(UNSOCK_REAL_ROW)

/* Calls accept if there are no flags, else accept4: a sandbox's filter may allow only the call that programs make. */
static inline long unsock_real_accept_by(int fd, void *address, socklen_t *length, int flags) {
    return flags == 0 ? unsock_real_accept(fd, address, length) : unsock_real_accept4(fd, address, length, flags);
}

static inline long unsock_real_recv(int fd, void *data, size_t size, int flags) {
    return unsock_real_recvfrom(fd, data, size, flags, NULL, NULL);
}

static inline long unsock_real_send(int fd, const void *data, size_t size, int flags) {
    return unsock_real_sendto(fd, data, size, flags, NULL, 0);
}

/* Sends a message in readable memory. Uses sendto, which is cheaper, for one part without control data. */
long unsock_real_send_message(int fd, const struct msghdr *message, int flags);

#endif
