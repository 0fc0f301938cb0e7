/* The directory: its place, its lock, and changes of its names. */
#ifndef UNSOCK_FILES_DIRECTORY_H
#define UNSOCK_FILES_DIRECTORY_H

#include "kernel/file_info.h"
#include "rules/port_record.h"
#include "rules/settings.h"

/* directory.c: Makes the directory of the socket files, and changes it. */

/* Makes the directory (0755, with its parents) if it is missing. Accepts a directory that this user cannot reach.
 * Returns false, with one line in `error`, if the directory cannot be made, if another kind of file has its path, or if
 * other users could replace it and UNSOCK_TRUST is not set. */
bool unsock_directory_make(const struct unsock_settings *settings, struct unsock_text *error);

/* Identifies the directory, whichever path leads there; 0: unknown. The abstract names of clients contain it: they are
 * visible in the whole network namespace, and programs with different directories must not use the same name. */
extern uint64_t unsock_directory_tag;

/* True if users other than its owner could write to the directory when the process started. */
extern bool unsock_directory_is_shared;

/* Resolves symbolic links in the directory's path (/var/run/x becomes /run/x), so that all processes of a mount
 * namespace use one path. Changes nothing if the directory or /proc is missing, or if the result is too long. */
void unsock_directory_name_settle(struct unsock_settings *settings);

/* During a visit the library reads and changes names in another directory: ..._begin puts that directory's path into
 * the settings, and ..._end restores the old path. Not for use while other threads make socket calls. */
struct unsock_directory_visit {
    char directory[UNSOCK_DIR_ROOM];
    size_t length;
};

/* Begins a visit to `directory`, a path of `length` bytes. False if the path is relative, "/", or too long. */
bool unsock_directory_visit_begin(struct unsock_directory_visit *visit, const char *directory, size_t length);
void unsock_directory_visit_end(const struct unsock_directory_visit *visit);

/* lock.c: The lock of a directory. A process takes the lock to remove or rename a socket file in the directory.
 *
 * It is a POSIX record lock (fcntl(2)) on the file ".unsock.lock". Making this file costs several times as much as
 * opening it. So where only the directory's owner may write, the owner's process keeps the file until the process ends.
 * Elsewhere another user might be unable to open it: it exists only while a process has the lock or tries to take it.
 *   - Only users with write permission to the directory can take the lock: no other user can make or open the file.
 *   - The kernel frees the lock of a killed process. A child forked by another thread never has the lock: record locks
 *     belong to the process that took them.
 *   - Threads of one process would share a record lock. So they exclude each other by a word in memory.
 *
 * Only a process's first thread blocks signals while it has the lock. If another thread blocked and unblocked them, it
 * could take a signal that was to wake the first thread: Python, for example, runs all handlers in that thread. */

struct unsock_lock {
    long fd;          /* of the lock's file, or -errno */
    bool blocks;      /* signals are blocked */
    bool keeps;       /* the file stays after the unlock */
    bool closes;      /* as the argument of unsock_lock_take */
    uint64_t signals; /* if `blocks`: the thread's signal mask before */
    char path[128];   /* of the lock's file: longer than a sun_path can be */
};

/* Locks the directory at a path of `length` bytes. If another process or thread has the lock, waits up to a second; up
 * to 20 ms if this process has waited in vain in the last ten seconds. Does not wait in a signal handler that
 * interrupted this thread while it had a lock. Returns 0; -EADDRINUSE if the lock did not become free; -EACCES if the
 * directory is missing or cannot be written to; -ENOBUFS in all other cases. */
long unsock_lock_take_in(struct unsock_lock *lock, const char *directory, size_t length);

/* Locks the directory of the socket files. `closes`: the caller is closing a socket. A lock file that this process has
 * kept is then used without a check of the directory's mode: if others may write there now, the next bind notices. */
long unsock_lock_take(struct unsock_lock *lock, bool closes);

/* Unlocks; after a failed lock it only restores the signal mask. */
void unsock_lock_drop(struct unsock_lock *lock);

/* Removes, at the end of the process, the lock file that this process has kept. If another process has the lock, does
 * not wait and leaves the file: the other process, if it keeps the file, removes it at its own end. */
void unsock_lock_end(void);

/* The functions below change names in the directory, as the system calls of the same names do; all paths are absolute.
 * If other users could replace the directory (UNSOCK_TRUST), each change opens it and works from its descriptor, and
 * fails with -EACCES if it is not the one found at the start. Otherwise a change goes by path. */

/* Notes the directory found at the start, and whether other users could put another directory in its place. */
void unsock_directory_change_start(struct unsock_file_id directory, bool may_move);

/* True if changes must be made from the directory's descriptor, not by path. */
extern bool unsock_directory_may_move;

long unsock_directory_unlink(const char *path);
long unsock_directory_symlink(const char *text, const char *path);
long unsock_directory_link(const char *from, const char *to);

long unsock_directory_rename(const char *from, const char *to, unsigned flags);

/* Sets the times of the file itself, also if it is a link (utimensat(2)). */
long unsock_directory_set_times(const char *path, const void *times);

long unsock_directory_open(const char *path, int flags, int mode);

/* Sets the mode of the file to which `socket` is bound. Follows no link that another user may have put in its place.
 * Outside the directory, asks the socket for its file (this needs CAP_NET_ADMIN), or else opens the path. */
void unsock_directory_set_mode(int socket, const char *path, int mode);

/* directory_list.c: Lists the names in a directory of socket files. */

enum unsock_directory_list_what {
    UNSOCK_DIRECTORY_LIST_PLAIN,    /* PORT.sock: the file of a plain server or a datagram client, or a control file */
    UNSOCK_DIRECTORY_LIST_PORT,     /* PORT.sock, a link to the port's first socket; `entry` is that socket */
    UNSOCK_DIRECTORY_LIST_FIRST,    /* the first socket's own file */
    UNSOCK_DIRECTORY_LIST_LISTED,   /* the own file of another socket in the record */
    UNSOCK_DIRECTORY_LIST_UNLISTED, /* the own file of a socket that neither the port link nor the record has */
    UNSOCK_DIRECTORY_LIST_RECORD,   /* from here on names for the library's own use */
    UNSOCK_DIRECTORY_LIST_NEXT,
    UNSOCK_DIRECTORY_LIST_INNER,
};

struct unsock_directory_list_one {
    const char *name; /* valid until the next call */
    enum unsock_directory_list_what what;
    struct unsock_port_entry entry; /* the socket; for PLAIN, RECORD and NEXT only the port; for INNER nothing */
};

struct unsock_directory_list {
    uint16_t only; /* lists only this port; 0: all */
    struct unsock_directory_visit visit;
    struct unsock_entries entries;
    struct unsock_port *port; /* the port that was read last */
};

/* Opens the directory at an absolute path, which may have links in it. Returns 0; or -errno, with nothing to close. */
long unsock_directory_list_open(struct unsock_directory_list *names, const char *directory, uint16_t only);

/* Stores the next name in *one. False at the end; names->entries.fd is then -errno if some names were not read. */
bool unsock_directory_list_next(struct unsock_directory_list *names, struct unsock_directory_list_one *one);

void unsock_directory_list_close(struct unsock_directory_list *names);

#endif
