/* Finds out a program's kind from its file's bytes. Pure. */
#ifndef UNSOCK_PROGRAM_FILE_H
#define UNSOCK_PROGRAM_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* This machine's number in an ELF header (elf.h). */
#if defined(__x86_64__)
#define UNSOCK_ELF_MACHINE EM_X86_64
#else
#define UNSOCK_ELF_MACHINE EM_AARCH64
#endif

enum unsock_program_kind {
    UNSOCK_PROGRAM_OTHER,     /* neither ELF nor a script: binfmt_misc or a shell may run it */
    UNSOCK_PROGRAM_SCRIPT,    /* "#!": `interpreter` runs it */
    UNSOCK_PROGRAM_DYNAMIC,   /* asks for a dynamic linker, which preloads libraries */
    UNSOCK_PROGRAM_OWN_CALLS, /* as DYNAMIC, but makes its system calls itself: Go, Free Pascal */
    UNSOCK_PROGRAM_STATIC,    /* has no dynamic linker: no library can be preloaded */
    UNSOCK_PROGRAM_FOREIGN,   /* ELF for another machine, or with 32 bits */
};

/* The kernel reads at most these bytes of a script's first line. */
#define UNSOCK_SCRIPT_LINE 256

struct unsock_program_file {
    enum unsock_program_kind kind;
    bool own_calls;                       /* Go's or Free Pascal's; set for a static program, too */
    bool is_pascal;                       /* Free Pascal's */
    uint8_t bits;                         /* of an ELF file: 32 or 64 */
    uint16_t machine;                     /* of an ELF file: e_machine */
    char interpreter[UNSOCK_SCRIPT_LINE]; /* of a script */
    char argument[UNSOCK_SCRIPT_LINE];    /* of a script: the rest of its line, one argument; empty: none */
};

/* Access to the file: `read` reads up to `size` bytes at `offset` into `bytes`. Returns their number or -errno. */
struct unsock_program_source {
    long (*read)(const struct unsock_program_source *source, uint64_t offset, void *bytes, size_t size);
    long fd;             /* for the kernel's files (kernel/file_info.h) */
    const uint8_t *data; /* for bytes in memory */
    size_t length;
};

/* Reads the program's kind. `room`: the caller's memory, UNSOCK_PROGRAM_ROOM bytes aligned to 16, as a stack may be too
 * small for it. Never fails: a file that cannot be read is UNSOCK_PROGRAM_OTHER. */
#define UNSOCK_PROGRAM_ROOM 12288
void unsock_program_file_read(const struct unsock_program_source *source, void *room, struct unsock_program_file *file);

#endif
