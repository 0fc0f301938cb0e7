/* Questions to the kernel about files, directories and programs, and their owners. */
#ifndef UNSOCK_KERNEL_FILE_INFO_H
#define UNSOCK_KERNEL_FILE_INFO_H

#include "rt/text.h"
#include "rules/program_file.h"

/* The file at a path. */

/* The inode number of the socket file at `path`; 0 when something else is there; -errno. Links are not followed. */
int64_t unsock_file_inode(const char *path);

/* Which file, of all file systems. */
struct unsock_file_id {
    uint64_t inode; /* 0: none, or no socket file */
    uint32_t device;
};

/*
 * Which socket file is at `path`, seen from the directory `at`; an empty path: which one `at` itself has open. Links
 * are not followed. Returns 0, also where something else is, or -errno: then `id` is of none.
 */
long unsock_file_identify(int at, const char *path, struct unsock_file_id *id);

static inline bool unsock_file_is(const struct unsock_file_id *one, const struct unsock_file_id *other) {
    return one->inode != 0 && one->inode == other->inode && one->device == other->device;
}

/* True if it is a symbolic link, for certain. */
bool unsock_file_is_link(const char *path);

/* A key made of what is known of the file by those alone who may look at it. Returns 0 or -errno. */
long unsock_file_key(const char *path, uint64_t key[2]);

/* Lists a directory, name by name. */

#define UNSOCK_ENTRIES_CHUNK 1024 /* calls may run on small stacks */

enum unsock_entry_type { UNSOCK_ENTRY_OTHER, UNSOCK_ENTRY_SOCKET, UNSOCK_ENTRY_DIRECTORY };

struct unsock_entries {
    long fd; /* or -errno, also of reading: then not all has been told */
    size_t at;
    size_t filled;
    _Alignas(8) char buffer[UNSOCK_ENTRIES_CHUNK];
};

/* Opens `path`, which is no link, seen from the directory `at` (AT_FDCWD). */
void unsock_entries_open(struct unsock_entries *entries, long at, const char *path);

/*
 * The next name, good until the next call, but for "." and ".."; NULL at the end. A file that is removed meanwhile may
 * be told or not.
 */
const char *unsock_entries_next(struct unsock_entries *entries, enum unsock_entry_type *type);

/* From the beginning once more. */
void unsock_entries_rewind(struct unsock_entries *entries);

void unsock_entries_close(struct unsock_entries *entries);

/*
 * trust.c: Finds out whether others than root and this process's user could have written a file, or replaced a
 * directory. Not on a call path: it needs much memory, which is static, and so is called by one thread at a time.
 */

/*
 * Returns false, with `why` ("everybody may write to /tmp/x"), if others than root and this process's user could have
 * written the file at the absolute path, or have put it there. Looks at the file, at the directories above it, and at
 * those that links lead through. Code in such a file runs with the rights of whoever loads it. lib/run/trusted_file.ts
 * says the same before there is a library to ask.
 */
bool unsock_trust(const char *path, struct unsock_text *why);

enum unsock_place {
    UNSOCK_PLACE_FIXED,  /* by root and the user alone */
    UNSOCK_PLACE_OWNERS, /* also by the directory's own owner, whom an ordinary user trusts who names it; or by nobody
                          * whom that would help, since this user cannot reach it */
    UNSOCK_PLACE_OPEN,   /* by others, of whom `why` says one */
};

/*
 * Returns which users could put another directory in the place of the one at the absolute path. Looks at what is above
 * it, not at who may write to it.
 */
enum unsock_place unsock_trust_place(const char *path, struct unsock_text *why);

/* The kernel's answer to executing a file, and the kind of the file. */

/*
 * Opens the program that execveat(directory, path, flags) would execute, to look at it: close-on-exec. Returns the
 * descriptor or -errno; -EISDIR when it is no regular file. It may be one that may be executed but not read.
 */
long unsock_program_open(int directory, const char *path, int flags);

/* Checks whether this process may execute it. Returns 0 or -errno, as execve would. */
long unsock_program_may_execute(int directory, const char *path, int flags);

/*
 * True if somebody has it open for writing: execve then fails with ETXTBSY. (False before Linux 6.8, which looks at
 * other things first.)
 */
bool unsock_program_is_busy(int directory, const char *path, int flags);

/* Returns which rights, other than this process's, executing it would give. */
enum unsock_program_gain { UNSOCK_GAINS_NOTHING, UNSOCK_GAINS_USER, UNSOCK_GAINS_GROUP, UNSOCK_GAINS_CAPABILITIES };
enum unsock_program_gain unsock_program_gains_rights(long fd);

/* Reads from the descriptor what kind of file it is. `room` as for unsock_program_file_read. */
void unsock_program_look(long fd, void *room, struct unsock_program_file *file);

/* True if this process may read the file, with the rights that it has now. */
bool unsock_program_is_readable(const char *path);

#endif
