/* The list of intercepted calls. docs/architecture.md says what other files and the build make from it. */
#ifndef UNSOCK_RT_CALLS_H
#define UNSOCK_RT_CALLS_H

#include <asm/unistd.h>

#ifndef __NR_epoll_pwait2
#define __NR_epoll_pwait2 441 /* since 5.11 */
#endif

/*
 * UNSOCK_CALLS has the calls that the library answers by a function, unsock_call_NAME. UNSOCK_DOOR_CALLS has calls that
 * each door, preload/ and trap/, answers in its own way. UNSOCK_OTHER_NAMES has the other functions that the library
 * exports: nearly all do the work of one of these calls. The columns:
 *
 *   exported   how the function of that name is exported, and what it does while the library is inert:
 *                LIBC     calls the next library's function: a cancellation point in glibc
 *                RAW      makes the system call of that name
 *                ALWAYS   calls unsock_call_NAME, which makes the call, and forgets entries of reused descriptor
 *                         numbers
 *                BY_HAND  does what its own code in preload/ says
 *                NO       no such function is exported
 *   next       what unsock_real_NAME does if there is no next library's function to call:
 *                SAME     makes the system call of the same name and arguments
 *                OTHER    makes another system call on some machine (rt/libc.c)
 *                NEWER    as OTHER, for a function that an old libc lacks
 *                NO       there is no unsock_real_NAME
 *   machines   the machines that have a system call of that name: ALL, X86, NO
 *   type, name the function's result; the name of function and system call
 *   parameters their count, and a type and a name for each
 *   mark       the argument that carries the mark of the library's own calls (below): 0, 3, 5; NONE if no argument
 *              can; NO if the call is never trapped
 *   trapped    when the filter traps the call (the rules are in trap/trapped.h), or NO
 *   syscall    whether the library's syscall(2) intercepts the number (preload/syscall.c): YES, NO. It intercepts all
 *              of UNSOCK_CALLS
 *
 * Rows with the same rule and mark share their instructions in the filter.
 */
