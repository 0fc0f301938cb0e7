/* Facts about this process: its lock, the sockets that it made, its filters, and how it reached ports. */
#ifndef UNSOCK_MEMORY_PROCESS_H
#define UNSOCK_MEMORY_PROCESS_H

#include "rules/ip.h"

#include <stdbool.h>
#include <stdint.h>

/* this_process.c: Data of this process alone, in a page that the kernel clears on fork (MADV_WIPEONFORK, madvise(2)). A
 * forked child finds the page empty. A child of vfork shares it, and sees by `owner` that it is the parent's. */

#define UNSOCK_OWN_MADE 960

struct unsock_this_process {
    int32_t owner;          /* the pid whose descriptors the memory describes; 0: not known yet */
    int32_t locker;         /* the tid of the thread that has the directory's lock, or is about to take it; 0: none */
    int32_t lock_file;      /* the descriptor of the lock's file, plus 1; 0: none yet */
    const void *lock_frame; /* the address of the thread's struct unsock_lock, on its stack */
    uint64_t lock_sum;      /* a checksum of the path in that struct */
    int64_t lock_vain;      /* until unsock_libc_clock returns this, waits for the lock are short: one failed */
    uint32_t port_cursor;   /* the place in the ephemeral range where the search for a port begins; 0: none yet */
    bool lock_kept;         /* this process has left the lock's file in the directory, for its next use */
    bool unwiped;           /* the kernel has no such page: a forked child sees its parent's data */
    bool has_made;          /* this process has made a socket file; a forked child may only have inherited some */
    uint64_t bound[UNSOCK_OWN_MADE / 64]; /* one bit by descriptor: this process bound the socket to its file */
};

void unsock_this_process_start(void);

struct unsock_this_process *unsock_this_process(void);

/* Note whether this process itself bound the descriptor's socket to its file; return the note (none: false). */
void unsock_this_process_note_bound(int fd, bool bound);
bool unsock_this_process_bound(int fd);

/* Returns this thread's number, unique in the process. Makes no system call if the process has only one thread. */
int32_t unsock_own_thread(void);

/* False in a vfork child, which shares the parent's memory, not its descriptors: its closes must not change entries. */
bool unsock_this_process_owns_descriptors(void);

/* True once the process has installed a seccomp filter of its own (sshd's and vsftpd's children, Chromium), or a filter
 * has refused sendto. Such a filter knows only the program's own calls, and may kill the process at another one. */
extern bool unsock_sandboxed;

/* False if a close must not remove files: in a child of vfork, or if the program's own filter may kill the process. */
bool unsock_this_process_removes_files(void);

/* Notes that this process has made a socket file, and so checks its files at each close and at its end. A child that
 * has only inherited such a socket need not check its file. */
void unsock_files_made(void);
void unsock_files_of_others(void); /* Notes that this process has a file that its parent may not know */
void unsock_files_left(void);      /* Notes that this process will not check all its files (late close, exec, filter) */

/* True if the parent process checks the files of the sockets that this process has inherited. Call it after closing
 * such a socket: a parent that still checks files then closes its own descriptor later than this process. */
bool unsock_files_are_parents(void);

/* True if this process has the library's filter (c/trap). A filter stays, also after exec. Makes one system call. */
bool unsock_is_trapped(void);

/* The kernel's struct sigaction. aarch64 has the restorer too, for its 32-bit programs. */
struct unsock_signal_action {
    void (*handler)(int, void *, void *);
    uint64_t flags;
    void (*restorer)(void);
    uint64_t blocked;
};

/* The kernel's stack_t (sigaltstack(2)). */
struct unsock_signal_stack {
    void *base;
    int32_t flags;
    uint64_t size;
};

/* The kind of name by which this process last reached a server of a port, or got a datagram from a client. A guess, but
 * a safe one: a name with an address belongs only to sockets on this address, so any socket that answers is right.
 * Exceptions: KNOWN_PLAIN, which is used for one reply only, and hashed names (rules/port_name.h). */
enum unsock_known_way {
    UNSOCK_KNOWN_NOTHING,
    UNSOCK_KNOWN_EXACT,    /* the name of the address itself */
    UNSOCK_KNOWN_WILDCARD, /* the name of its family's wildcard */
    UNSOCK_KNOWN_BOTH,     /* the name of the wildcard of both families */
    UNSOCK_KNOWN_PLAIN,    /* datagrams: PORT.dgram.sock itself, from which a datagram has just come */
    UNSOCK_KNOWN_CONTROL,  /* streams: PORT.sock is a control file */
};

/* Return and note the kind of name for the port and the family of `target`. `type`: SOCK_STREAM or SOCK_DGRAM. */
enum unsock_known_way unsock_known_port(const struct unsock_ip *target, int type);
void unsock_known_port_note(const struct unsock_ip *target, int type, enum unsock_known_way way);

#endif
