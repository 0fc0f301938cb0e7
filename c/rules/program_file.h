/* Tells a program's kind by its file. Pure, over its bytes. */
#ifndef UNSOCK_PROGRAM_FILE_H
#define UNSOCK_PROGRAM_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum unsock_program_kind {
    UNSOCK_PROGRAM_OTHER, /* neither ELF nor a script: the kernel may know it (binfmt_misc), or a shell makes of it what
                             it can */
    UNSOCK_PROGRAM_SCRIPT,    /* "#!": `interpreter` runs it */
    UNSOCK_PROGRAM_DYNAMIC,   /* asks for a dynamic linker, which preloads */
    UNSOCK_PROGRAM_OWN_CALLS, /* the same, but it makes its system calls itself: Go, Free Pascal */
    UNSOCK_PROGRAM_STATIC,    /* nothing can be preloaded */
    UNSOCK_PROGRAM_FOREIGN,   /* for another machine, or for this one with 32 bits */
};

/* The kernel reads so much of a script's first line. */
#define UNSOCK_SCRIPT_LINE 256

struct unsock_program_file {
    enum unsock_program_kind kind;
    bool own_calls;                       /* of a static program too: it is Go's or Free Pascal's */
    bool is_pascal;                       /* which of the two */
    uint8_t bits;                         /* of an ELF file: 32 or 64 */
    uint16_t machine;                     /* of an ELF file: e_machine */
    char interpreter[UNSOCK_SCRIPT_LINE]; /* of a script */
    char argument[UNSOCK_SCRIPT_LINE];    /* of a script: the rest of its line, one argument; empty: none */
};

/* Random access to the file: reads at most `size` bytes from `offset` into `bytes`. Returns how many, or -errno. */
struct unsock_program_source {
    long (*read)(const struct unsock_program_source *source, uint64_t offset, void *bytes, size_t size);
    long fd;             /* for the kernel's files (kernel/file_info.h) */
    const uint8_t *data; /* for bytes in memory */
    size_t length;
};

/* `room`: UNSOCK_PROGRAM_ROOM bytes of memory for it, aligned to 8; the stack may be a very small one. Never fails:
 * what cannot be read is UNSOCK_PROGRAM_OTHER. */
#define UNSOCK_PROGRAM_ROOM 12288
void unsock_program_file_read(const struct unsock_program_source *source, void *room, struct unsock_program_file *file);

#endif
