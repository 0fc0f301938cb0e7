/* A program that the library maps itself. */
#ifndef UNSOCK_TRAP_IMAGE_H
#define UNSOCK_TRAP_IMAGE_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>

/* image.c: Mapping an ELF file into memory as the kernel does (fs/binfmt_elf.c). */

#define UNSOCK_IMAGE_SEGMENTS 64
#define UNSOCK_IMAGE_TEXTS 4

/* Code from the file, which can be read, and not be written to. */
struct unsock_image_text {
    uint64_t start;
    uint64_t size;
    uint64_t offset; /* in the file */
};

struct unsock_image {
    uint64_t bias;    /* what was added to the file's addresses */
    uint64_t entry;   /* where it begins to run */
    uint64_t headers; /* where its program headers are in memory; 0: nowhere */
    uint64_t header_count;
    bool executable_stack;
    uint64_t first; /* of its pages */
    uint64_t size;  /* to the end of its last one */
    struct unsock_image_text texts[UNSOCK_IMAGE_TEXTS];
    unsigned text_count;
    char interpreter[4096]; /* the dynamic linker that it asks for; empty: none */
};

/*
 * Maps the program of descriptor `fd`. `page`: the size of a page. Returns 0; -ENOEXEC for what is no program of this
 * machine; mmap's -errno.
 */
long unsock_image_map(long fd, uint64_t page, struct unsock_image *image);

/*
 * patch.c: Places where a loaded program makes system calls, rewritten before its first instruction: a jump to a stub
 * takes the place of instructions there (rules/call_site.h). The filter stays in force: what is not rewritten, or
 * cannot be, is trapped.
 */

struct unsock_patch {
    const struct unsock_image *image;
    long fd; /* of the program's file */
    uint64_t page;
    uint64_t features; /* AT_HWCAP2 */
    bool small_stacks; /* it is Go's */
};

/*
 * Returns how many places were rewritten. 0: there is none that is known, or no room; -errno: memory that was written
 * to may not be executed here. Nothing has changed then; but with -EFAULT there is code no more that could be executed.
 */
long unsock_patch(const struct unsock_patch *patch);

/* Checks that a copy of this file's first page, once written to, may be executed. Returns 0 or the kernel's -errno. */
long unsock_patch_allowed(long fd, uint64_t page);

/*
 * Two copies of the library in a process: the one that loaded the program has rewritten it, and is asked by a number of
 * its own (trap/trapped.h) where; the preloaded one then answers. The first tells the second with an address, 0:
 * nowhere.
 */
long unsock_patch_tell(void);
void unsock_patch_take_over(void);

/*
 * loader.c: The library as a program's loader. Under the filter every program needs the handler before its first system
 * call, and exec takes handlers away: so the library is executed in the program's place, maps it, and jumps to it.
 */

/* True if the environment on `stack`, as the kernel left it, names a file to load (process/exec.h). */
bool unsock_loader_is_asked(const uint64_t *stack);

/* Loads it and jumps to it, with everything on the stack as if it had been executed. */
__attribute__((noreturn)) void unsock_loader_start(uint64_t *stack);

#endif
