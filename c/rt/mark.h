/* By what the trap door's filter knows the library's own system calls. */
#ifndef UNSOCK_RT_MARK_H
#define UNSOCK_RT_MARK_H

#include "rt/calls.h"

#include <asm/unistd.h>

/*
 * A process may have its system calls trapped (c/trap). The library's own calls carry a mark, by which the filter lets
 * them pass. It is in the upper half of an argument that the kernel takes for an int. execve and the few others that
 * begin with a pointer carry the mark in an argument that they do not have, and so do socket, socketpair and prctl: a
 * filter of the program's own may compare all 64 bits of their first argument (Chromium's, libseccomp's). Such an
 * argument's register is cleared after the call (rt/syscall6.h), since a later call of the program's would carry it.
 */
#define UNSOCK_SYS_MARK 0x756e736bul

/*
 * socket() with this in the place of the mark fails with an errno that no kernel has: so there is a
 * filter. Without one it is a family that does not exist.
 */
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

/* The argument of a call (0 to 5) that carries the mark; UNSOCK_SYS_UNMARKED for those that are never trapped. */
static inline __attribute__((always_inline)) int unsock_sys_marked_argument(long number) {
    switch (number) {
        UNSOCK_CALLS(UNSOCK_MARK_OF)
        UNSOCK_DOOR_CALLS(UNSOCK_MARK_OF_DOOR_CALL)
    default:
        return UNSOCK_SYS_UNMARKED;
    }
}

#endif