/* clang-format off */
#define UNSOCK_CALLS(CALL) \
    /*   exported next  machines mark trapped type     name           parameters */ \
    CALL(BY_HAND, SAME,  ALL,   0,   IF_VALUE(1, F_DUPFD, UNSOCK_F_DUPFD_CLOEXEC, F_SETFL, UNSOCK_F_SETOWN, UNSOCK_F_SETOWN_EX), \
                                           int,     fcntl,         (3, int, fd, int, command, unsigned long, argument)) \
    CALL(BY_HAND, NO,    ALL,   0,   IF_VALUE_OR(1, 0xff00, UNSOCK_SIOC_INTERFACE, UNSOCK_FIONBIO, UNSOCK_SIOCOUTQ, FIONREAD), \
                                           int,     ioctl,         (3, int, fd, unsigned, request, unsigned long, argument)) \
    CALL(RAW,     NO,    ALL,   3,   ALWAYS,    int,     socket,        (3, int, domain, int, type, int, protocol)) \
    CALL(ALWAYS,  NO,    ALL,   5,   ALWAYS,    int,     socketpair,    (4, int, domain, int, type, int, protocol, int *, pair)) \
    CALL(RAW,     NO,    ALL,   0,   ALWAYS,    int,     bind,          (3, int, fd, const struct sockaddr *, address, socklen_t, length)) \
    CALL(LIBC,    SAME,  ALL,   0,   ALWAYS,    int,     connect,       (3, int, fd, const struct sockaddr *, address, socklen_t, length)) \
    CALL(RAW,     NO,    ALL,   0,   ALWAYS,    int,     listen,        (2, int, fd, int, backlog)) \
    CALL(LIBC,    SAME,  ALL,   0,   ALWAYS,    int,     accept,        (3, int, fd, struct sockaddr *, address, socklen_t *, length)) \
    CALL(LIBC,    SAME,  ALL,   0,   ALWAYS,    int,     accept4,       (4, int, fd, struct sockaddr *, address, socklen_t *, length, int, flags)) \
    CALL(RAW,     NO,    ALL,   0,   ALWAYS,    int,     shutdown,      (2, int, fd, int, how)) \
    CALL(RAW,     NO,    ALL,   0,   ALWAYS,    int,     getsockname,   (3, int, fd, struct sockaddr *, address, socklen_t *, length)) \
    CALL(RAW,     NO,    ALL,   0,   ALWAYS,    int,     getpeername,   (3, int, fd, struct sockaddr *, address, socklen_t *, length)) \
    CALL(RAW,     NO,    ALL,   0,   ALWAYS,    int,     getsockopt,    (5, int, fd, int, level, int, name, void *, value, socklen_t *, length)) \
    CALL(RAW,     NO,    ALL,   0,   ALWAYS,    int,     setsockopt,    (5, int, fd, int, level, int, name, const void *, value, socklen_t, length)) \
    /* Trapping write, writev, or sendto and recvfrom without an address would slow down every connection. */ \
    CALL(LIBC,    SAME,  ALL,   NO,  NO,        ssize_t, write,         (3, int, fd, const void *, data, size_t, size)) \
    CALL(LIBC,    SAME,  ALL,   NO,  NO,        ssize_t, writev,        (3, int, fd, const struct iovec *, parts, int, count)) \
    CALL(LIBC,    NO,    NO,    NO,  NO,        ssize_t, send,          (4, int, fd, const void *, data, size_t, size, int, flags)) \
    CALL(LIBC,    SAME,  ALL,   0,   IF_SET(4), ssize_t, sendto,        (6, int, fd, const void *, data, size_t, size, int, flags, const struct sockaddr *, address, socklen_t, length)) \
    CALL(RAW,     NO,    ALL,   NO,  NO,        ssize_t, sendfile,      (4, int, out, int, in, int64_t *, offset, size_t, count)) \
    CALL(LIBC,    SAME,  ALL,   NO,  NO,        ssize_t, splice,        (6, int, in, int64_t *, in_offset, int, out, int64_t *, out_offset, size_t, size, unsigned, flags)) \
    CALL(LIBC,    NO,    NO,    NO,  NO,        ssize_t, recv,          (4, int, fd, void *, data, size_t, size, int, flags)) \
    /* Also traps MSG_ERRQUEUE, and MSG_PEEK with MSG_WAITALL: only then is their sum above MSG_WAITALL. */ \
    CALL(LIBC,    SAME,  ALL,   0,   IF_SET_OR(4, MSG_ERRQUEUE | MSG_PEEK | MSG_WAITALL, MSG_WAITALL), \
                                           ssize_t, recvfrom,      (6, int, fd, void *, data, size_t, size, int, flags, struct sockaddr *, address, socklen_t *, length)) \
    CALL(LIBC,    SAME,  ALL,   0,   ALWAYS,    ssize_t, sendmsg,       (3, int, fd, const struct msghdr *, message, int, flags)) \
    CALL(LIBC,    SAME,  ALL,   0,   ALWAYS,    int,     sendmmsg,      (4, int, fd, struct unsock_mmsghdr *, messages, unsigned, count, int, flags)) \
    CALL(LIBC,    SAME,  ALL,   0,   ALWAYS,    ssize_t, recvmsg,       (3, int, fd, struct msghdr *, message, int, flags)) \
    CALL(LIBC,    SAME,  ALL,   0,   ALWAYS,    int,     recvmmsg,      (5, int, fd, struct unsock_mmsghdr *, messages, unsigned, count, int, flags, void *, timeout)) \
    CALL(LIBC,    OTHER, X86,   NO,  NO,        int,     poll,          (3, struct pollfd *, fds, unsigned long, count, int, timeout)) \
    /* The library removes a socket's file at its last descriptor's close, and keeps duplicates' entries alike. */ \
    CALL(LIBC,    SAME,  ALL,   0,   ALWAYS,    int,     close,         (1, int, fd)) \
    CALL(RAW,     NO,    ALL,   0,   ALWAYS,    int,     close_range,   (3, unsigned, first, unsigned, last, int, flags)) \
    CALL(ALWAYS,  NO,    ALL,   0,   ALWAYS,    int,     dup,           (1, int, fd)) \
    CALL(ALWAYS,  NO,    X86,   0,   ALWAYS,    int,     dup2,          (2, int, from, int, to)) \
    CALL(ALWAYS,  NO,    ALL,   0,   ALWAYS,    int,     dup3,          (3, int, from, int, to, int, flags)) \
    CALL(ALWAYS,  NO,    X86,   0,   ALWAYS,    int,     epoll_create,  (1, int, size)) \
    CALL(ALWAYS,  NO,    ALL,   0,   ALWAYS,    int,     epoll_create1, (1, int, flags)) \
    CALL(RAW,     NO,    ALL,   0,   ALWAYS,    int,     epoll_ctl,     (4, int, set, int, operation, int, fd, struct unsock_epoll_event *, event)) \
    CALL(LIBC,    OTHER, X86,   NO,  NO,        int,     epoll_wait,    (4, int, set, struct unsock_epoll_event *, events, int, most, int, timeout)) \
    /* Calls that wait are trapped if they set a signal mask: the mask must not block SIGSYS. */ \
    CALL(LIBC,    OTHER, ALL,   0,   IF_SET(4), int,     epoll_pwait,   (5, int, set, struct unsock_epoll_event *, events, int, most, int, timeout, const void *, signals)) \
    CALL(LIBC,    NEWER, ALL,   0,   IF_SET(4), int,     epoll_pwait2,  (5, int, set, struct unsock_epoll_event *, events, int, most, const struct timespec *, timeout, const void *, signals)) \
    CALL(LIBC,    OTHER, ALL,   5,   IF_SET(3), int,     ppoll,         (4, struct pollfd *, fds, unsigned long, count, const struct timespec *, timeout, const void *, signals))

