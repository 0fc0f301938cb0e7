/* One socket in the place of another. */
#ifndef UNSOCK_REPLACE_REPLACE_H
#define UNSOCK_REPLACE_REPLACE_H

#include "kernel/socket_info.h"
#include "memory/epoll_memory.h"

/* redirect.c: Replacing the socket behind a descriptor, so that the program does not notice. */

/* A new socket to take a descriptor's place; close-on-exec and non-blocking until then. Returns it or -errno. */
long unsock_redirect_open(int domain, int type, int protocol);

/* Prepares an AF_UNIX datagram socket to stand for a UDP one: it never waits long, and takes no descriptors. */
void unsock_redirect_prepare(int socket);

/* The same as unsock_redirect_open of one that blocks as `fd` does, whose status flags *flags tells: for
 * ..._install_like. */
long unsock_redirect_open_like(int fd, int domain, int type, long *flags);

/* Another descriptor of the same socket for a moment, of whose number nothing is known, or -errno. */
long unsock_redirect_copy(int fd);

/* A program has set the receiver of a descriptor's signals (fcntl(2), F_SETOWN). */
void unsock_redirect_expect_owner(void);

/*
 * Puts `standin` in the place of `fd` (and of its duplicates): same number, status flags, owner, close-on-exec, epoll
 * registrations and options. The standin's own descriptor is closed, also on failure; `entry` then has the new kind,
 * and none of the flags that described the old socket's name and connection. On failure `fd` is as it was.
 * Returns 0 or -errno.
 */
long unsock_redirect_install(int fd, struct unsock_fd *entry, int standin, enum unsock_kind kind);

/* `flags`: what unsock_redirect_open_like told; negative: it was opened otherwise. */
long unsock_redirect_install_like(int fd, struct unsock_fd *entry, int standin, enum unsock_kind kind, long flags);

/*
 * Makes a redirected descriptor the kernel's TCP or UDP socket (again): unconnected, bound to the address that the
 * program bound. One that is that already stays as it is. Returns 0 or -errno, with the descriptor as it was.
 */
long unsock_redirect_to_ip(int fd, struct unsock_fd *entry);

/*
 * The same, with what was bound given back, as after connect(AF_UNSPEC); an address that was bound with port 0 stays,
 * without a port.
 */
long unsock_redirect_to_new(int fd, struct unsock_fd *entry);

/* reuse.c: Descriptor numbers that are another socket's by now. */

/* A descriptor came back from the kernel as new: forgets what was known of the number, and tidies up after it. */
void unsock_reuse_new(int fd);

/* The same of a socket that the library has made for the program. Returns its entry, to be filled; NULL: it has none.
 */
struct unsock_fd *unsock_reuse_entry(int fd);

/*
 * Checks whether what is known of the descriptor is still true. Its number may be another socket's by now, made inside
 * libc (rresvport), by a raw system call or through io_uring: forgets what would make a call on that one fail. Returns
 * 0; or -errno where that cannot be known (unsock_socket_unanswered), and nothing may be done by what is known.
 */
long unsock_reuse_check(int fd);

/*
 * The same of a descriptor in every state, and with more questions: before something is done by what is known alone.
 * Returns whether it was another one's (1): then nothing is known of it any more; or -errno, as above.
 */
long unsock_reuse_look(int fd);

/* The same with the name at hand that getsockname has given. */
void unsock_reuse_named(int fd, const union unsock_sockaddr *name, size_t length);

/* The same after a call that came to `result`: only where that is an error which the real socket would not have said.
 */
bool unsock_reuse_failed(int fd, long result);

/*
 * Finds the owner of a descriptor, which each call does before anything else. A call says how much the answer is worth
 * to it, since the kernel's answers cost system calls; the library's memory costs none.
 */

/* The answers, as numbers; a negative one is the -errno of a call on a descriptor of which that cannot be known. */
enum unsock_whose_answer {
    UNSOCK_IS_KERNELS, /* not the library's: the call goes to the kernel as it is */
    UNSOCK_IS_IP,      /* the program's own TCP or UDP socket, which another one may replace yet */
    UNSOCK_IS_OURS,    /* a socket of the library's stands for the program's TCP or UDP socket */
};

/*
 * How to ask. The library's memory is read in any case. CHECK and STILL forget first what is no longer true, as
 * unsock_reuse_check and unsock_reuse_look. If nothing is remembered: KERNEL asks the kernel, but not below a filter of
 * the program's own; ALWAYS asks there too; FOR is ALWAYS by a call that brings an IP address of this family
 * (unsock_identify_unknown_for).
 */
#define UNSOCK_ASK_CHECK 1u
#define UNSOCK_ASK_STILL 2u
#define UNSOCK_ASK_KERNEL 4u
#define UNSOCK_ASK_ALWAYS 8u
#define UNSOCK_ASK_FOR(family) ((unsigned)(family) << 8)

struct unsock_whose {
    struct unsock_fd *entry; /* what is known of the descriptor; NULL: nothing, and the kernel was not asked */
    struct unsock_fd scratch;
};

/* The same where the kernel is asked. */
long unsock_whose_asking(int fd, unsigned how, struct unsock_whose *whose);

/* Returns whose the descriptor is (enum unsock_whose_answer), or -errno; fills `whose`. */
static inline long unsock_whose(int fd, unsigned how, struct unsock_whose *whose) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    if (entry ? how & (UNSOCK_ASK_CHECK | UNSOCK_ASK_STILL) : how & ~(UNSOCK_ASK_CHECK | UNSOCK_ASK_STILL))
        return unsock_whose_asking(fd, how, whose);
    whose->entry = entry;
    if (entry && unsock_fd_is_redirected(entry))
        return UNSOCK_IS_OURS;
    return entry && entry->kind == UNSOCK_KIND_IP ? UNSOCK_IS_IP : UNSOCK_IS_KERNELS;
}

/* epoll.c: Registrations in epoll sets that outlive the replacement of a descriptor. */

/*
 * Returns the events to register in the kernel for a program that asks for `events`: for a read of AF_UNIX streams also
 * EPOLLPRI, which tells whether an urgent byte waits; while a multiplexer is asked, those held back.
 */
uint32_t unsock_epoll_asked(const struct unsock_fd *entry, uint32_t events);

/* epoll_ctl. Returns 0 or -errno. */
long unsock_epoll_control(int set, int operation, int fd, struct unsock_epoll_event *event);

#define UNSOCK_EPOLL_FEW 8 /* on the stack, which may be small */
#define UNSOCK_EPOLL_MORE 256

struct unsock_epoll_registration {
    int set;
    struct unsock_epoll_event event;
};

/*
 * The registrations that were taken out of their sets, to be made again on the new socket by unsock_epoll_give, or
 * dropped by unsock_epoll_drop.
 */
struct unsock_epoll_carry {
    unsigned count;
    struct unsock_epoll_registration few[UNSOCK_EPOLL_FEW];
    struct unsock_epoll_registration *more; /* NULL: none */
};

/* Takes the descriptor out of every set that it is registered in. Sets that were closed meanwhile are skipped. */
void unsock_epoll_take(int fd, struct unsock_epoll_carry *carry);

/* Registers it again, with the same events and data. `entry` is what it has become. */
void unsock_epoll_give(int fd, const struct unsock_fd *entry, const struct unsock_epoll_carry *carry);

/* Nothing is registered again. */
void unsock_epoll_drop(const struct unsock_epoll_carry *carry);

/* Makes the registrations anew: an edge that has been seen is told again, if it is there. */
void unsock_epoll_rearm(int fd, const struct unsock_fd *entry);

#endif
