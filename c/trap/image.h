/* A program that the library maps, rewrites and starts itself. */
#ifndef UNSOCK_TRAP_IMAGE_H
#define UNSOCK_TRAP_IMAGE_H

#include "rt/base.h"

#include <elf.h>

/* image.c: Maps an ELF file into memory as the kernel does (fs/binfmt_elf.c). */

#define UNSOCK_IMAGE_SEGMENTS 64
#define UNSOCK_IMAGE_TEXTS 4

/* A segment with code: readable and executable, not writable. */
struct unsock_image_text {
    uint64_t start;
    uint64_t size;
    uint64_t offset; /* in the file */
};

struct unsock_image {
    uint64_t bias;    /* added to the file's addresses */
    uint64_t entry;   /* the address of the first instruction */
    uint64_t headers; /* the address of the program headers; 0: they are in no segment */
    uint64_t header_count;
    bool executable_stack;
    uint64_t first; /* the address of the first page */
    uint64_t size;  /* up to the end of the last page */
    struct unsock_image_text texts[UNSOCK_IMAGE_TEXTS];
    unsigned text_count;
    char interpreter[4096]; /* the path of the dynamic linker (PT_INTERP); empty: none */
};

/* Maps the program that is open as `fd`, and fills `*image`. `page`: the page size. Returns 0, -ENOEXEC if the file is
 * no 64-bit ELF program that can be mapped (the machine is not checked), or mmap's -errno. */
long unsock_image_map(long fd, uint64_t page, struct unsock_image *image);

/* patch.c: Rewrites the places at which a loaded program makes system calls, before its first instruction runs. A jump
 * to a stub replaces instructions there (rules/call_site.h). The filter still traps calls at all other places. */

struct unsock_patch {
    const struct unsock_image *image;
    long fd; /* the program's file */
    uint64_t page;
    uint64_t features; /* AT_HWCAP2 */
    bool small_stacks; /* a Go program (a goroutine's stack has a few KiB), or a Free Pascal program */
};

/* Returns the number of rewritten places. 0: no place has a known form, there is no room for stubs, the code cannot be
 * written, or threads cannot get stacks (UNSOCK_SITE_STACK_FEATURE). -errno: the kernel does not let written memory be
 * executed. In both cases the program is unchanged, except after -EFAULT: some of its code could not be remapped. */
long unsock_patch(const struct unsock_patch *patch);

/* Checks that a copy of the file's first page may be executed after a write to it. Returns 0 or mprotect's -errno. */
long unsock_patch_allowed(long fd, uint64_t page);

/* For a process with two copies of the library: one has loaded and rewritten the program, the other is preloaded. The
 * preloaded copy takes over by a socket call (UNSOCK_SYS_PROBE), which the first copy's filter traps. The first copy
 * answers with unsock_patch_tell: the address of the memory that the stubs read, or 0 if no place was rewritten. */
long unsock_patch_tell(void);
void unsock_patch_take_over(void);

/* loader.c: Loads a program in the library's place. A trapped program needs the SIGSYS handler before its first system
 * call, but exec removes handlers. So exec runs the library, which maps the program and jumps to it. */

/* True if the environment on the kernel's initial stack, at `stack`, names a file to load (process/exec.h). */
bool unsock_loader_is_asked(const uint64_t *stack);

/* Loads the file that the environment names, and jumps to it with an initial stack as the kernel makes it. */
__attribute__((noreturn)) void unsock_loader_start(void *stack);

/* Jumps to a program's first instruction, with its initial stack. */
__attribute__((noreturn, visibility("hidden"))) void unsock_jump(uint64_t entry, uint64_t *stack);

#endif
