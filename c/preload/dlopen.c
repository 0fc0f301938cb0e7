/* Interposes dlopen and removes RTLD_DEEPBIND. With that flag the opened library would find libc's functions before
 * this library's, and its traffic would silently use the network. libc finds its caller's search path and namespace by
 * the return address, so libc's dlopen is not called but jumped to. */
#include "process/start.h"
#include "unsock.h"

#define DEEPBIND 8                   /* RTLD_DEEPBIND */
#define BY_PROGRAM (-0x7fffffff - 1) /* __RTLD_DLOPEN: a program's call, not libc's own */

extern void *__libc_dlopen_mode(const char *file, int flags) __attribute__((weak));

#define NAMED __attribute__((used)) /* used by assembly only */

NAMED void *(*unsock_next_dlopen)(const char *file, int flags);

/* Finds libc's dlopen, and returns the flags for it: without RTLD_DEEPBIND. The flag is harmless, and stays, if the
 * library redirects nothing in this process, or if it traps the program's system calls. */
NAMED int unsock_dlopen_flags(int flags) {
    if (!__atomic_load_n(&unsock_next_dlopen, __ATOMIC_RELAXED))
        __atomic_store_n(&unsock_next_dlopen, (void *(*)(const char *, int))unsock_next_find_newer("dlopen"),
                         __ATOMIC_RELAXED);
    return unsock_active() && !unsock_start_trapped ? flags & ~DEEPBIND : flags;
}

/* Opens a library if no dlopen was found. Before glibc 2.34 dlopen is in libdl, and the lookup misses it if libdl is
 * visible to the calling library alone. But libc itself has __libc_dlopen_mode. */
NAMED void *unsock_dlopen_plain(const char *file, int flags) {
    return __libc_dlopen_mode ? __libc_dlopen_mode(file, flags | BY_PROGRAM) : NULL;
}
