/* The false kernel's functions for a target, and code that all targets share. */
#ifndef FUZZ_KERNEL_H
#define FUZZ_KERNEL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Keeps the input as a crash unless the condition holds. */
#define HOLDS(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            __builtin_trap();                                                                                          \
    } while (0)

struct fuzz_kernel {
    const uint8_t *data; /* what read, recvfrom and getdents64 give, in pieces */
    size_t size, used;
    unsigned piece;   /* a read gives at most so many bytes; 0: all that there is room for */
    unsigned failing; /* the n-th call fails; 0: none does */
    int error;        /* as the failing call does */
    unsigned calls;
    uint64_t inode;
    unsigned mode;  /* of files, as statx tells it */
    long opened;    /* descriptors that were not closed again */
    int64_t now_ns; /* goes on with each question for the time */
};
extern struct fuzz_kernel fuzz_kernel;

/* A kernel that gives `data`; the first bytes of it tell how. */
void fuzz_kernel_start(const uint8_t *data, size_t size);

/* A copy that ends where the memory does, for the sanitizer to see the first byte read beyond it. Free it. */
void *fuzz_exact(const uint8_t *data, size_t size);

/* The settings: a directory, and what is covered. */
void fuzz_settings(void);

#endif
