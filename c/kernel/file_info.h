/* Asks the kernel about files, directories and programs, and their owners. */
#ifndef UNSOCK_KERNEL_FILE_INFO_H
#define UNSOCK_KERNEL_FILE_INFO_H

#include "rt/text.h"
#include "rules/program_file.h"

/* Returns the inode number of the socket file at `path`, 0 for other files, or -errno. Does not follow links. */
int64_t unsock_file_inode(const char *path);

/* Identifies a file among those of all file systems. */
struct unsock_file_id {
    uint64_t inode; /* 0: the file cannot be reached; from unsock_file_identify, also: it is no socket file */
    uint32_t device;
};

/* Identifies the file at `path` (of any type, relative to the directory `at`), or the open file `at` if the path is
 * empty. Follows links. unsock_file_id_in identifies the file from a statx(2) result with STATX_INO. */
struct unsock_file_id unsock_file_id_of(long at, const char *path);
struct statx;
struct unsock_file_id unsock_file_id_in(const struct statx *status);

/* Identifies the socket file at `path`, relative to the directory `at`; for an empty path, the open file `at`. Does not
 * follow links. Returns 0, or -errno; `id->inode` is 0 after an error, and for a file that is no socket. */
long unsock_file_identify(int at, const char *path, struct unsock_file_id *id);

static inline bool unsock_file_is(const struct unsock_file_id *one, const struct unsock_file_id *other) {
    return one->inode != 0 && one->inode == other->inode && one->device == other->device;
}

bool unsock_file_is_link(const char *path);

/* Makes a key of the file's inode number and birth time, known only to users who can reach it. Returns 0 or -errno. */
long unsock_file_key(const char *path, uint64_t key[2]);

#define UNSOCK_ENTRIES_CHUNK 1024 /* bytes; few, as an intercepted call may run on a small stack */

enum unsock_entry_type { UNSOCK_ENTRY_OTHER, UNSOCK_ENTRY_SOCKET, UNSOCK_ENTRY_DIRECTORY };

struct unsock_entries {
    long fd; /* -errno after a failed open or read: the list is incomplete then */
    size_t at;
    size_t filled;
    _Alignas(8) char buffer[UNSOCK_ENTRIES_CHUNK];
};

/* Opens the directory at `path`, relative to the directory `at` (or AT_FDCWD). Refuses a symbolic link. */
void unsock_entries_open(struct unsock_entries *entries, long at, const char *path);

/* Returns the next name (not "." or ".."), valid until the next call; NULL at the end and after an error (see `fd`). */
const char *unsock_entries_next(struct unsock_entries *entries, enum unsock_entry_type *type);

void unsock_entries_rewind(struct unsock_entries *entries);

void unsock_entries_close(struct unsock_entries *entries);

/* trust.c: Checks whether users other than root and this process's user could have written a file, or replaced a
 * directory. Intercepted calls must not use these functions: their static memory is for one thread at a time. */

/* Returns false, with `why` ("everybody may write to /tmp/x"), if users other than root and this process's could have
 * written or placed the file at the absolute path. Checks the file, the directories above it, and the directories that
 * symbolic links lead through. A component that this process cannot look up counts as safe. The file is a library, and
 * runs with the rights of all processes that load it. lib/library/trust.ts has the same checks for the command line. */
bool unsock_trust(const char *path, struct unsock_text *why);

/* The users who could replace a directory (unsock_trust_place). */
enum unsock_place {
    UNSOCK_PLACE_FIXED,  /* only root and this user */
    UNSOCK_PLACE_OWNERS, /* also the directory's owner; or this user cannot reach the directory */
    UNSOCK_PLACE_OPEN,   /* other users; `why` tells how. For root, the directory's owner counts as another user */
};

/* Returns which users could replace the directory at the absolute path by another one. Checks the directories above it;
 * write permission to the directory itself does not matter. */
enum unsock_place unsock_trust_place(const char *path, struct unsock_text *why);

/* Opens the program that execveat(directory, path, flags) would execute, to read it. Returns the descriptor or -errno:
 * -EISDIR if the program is no regular file, -EACCES also if this user may execute but not read it. */
long unsock_program_open(int directory, const char *path, int flags);

/* Checks whether this process may execute the program. Returns 0 or -errno, as execve would. */
long unsock_program_may_execute(int directory, const char *path, int flags);

/* Returns which rights, beyond this process's own, the program would get when executed. */
enum unsock_program_gain { UNSOCK_GAINS_NOTHING, UNSOCK_GAINS_USER, UNSOCK_GAINS_GROUP, UNSOCK_GAINS_CAPABILITIES };
enum unsock_program_gain unsock_program_gains_rights(long fd);

/* Reads the program's kind from the open file `fd`. `room`: memory for unsock_program_file_read. */
void unsock_program_look(long fd, void *room, struct unsock_program_file *file);

#endif
