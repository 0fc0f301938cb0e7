/* Puts another socket behind a descriptor, finds out if a descriptor is redirected, and keeps epoll registrations. */
#ifndef UNSOCK_REPLACE_REPLACE_H
#define UNSOCK_REPLACE_REPLACE_H

#include "kernel/socket_info.h"
#include "memory/epoll_memory.h"

/* redirect.c: Replaces the socket behind a descriptor. The program does not notice. */

/* Opens a stand-in, a socket that will replace another: close-on-exec, non-blocking. Returns the socket or -errno. */
long unsock_redirect_open(int domain, int type, int protocol);

/* Prepares an AF_UNIX datagram socket to replace a UDP one: sends never wait long, no descriptors are received. */
void unsock_redirect_prepare(int socket);

/* As unsock_redirect_open, but blocking if `fd` is. `*flags` gets the status flags of `fd`. */
long unsock_redirect_open_like(int fd, int domain, int type, long *flags);

/* Returns a temporary duplicate of the descriptor, without an entry, or -errno. */
long unsock_redirect_copy(int fd);

/* Notes that the program has set the receiver of a descriptor's signals (fcntl(2), F_SETOWN). */
void unsock_redirect_expect_owner(void);

/* Puts `standin` behind `fd` and its duplicates. Each keeps its number, status flags, receiver of signals,
 * close-on-exec, epoll registrations and options. `entry` then has the new kind, without the flags about the old name
 * and connection. Always closes the stand-in's own descriptor. Returns 0, or -errno with `fd` unchanged. */
long unsock_redirect_install(int fd, struct unsock_fd *entry, int standin, enum unsock_kind kind);

/* As unsock_redirect_install. `flags` is from unsock_redirect_open_like; negative if unsock_redirect_open was used. */
long unsock_redirect_install_like(int fd, struct unsock_fd *entry, int standin, enum unsock_kind kind, long flags);

/* Puts a TCP or UDP socket behind a redirected descriptor: unconnected, and bound to the address that the program
 * bound. Does nothing if such a socket is there already. Returns 0, or -errno with the descriptor unchanged. */
long unsock_redirect_to_ip(int fd, struct unsock_fd *entry);

/* As unsock_redirect_to_ip, but gives up the bound address, as connect(AF_UNSPEC) does. */
long unsock_redirect_to_new(int fd, struct unsock_fd *entry);

/* reuse.c: Finds descriptor numbers that now refer to another socket. */

/* Clears the entry of a number that the kernel has just returned, and releases the old socket's file. */
void unsock_reuse_new(int fd);

/* As unsock_reuse_new, for a socket that the library makes for the program. Returns the entry to fill, or NULL. */
struct unsock_fd *unsock_reuse_entry(int fd);

/* Clears a descriptor's entry if the number now belongs to another socket, opened by libc (rresvport), a raw system
 * call or io_uring. Returns 1 if so, 0 if not, -errno if the kernel does not answer: the entry is then unusable. */
long unsock_reuse_look(int fd);

/* Calls unsock_reuse_look if the entry is of an unused AF_UNIX socket (unsock_fd_is_fresh), or does not fit `name`,
 * which getsockname has just returned. */
void unsock_reuse_named(int fd, const union unsock_sockaddr *name, size_t length);

/* Calls unsock_reuse_look if `result` is an error unusual for a redirected socket. True if the entry was cleared. */
bool unsock_reuse_failed(int fd, long result);

/* Finds out whether the library handles a descriptor. Most intercepted calls ask this first. To read the library's
 * memory costs no system call, but to ask the kernel does. So each call states how certain the answer must be. */

/* Answers of unsock_whose. If it returns -errno, the kernel has not told whose the descriptor is: the call fails. */
enum unsock_whose_answer {
    UNSOCK_IS_KERNELS, /* not redirected: the call goes to the kernel unchanged */
    UNSOCK_IS_IP,      /* the program's own TCP or UDP socket, which may still be redirected */
    UNSOCK_IS_OURS,    /* redirected: another socket replaces the program's TCP or UDP socket */
};

/* How certain the answer must be. The library's memory is read in any case. STILL first clears an entry that is no
 * longer true, as unsock_reuse_look does; CHECK does so less thoroughly, and not in state NEW. For a descriptor without
 * an entry, KERNEL asks the kernel, unless the program has a seccomp filter of its own; ALWAYS asks even then;
 * FOR(family) asks like ALWAYS, for a call with an IP address of that family. */
#define UNSOCK_ASK_CHECK 1u
#define UNSOCK_ASK_STILL 2u
#define UNSOCK_ASK_KERNEL 4u
#define UNSOCK_ASK_ALWAYS 8u
#define UNSOCK_ASK_FOR(family) ((unsigned)(family) << 8)

struct unsock_whose {
    struct unsock_fd *entry; /* NULL: the descriptor has no entry, and the kernel was not asked */
    struct unsock_fd scratch;
};

/* Continues unsock_whose if the kernel must be asked. */
long unsock_whose_asking(int fd, unsigned how, struct unsock_whose *whose);

/* Finds out who handles the descriptor. Returns an enum unsock_whose_answer, or -errno; fills `whose`. */
static inline long unsock_whose(int fd, unsigned how, struct unsock_whose *whose) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    if (entry ? how & (UNSOCK_ASK_CHECK | UNSOCK_ASK_STILL) : how & ~(UNSOCK_ASK_CHECK | UNSOCK_ASK_STILL))
        return unsock_whose_asking(fd, how, whose);
    whose->entry = entry;
    if (entry && unsock_fd_is_redirected(entry))
        return UNSOCK_IS_OURS;
    return entry && entry->kind == UNSOCK_KIND_IP ? UNSOCK_IS_IP : UNSOCK_IS_KERNELS;
}

/* epoll.c: Keeps registrations in epoll sets when a descriptor's socket is replaced. */

/* Returns the events to register for a program that requests `events`: with EPOLLIN of an AF_UNIX stream also EPOLLPRI,
 * which shows an urgent byte; while a connect waits for Firecracker's answer (calls/asking), EPOLLIN, not EPOLLOUT. */
uint32_t unsock_epoll_asked(const struct unsock_fd *entry, uint32_t events);

long unsock_epoll_control(int set, int operation, int fd, struct unsock_epoll_event *event);

#define UNSOCK_EPOLL_SETS 8 /* few, as stacks may be small */

struct unsock_epoll_registration {
    int set;
    struct unsock_epoll_event event;
};

/* Registrations that were removed from their sets. unsock_epoll_give makes them again for the new socket. */
struct unsock_epoll_carry {
    unsigned count;
    struct unsock_epoll_registration registrations[UNSOCK_EPOLL_SETS];
};

/* Moves the registrations of `fd` to `carry`; drops those beyond UNSOCK_EPOLL_SETS. Skips sets closed meanwhile. */
void unsock_epoll_take(int fd, struct unsock_epoll_carry *carry);

/* Makes the registrations in `carry` again, for the new socket of `entry`. */
void unsock_epoll_give(int fd, const struct unsock_fd *entry, const struct unsock_epoll_carry *carry);

/* Removes and repeats the descriptor's registrations: an edge-triggered event that still holds is reported again. */
void unsock_epoll_rearm(int fd, const struct unsock_fd *entry);

#endif
