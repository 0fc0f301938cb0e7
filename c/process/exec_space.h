/*
 * Memory for what exec needs: paths, lists of arguments. Not on the stack, which is a child of vfork's own little one,
 * or a goroutine's; and not left behind in the parent of such a child, whose memory it is.
 */
#ifndef UNSOCK_EXEC_SPACE_H
#define UNSOCK_EXEC_SPACE_H

#include <stddef.h>
#include <stdint.h>

struct unsock_exec_space {
    uint8_t *memory;
    size_t size;
    size_t used;
};

/*
 * A space of at least `size` bytes, for this thread until it executes or unsock_exec_space_leave. One that was entered
 * later is left earlier. NULL: no memory.
 */
struct unsock_exec_space *unsock_exec_space_enter(size_t size);

/* Gives it back; NULL is none. */
void unsock_exec_space_leave(struct unsock_exec_space *space);

/* Cuts off a piece of it, aligned to 16. NULL when the space was made too small. */
void *unsock_exec_space_cut(struct unsock_exec_space *space, size_t size);

#endif
