/* Are this process's system calls trapped, and what does the kernel keep for who traps them? */
#ifndef UNSOCK_KERNEL_TRAPPED_H
#define UNSOCK_KERNEL_TRAPPED_H

#include <stdbool.h>
#include <stdint.h>

/* Is there a filter of the library's (c/trap) in this process? It is never taken away, and survives exec. One system
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

/* Does this process ignore SIGSYS, as far as the program can tell? */
bool unsock_trapped_ignores(void);

#endif