#define UNSOCK_DOOR_CALLS(CALL) \
    /*   exported machines mark syscall  trapped                      name */ \
    CALL(NO,      ALL,    0,   NO,      IF_SET(5),                   pselect6) \
    CALL(NO,      ALL,    0,   YES,     ALWAYS,                      exit_group) \
    CALL(BY_HAND, ALL,    0,   YES,     ALWAYS,                      execveat) \
    CALL(BY_HAND, ALL,    3,   YES,     ALWAYS,                      execve) \
    /* In a loaded program /proc/self/exe is the library's file; the program must read its own file's name. */ \
    CALL(NO,      X86,    3,   NO,      ALWAYS,                      readlink) \
    CALL(NO,      ALL,    0,   NO,      ALWAYS,                      readlinkat) \
    /* If the program blocked SIGSYS or replaced its handler, the next trapped call would end the program. */ \
    CALL(NO,      ALL,    0,   NO,      ALWAYS,                      rt_sigaction) \
    CALL(NO,      ALL,    0,   NO,      UNLESS(0, SIG_UNBLOCK),      rt_sigprocmask) \
    CALL(NO,      ALL,    5,   NO,      ALWAYS,                      rt_sigsuspend) \
    /* A filter of the program's own may forbid calls that the library makes instead of the program's. */ \
    CALL(NO,      ALL,    0,   YES,     ALWAYS,                      seccomp) \
    CALL(BY_HAND, ALL,    5,   YES,     IF_VALUE(0, PR_SET_SECCOMP), prctl) \
    /* The kernel carries out an io_uring's operations without system calls: nothing can trap them. */ \
    CALL(NO,      ALL,    NONE,YES,     NO_SYSTEM,                   io_uring_setup) \
    /* clone3 can reset the child's signal handlers: its first trapped call would then kill it. clone cannot reset them. */ \
    CALL(NO,      ALL,    NONE,NO,      NO_SYSTEM,                   clone3)

#define UNSOCK_OTHER_NAMES(NAME)                                                                                       \
    NAME(sendfile64) NAME(__recv_chk) NAME(__recvfrom_chk) NAME(__poll_chk) NAME(__ppoll_chk) NAME(closefrom)          \
    NAME(fcntl64) NAME(execv) NAME(execvp) NAME(execvpe) NAME(execl) NAME(execlp) NAME(execle) NAME(fexecve)           \
    NAME(posix_spawn) NAME(posix_spawnp) NAME(pidfd_spawn) NAME(pidfd_spawnp) NAME(system) NAME(popen) NAME(syscall)   \
    NAME(dlopen) NAME(_exit) NAME(_Exit)

/* UNSOCK_IF_ON_MACHINES expands to its arguments if this machine has the system call of a row with these `machines`. */
#define UNSOCK_IF_ON_NO(...)
#define UNSOCK_IF_ON_ALL(...) __VA_ARGS__
#ifdef __x86_64__
#define UNSOCK_IF_ON_X86(...) __VA_ARGS__
#else
#define UNSOCK_IF_ON_X86(...)
#endif

/* UNSOCK_IF_TRAPPED_MARK expands to its arguments if the call of a row with this `mark` is ever trapped. */
#define UNSOCK_IF_TRAPPED_NO(...)
#define UNSOCK_IF_TRAPPED_NONE(...) __VA_ARGS__
#define UNSOCK_IF_TRAPPED_0(...) __VA_ARGS__
#define UNSOCK_IF_TRAPPED_3(...) __VA_ARGS__
#define UNSOCK_IF_TRAPPED_5(...) __VA_ARGS__

