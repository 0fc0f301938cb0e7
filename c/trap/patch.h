/*
 * Places where a loaded program makes system calls, rewritten before its first instruction (x86-64): a jump to a stub
 * takes the place of instructions before the `syscall` (rules/call_site.h). The filter stays in force: what is not
 * rewritten, or cannot be, is trapped.
 */
#ifndef UNSOCK_TRAP_PATCH_H
#define UNSOCK_TRAP_PATCH_H

#include "trap/image.h"

#include <stdbool.h>

struct unsock_patch {
    const struct unsock_image *image;
    long fd; /* of the program's file */
    uint64_t page;
    uint64_t features; /* AT_HWCAP2 */
    bool small_stacks; /* it is Go's */
};

/*
 * Returns how many places were rewritten. 0: there is none that is known, or no room; -errno: memory that was written
 * to may not be executed here. Nothing has changed then.
 */
long unsock_patch(const struct unsock_patch *patch);

/*
 * May a copy of this file's first page, once written to, be executed? 0, or what the kernel says: -errno; -ENOSYS: no
 * program is rewritten on this machine.
 */
long unsock_patch_allowed(long fd, uint64_t page);

/*
 * Two copies of the library in a process: the one that loaded the program has rewritten it, and is asked by a number of
 * its own (trap/trapped.h) where; the preloaded one then answers. The first tells the second with an address, 0:
 * nowhere.
 */
long unsock_patch_tell(void);
void unsock_patch_take_over(void);

#endif
