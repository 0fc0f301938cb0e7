/* The directory: where it is, its lock, its names, and who changes it. */
#ifndef UNSOCK_FILES_DIRECTORY_H
#define UNSOCK_FILES_DIRECTORY_H

#include "kernel/file_info.h"
#include "rules/port_record.h"
#include "rules/settings.h"

/* directory.c: The directory of the socket files. */

/*
 * Makes the directory (0755, parents too) where it is missing. One that this user cannot reach is no reason to refuse.
 * Returns false with one line in `error`, also where others could put another in its place and UNSOCK_TRUST is not set.
 */
bool unsock_directory_make(const struct unsock_settings *settings, struct unsock_text *error);

/*
 * A number that is this directory's, by whatever path it is reached: what is named after it is apart from what another
 * directory's programs name, where names are common to all (a network namespace's abstract ones). 0: not known.
 */
uint64_t unsock_directory_tag(void);

/* True if others than its owner could write to it when the process started. */
bool unsock_directory_is_shared(void);

/*
 * The directory's own name: /run/x, where the program was told /var/run/x and that leads through a link. All who are in
 * one mount namespace then have one name for it, and know each other's sockets by that.
 *
 * Puts its own name in the place of the one in the settings, if it has another and that fits. The directory is there.
 * Without /proc the name stays as it is.
 */
void unsock_directory_name_settle(struct unsock_settings *settings);

/*
 * Another directory of socket files than the one in force, for who asks about it: a port's names are those of the
 * directory in force, which is kept here meanwhile. Not for use while other threads make socket calls.
 */
struct unsock_directory_visit {
    char directory[UNSOCK_DIR_ROOM];
    size_t length;
};

/* `directory`: an absolute path of `length` bytes. False, and nothing to end: it is none, or its names have no room. */
bool unsock_directory_visit_begin(struct unsock_directory_visit *visit, const char *directory, size_t length);
void unsock_directory_visit_end(const struct unsock_directory_visit *visit);

/*
 * lock.c: The lock of a directory, held by whoever removes or moves a socket file in it.
 *
 * It is a POSIX record lock (fcntl(2)) on a file of its own, ".unsock.lock". To make a file costs several times what it
 * costs to open one. So in a directory that nobody but its owner may write to, a process leaves the file there until it
 * ends. In others another user could not open it, and the file is there only while somebody has the lock or waits for
 * it.
 *   - Only those who may write to the directory can have the lock. Nobody else can make the file, and its mode lets
 *     nobody else open it, for reading neither.
 *   - A process that is killed has it no longer, and a child that another thread forked meanwhile never has it: such
 *     locks belong to the process that took them.
 *   - Threads of one process would share it. They exclude each other by a word in memory.
 *
 * Signals are held back meanwhile in the first thread alone. A thread that holds signals back and lets them in again
 * takes what was sent to the process just then. It would also take what the first thread has been woken for; that one
 * would sleep on, and Python runs its handlers nowhere else.
 */

struct unsock_lock {
    long fd;          /* of the lock's file; -errno: why there is none */
    bool blocks;      /* signals are held back */
    bool keeps;       /* the file stays for the next time */
    bool closes;      /* a socket is to be closed: where this process has left the file, it is as it was */
    uint64_t signals; /* then: the thread's mask before */
    char path[128];   /* of the lock's file: its directory's may be as long as fits into a sun_path */
};

/*
 * Locks a directory (an absolute path of `length` bytes). Waits for others, at most a second, and 20 ms where this
 * process has done so in vain in the last ten seconds; not in a signal handler that has interrupted this thread while
 * it has a lock. Returns 0; or, not locked, -EADDRINUSE when others have it all the time, -EACCES for a directory that
 * cannot be written to, -ENOBUFS when there is no descriptor, space or memory.
 */
long unsock_lock_take_in(struct unsock_lock *lock, const char *directory, size_t length);

/*
 * The same of the directory of the socket files. `closes`: to close a socket. Whether others may write to the directory
 * by now is asked where one is bound: whoever may not open the file that this process has left, waits for that anyway.
 */
