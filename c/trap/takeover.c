/*
 * The library preloaded into a program whose calls are trapped already, because it was loaded by another copy: this
 * one's handler takes over, so that what libc's functions and what raw system calls do is remembered in one place. And
 * into one that is to be trapped (UNSOCK_ENGINE=trap), and was not started by the library.
 */
#include "process/exec.h"
#include "process/start.h"
#include "rt/system_calls.h"
#include "trap/image.h"
#include "trap/signals.h"
#include "trap/trapped.h"

static const char refused[] =
    "unsock: UNSOCK_ENGINE: this system does not let system calls be trapped (seccomp): \"trap\"\n";

__attribute__((constructor)) static void take_over(void) {
    /* A Go program may have a dynamic linker, and no libc: there is no environment then, and the other copy knows
     * better. */
    if (!unsock_start_active() || !(unsock_start_trapped || unsock_start_traps))
        return;
    if (unsock_start_trapped) {
        unsock_self_exe_inherit();
        unsock_patch_take_over();
    }
    if (unsock_trap_install(unsock_signals_on_alternate_stack(), false) >= 0) {
        unsock_start_trapped = true;
        return;
    }
    unsock_write(2, refused, sizeof(refused) - 1);
    unsock_exit(125);
}
