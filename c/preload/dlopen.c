/*
 * Interposes dlopen and removes RTLD_DEEPBIND. With that flag the opened library would find libc's functions before
 * this library's, and its traffic would silently use the network. libc finds its caller's search path and namespace by
 * the return address, so libc's dlopen is not called but jumped to.
 */
#include "process/start.h"
#include "unsock.h"

#define DEEPBIND 8                   /* RTLD_DEEPBIND */
#define BY_PROGRAM (-0x7fffffff - 1) /* __RTLD_DLOPEN: a program's call, not libc's own */

extern void *__libc_dlopen_mode(const char *file, int flags) __attribute__((weak));

#define NAMED __attribute__((used)) /* used by assembly only */

NAMED void *(*unsock_next_dlopen)(const char *file, int flags);

/* Returns the flags for libc's dlopen: in a preloaded program without RTLD_DEEPBIND. In a trapped one
 * that is harmless. */
NAMED int unsock_dlopen_flags(int flags) {
    if (!__atomic_load_n(&unsock_next_dlopen, __ATOMIC_RELAXED))
        __atomic_store_n(&unsock_next_dlopen, (void *(*)(const char *, int))unsock_next_find_newer("dlopen"),
                         __ATOMIC_RELAXED);
    return unsock_active() && !unsock_start_trapped ? flags & ~DEEPBIND : flags;
}

/* Opens a library if no dlopen was found. Before glibc 2.34 it is in libdl, which only the calling library may have
 * loaded; but the function that libdl calls is in libc. */
NAMED void *unsock_dlopen_plain(const char *file, int flags) {
    return __libc_dlopen_mode ? __libc_dlopen_mode(file, flags | BY_PROGRAM) : NULL;
}

__asm__(".text\n" UNSOCK_ASM_BEGIN("dlopen")
#if defined(__x86_64__)
            "endbr64\n"
            "push %rdi\n"
            ".cfi_adjust_cfa_offset 8\n"
            "sub $16, %rsp\n" /* aligned for a call */
            ".cfi_adjust_cfa_offset 16\n"
            "mov %esi, %edi\n"
            "call unsock_dlopen_flags\n"
            "add $16, %rsp\n"
            ".cfi_adjust_cfa_offset -16\n"
            "pop %rdi\n"
            ".cfi_adjust_cfa_offset -8\n"
            "mov %eax, %esi\n"
            "mov unsock_next_dlopen(%rip), %rax\n"
            "test %rax, %rax\n"
            "jz unsock_dlopen_plain\n"
            "jmp *%rax\n"
#elif defined(__aarch64__)
            "hint #34\n" /* bti c */
            "stp x29, x30, [sp, #-32]!\n"
            ".cfi_adjust_cfa_offset 32\n"
            ".cfi_rel_offset x29, 0\n"
            ".cfi_rel_offset x30, 8\n"
            "str x0, [sp, #16]\n"
            "mov w0, w1\n"
            "bl unsock_dlopen_flags\n"
            "mov w1, w0\n"
            "ldr x0, [sp, #16]\n"
            "ldp x29, x30, [sp], #32\n"
            ".cfi_adjust_cfa_offset -32\n"
            ".cfi_restore x29\n"
            ".cfi_restore x30\n"
            "adrp x16, unsock_next_dlopen\n"
            "ldr x16, [x16, :lo12:unsock_next_dlopen]\n"
            "cbz x16, 1f\n"
            "br x16\n"
            "1: b unsock_dlopen_plain\n"
#endif
        UNSOCK_ASM_END("dlopen"));
