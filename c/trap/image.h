/* Mapping an ELF file into memory as the kernel does (fs/binfmt_elf.c). */
#ifndef UNSOCK_TRAP_IMAGE_H
#define UNSOCK_TRAP_IMAGE_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>

#define UNSOCK_IMAGE_SEGMENTS 64
#define UNSOCK_IMAGE_TEXTS 4

/* Code from the file, which cannot be written to. */
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

#endif