/* A row's parameters: for a prototype, for passing them on, and read from an array `a` of long. */
#define UNSOCK_PARAMETERS(...) UNSOCK_EACH(UNSOCK_PARAMETER, __VA_ARGS__)
#define UNSOCK_ARGUMENTS(...) UNSOCK_EACH(UNSOCK_ARGUMENT, __VA_ARGS__)
#define UNSOCK_ARGUMENTS_IN_ARRAY(...) UNSOCK_EACH(UNSOCK_ARGUMENT_IN_ARRAY, __VA_ARGS__)

#define UNSOCK_PARAMETER(index, type, name) type name
#define UNSOCK_ARGUMENT(index, type, name) name
#define UNSOCK_ARGUMENT_IN_ARRAY(index, type, name) (type) a[index]
#define UNSOCK_EACH(M, count, ...) UNSOCK_EACH_##count(M, __VA_ARGS__)
#define UNSOCK_EACH_1(M, t0, n0) M(0, t0, n0)
#define UNSOCK_EACH_2(M, t0, n0, t1, n1) UNSOCK_EACH_1(M, t0, n0), M(1, t1, n1)
#define UNSOCK_EACH_3(M, t0, n0, t1, n1, t2, n2) UNSOCK_EACH_2(M, t0, n0, t1, n1), M(2, t2, n2)
#define UNSOCK_EACH_4(M, t0, n0, t1, n1, t2, n2, t3, n3) UNSOCK_EACH_3(M, t0, n0, t1, n1, t2, n2), M(3, t3, n3)
#define UNSOCK_EACH_5(M, t0, n0, t1, n1, t2, n2, t3, n3, t4, n4)                                                       \
    UNSOCK_EACH_4(M, t0, n0, t1, n1, t2, n2, t3, n3), M(4, t4, n4)
#define UNSOCK_EACH_6(M, t0, n0, t1, n1, t2, n2, t3, n3, t4, n4, t5, n5)                                               \
    UNSOCK_EACH_5(M, t0, n0, t1, n1, t2, n2, t3, n3, t4, n4), M(5, t5, n5)
/* clang-format on */

/* The filter of a trapped process (c/trap) lets the library's own calls pass because they carry a mark. The mark is in
 * the upper half of an argument that the kernel reads as an int. In a call whose first argument is a pointer, the mark
 * is in the register of a fourth or sixth argument, which the call does not have. socket, socketpair and prctl carry
 * the mark in such a register, too, since a filter of the program's own may compare all 64 bits of their first argument
 * (Chromium's, libseccomp's). The library clears this register after the call (rt/syscall6.h): otherwise a later call
 * of the program's would carry the mark. */
#define UNSOCK_SYS_MARK 0x756e736bul

/* A socket() call with this value detects the library's filter. In the upper half of the fourth argument, as a
 * mark, it makes the filter fail the call with an errno that no kernel returns; without the filter, the kernel refuses
 * the family. As the sixth argument, without a mark, it makes the call reach another copy (trap/image.h). */
#define UNSOCK_SYS_PROBE 0x756e7370ul
#define UNSOCK_SYS_PROBE_ERRNO 4077
#define UNSOCK_SYS_NO_FAMILY 0x7fff
#define UNSOCK_SYS_UNMARKED (-1)

#define UNSOCK_MARK_NONE UNSOCK_SYS_UNMARKED
#define UNSOCK_MARK_0 0
#define UNSOCK_MARK_3 3
#define UNSOCK_MARK_5 5
#define UNSOCK_MARK_OF(exported, next, machines, mark, trapped, type, name, parameters)                                \
    UNSOCK_IF_ON_##machines(UNSOCK_IF_TRAPPED_##mark(case __NR_##name : return UNSOCK_MARK_##mark;))
#define UNSOCK_MARK_OF_DOOR_CALL(exported, machines, mark, syscall, trapped, name)                                     \
    UNSOCK_IF_ON_##machines(UNSOCK_IF_TRAPPED_##mark(case __NR_##name : return UNSOCK_MARK_##mark;))

/* Returns the number (0 to 5) of the argument that carries the mark, or UNSOCK_SYS_UNMARKED if none does. */
static inline __attribute__((always_inline)) int unsock_sys_marked_argument(long number) {
    switch (number) {
        UNSOCK_CALLS(UNSOCK_MARK_OF)
        UNSOCK_DOOR_CALLS(UNSOCK_MARK_OF_DOOR_CALL)
    default:
        return UNSOCK_SYS_UNMARKED;
    }
}

#endif
