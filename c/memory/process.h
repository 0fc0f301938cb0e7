/* Facts about this process, as they were noted. */
#ifndef UNSOCK_MEMORY_PROCESS_H
#define UNSOCK_MEMORY_PROCESS_H

#include "rules/ip.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * this_process.c: Data of this process alone: a forked child finds them empty, a child of vfork sees that they are its
 * parent's. They are in a page that the kernel clears on fork (MADV_WIPEONFORK, madvise(2)).
 */

#define UNSOCK_OWN_MADE 960

struct unsock_this_process {
    int32_t owner;          /* pid of the process whose descriptors the memory describes; 0: not known yet */
    int32_t locker;         /* the thread (tid) that has, or is about to take, the directory's lock; 0: none */
    int32_t lock_file;      /* the descriptor of its lock's file, plus 1; 0: not yet */
    const void *lock_frame; /* where on its stack it has it (struct unsock_lock) */
    uint64_t lock_sum;      /* of what stands there */
    int64_t lock_vain;      /* until then (unsock_libc_clock) one that was waited for in vain is hardly waited for */
    uint32_t port_cursor;   /* where in the ephemeral range the next port is looked for; 0: not chosen yet */
    bool lock_kept;         /* its file is there still, for the next time */
    bool unwiped;           /* there is no such page, and a forked child sees its parent's */
    bool made_any;          /* some of `made` is not 0 */
    bool has_made;          /* a socket file, or bound one; what a forked child has, it may have inherited alone */
    /* By descriptor: what the children of this process had done when it made the socket; 0: nothing is known. */
    uint32_t made[UNSOCK_OWN_MADE];
};

/* Once, at start. */
void unsock_this_process_start(void);

/* The page; the same for all threads. */
struct unsock_this_process *unsock_this_process(void);

/* This thread's number, which tells it from the others of this process: for nothing where it is the only one. */
int32_t unsock_own_thread(void);

/*
 * False in a child of vfork (and posix_spawn): its memory is the parent's but its descriptors are its own, so what it
 * closes must change nothing here.
 */
bool unsock_this_process_owns_descriptors(void);

/*
 * True once this process has set up a seccomp filter of its own (sshd's and vsftpd's children, Chromium's, programs
 * with libseccomp). Such filters know which calls the program makes itself: where it only writes, sendto ends it.
 */
extern bool unsock_sandboxed;

/* True if a filter of the library's (c/trap) is in this process. It is never taken away, and survives exec. One system
 * call. */
bool unsock_is_trapped(void);

/* The kernel's struct sigaction. aarch64 has the restorer too, for its 32-bit programs. */
struct unsock_signal_action {
    void (*handler)(int, void *, void *);
    uint64_t flags;
    void (*restorer)(void);
    uint64_t blocked;
};

/*
 * A flag of the library's SIGSYS handler: the program ignores that signal, which a program that it executes inherits.
 * (SA_NOCLDSTOP: of this signal it means nothing, and the kernel keeps it, for a child of vfork too.)
 */
#define UNSOCK_SIGSYS_IGNORED 1u

/* True if this process ignores SIGSYS, as far as the program can tell. */
bool unsock_trapped_ignores(void);

/*
 * By which kind of name this process last reached a server of a port, or heard of a client. Only a guess: each name is
 * right where it answers, since it is never bound by a socket on another address.
 */

enum unsock_known_way {
    UNSOCK_KNOWN_NOTHING,
    UNSOCK_KNOWN_EXACT,    /* the name of the very address */
    UNSOCK_KNOWN_WILDCARD, /* of its family's wildcard */
    UNSOCK_KNOWN_BOTH,     /* of the wildcard of both families */
    UNSOCK_KNOWN_PLAIN,    /* datagrams: PORT.dgram.sock itself has just been heard of */
    UNSOCK_KNOWN_CONTROL,  /* streams: a control file stands at PORT.sock */
};

/* Of the port and the family of `target`; `type`: SOCK_STREAM or SOCK_DGRAM. */
enum unsock_known_way unsock_known_port(const struct unsock_ip *target, int type);
void unsock_known_port_note(const struct unsock_ip *target, int type, enum unsock_known_way way);

#endif