long unsock_lock_take(struct unsock_lock *lock, bool closes);

/* Unlocks, whatever locking said. */
void unsock_lock_drop(struct unsock_lock *lock);

/*
 * This process ends: removes the file that it has left for the next time. Waits for nobody: who has the lock now, and
 * leaves the file, removes it in turn.
 */
void unsock_lock_end(void);

/*
 * Changing what is in the directory of the socket files. Its path leads elsewhere once somebody has
 * put another directory in its place; where others than root and the user could do that (UNSOCK_TRUST), each change is
 * made from a descriptor of the very directory that was there at the start. Elsewhere that costs nothing: the path is
 * as good.
 *
 * The functions take absolute paths, as their namesakes of the kernel, and return what the kernel says; -EACCES where
 * another directory is in the place.
 */

/* Which directory it is; inode 0: it cannot be reached. */
struct unsock_directory_id {
    uint64_t inode;
    uint32_t major, minor; /* of its file system */
};

/* As it was found at the start, and whether others than root and the user could put another in its place. */
void unsock_directory_change_start(const struct unsock_directory_id *directory, bool may_move);

/* True if changes in it must be made from its descriptor, not by path. */
bool unsock_directory_may_move(void);

/* True if the path begins with that directory's and a slash. */
bool unsock_directory_has_path(const char *path);

long unsock_directory_unlink(const char *path);
long unsock_directory_symlink(const char *text, const char *path);
long unsock_directory_link(const char *from, const char *to);
long unsock_directory_rename(const char *from, const char *to);

/* With flags of renameat2(2). */
long unsock_directory_rename_with(const char *from, const char *to, unsigned flags);

/* Times of the file itself, not of what it leads to (utimensat(2)). */
long unsock_directory_set_times(const char *path, const void *times);

/* Opens it (openat(2)), as a descriptor of the library (kernel/socket_info.h). */
long unsock_directory_open(const char *path, int flags, int mode);

/* directory_list.c: Lists a directory of socket files, name by name, as the library itself reads it. */

/* The kinds of names. */
enum unsock_directory_list_what {
    UNSOCK_DIRECTORY_LIST_PLAIN,    /* PORT.sock itself: a plain Unix server's, a datagram client's, a control file */
    UNSOCK_DIRECTORY_LIST_PORT,     /* PORT.sock, a link to the port's first socket, which `entry` is */
    UNSOCK_DIRECTORY_LIST_FIRST,    /* the file of that */
    UNSOCK_DIRECTORY_LIST_LISTED,   /* that of another one in the record */
    UNSOCK_DIRECTORY_LIST_WAITING,  /* that of one that waits for another of its process */
    UNSOCK_DIRECTORY_LIST_UNLISTED, /* a name of a socket's that the port knows nothing of */
    UNSOCK_DIRECTORY_LIST_RECORD,   /* from here on what the library has there for itself */
    UNSOCK_DIRECTORY_LIST_NEXT,
    UNSOCK_DIRECTORY_LIST_INNER,
};

struct unsock_directory_list_one {
    const char *name; /* good until the next one */
    enum unsock_directory_list_what what;
    struct unsock_port_key key; /* but for INNER */
    struct unsock_port_entry entry;
};

struct unsock_directory_list {
    uint16_t only; /* this port's alone; 0: of all */
    struct unsock_directory_visit visit;
    struct unsock_entries entries;
    struct unsock_port *port; /* the last one that was read */
};

/* Opens the directory at an absolute path, which may lead through links. Returns 0; or -errno, and nothing to close. */
long unsock_directory_list_open(struct unsock_directory_list *names, const char *directory, uint16_t only);

/* False at the end: names->entries.fd is -errno then where not all has been told. */
bool unsock_directory_list_next(struct unsock_directory_list *names, struct unsock_directory_list_one *one);

void unsock_directory_list_close(struct unsock_directory_list *names);

#endif
