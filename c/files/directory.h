/* The directory: its place, its lock, and changes of its names. */
#ifndef UNSOCK_FILES_DIRECTORY_H
#define UNSOCK_FILES_DIRECTORY_H

#include "kernel/file_info.h"
#include "rules/port_record.h"
#include "rules/settings.h"

/* directory.c: Makes the directory of the socket files, and changes it. */

/* Makes the directory (0755, with its parents) if it is missing. Accepts a directory that this user cannot reach.
 * False, with one line in `error`, if it cannot be made, or if others could replace it and UNSOCK_TRUST is not set. */
bool unsock_directory_make(const struct unsock_settings *settings, struct unsock_text *error);

/* A number for this directory, the same by every path to it; 0 if unknown. Abstract names contain the number: they are
 * visible in the whole network namespace, and programs with different directories must not share a name. */
extern uint64_t unsock_directory_tag;

/* True if users other than its owner could write to the directory when the process started. */
extern bool unsock_directory_is_shared;

/* Resolves the links in the settings' path of the directory, which exists: /var/run/x becomes /run/x if /var/run is a
 * link. All processes of a mount namespace then recognise each other's sockets by one path. Changes nothing without
 * /proc, or if the result does not fit. */
void unsock_directory_name_settle(struct unsock_settings *settings);

/* A visit to another directory. A port's names are always read in the settings' directory, so a visit changes the
 * settings, and restores them at its end. Not for use while other threads make socket calls. */
struct unsock_directory_visit {
    char directory[UNSOCK_DIR_ROOM];
    size_t length;
};

/* Begins a visit to `directory`, an absolute path of `length` bytes. Returns false, and begins no visit, if the path is
 * not absolute, is "/", or is too long for names. */
bool unsock_directory_visit_begin(struct unsock_directory_visit *visit, const char *directory, size_t length);
void unsock_directory_visit_end(const struct unsock_directory_visit *visit);

/* lock.c: The lock of a directory. A process holds it while it removes or renames a socket file there.
 *
 * It is a POSIX record lock (fcntl(2)) on a file of its own, ".unsock.lock". Making the file costs several times as
 * much as opening it. So in a directory to which only its owner may write, the owner's process keeps the file there
 * until the process ends. In other directories another user could not open such a file, so it exists only while a
 * process has the lock or waits for it.
 *   - Only users with write permission to the directory can take the lock: nobody else can make the file, or open it in
 *     any mode.
 *   - The kernel frees the lock of a killed process. A child that another thread forked meanwhile never has the lock:
 *     record locks belong to the process that took them.
 *   - Threads of one process would share the lock. So they exclude each other by a word in memory.
 *
 * Only the first thread blocks signals while it has the lock. Another thread that unblocks them could take over a
 * signal for which the kernel has just woken the first thread. The first thread would then sleep on: Python runs its
 * handlers in that thread alone. */

struct unsock_lock {
    long fd;          /* of the lock's file, or -errno */
    bool blocks;      /* signals are blocked */
    bool keeps;       /* the file stays for the next time */
    bool closes;      /* for a close: skips the check of the directory if this process has kept its lock file */
    uint64_t signals; /* the thread's mask before, if `blocks` */
    char path[128];   /* of the lock's file: longer than a sun_path can be */
};

/* Locks a directory (a path of `length` bytes). Waits for other processes at most a second; at most 20 ms if this
 * process has waited without success in the last ten seconds; not at all in a signal handler that interrupted this
 * thread while it had a lock. Returns 0; -EADDRINUSE if others had the lock all the time; -EACCES if the directory
 * cannot be written to; -ENOBUFS without a descriptor, space or memory. */
long unsock_lock_take_in(struct unsock_lock *lock, const char *directory, size_t length);

/* Locks the directory of the socket files. With `closes`, the caller is closing a socket: a lock file that this process
 * kept is then used without checking the directory's mode again. If others have since been allowed to write there, the
 * next bind notices. */
long unsock_lock_take(struct unsock_lock *lock, bool closes);

/* Unlocks; after a failed lock it only restores the signal mask. */
void unsock_lock_drop(struct unsock_lock *lock);

/* When the process ends: removes the lock file if this process has kept it. If another process has the lock, does not
 * wait: that process removes the file when it ends, if it keeps one. */
void unsock_lock_end(void);

/* Changes in the directory of the socket files. If an untrusted user can replace the directory (UNSOCK_TRUST), its path
 * may name another directory later. Then each change opens the directory, checks that it is the one found at the start,
 * and works from its descriptor. Otherwise each change goes by path, without extra calls.
 *
 * The functions take absolute paths and return the kernel's results, like the system calls of these names; -EACCES if
 * another directory has taken its place. */

/* Sets the directory that was found at the start, and whether an untrusted user could put another one in its place. */
void unsock_directory_change_start(struct unsock_file_id directory, bool may_move);

/* True if changes must be made from the directory's descriptor, not by path. */
extern bool unsock_directory_may_move;

long unsock_directory_unlink(const char *path);
long unsock_directory_symlink(const char *text, const char *path);
long unsock_directory_link(const char *from, const char *to);

/* `flags`: those of renameat2(2), or 0. */
long unsock_directory_rename(const char *from, const char *to, unsigned flags);

/* Sets the times of the file itself, also if it is a link (utimensat(2)). */
long unsock_directory_set_times(const char *path, const void *times);

/* Opens the file (openat(2)) with a descriptor for the library's own use (kernel/socket_info.h). */
long unsock_directory_open(const char *path, int flags, int mode);

/* Sets the mode of a bound socket's file. Follows no link: in another user's directory the name may now be a link to
 * another file, whose mode root would change. If an untrusted user may have replaced the directory, works through a
 * descriptor of the directory found at the start. Outside the directory, gets the file from the socket itself (this
 * needs CAP_NET_ADMIN), else opens the path without following a link. */
void unsock_directory_set_mode(int socket, const char *path, int mode);

/* directory_list.c: Lists the names in a directory of socket files, as the library itself reads them. */

/* The kinds of names. */
enum unsock_directory_list_what {
    UNSOCK_DIRECTORY_LIST_PLAIN,    /* PORT.sock: the file of a plain server or a datagram client, or a control file */
    UNSOCK_DIRECTORY_LIST_PORT,     /* PORT.sock, a link to the port's first socket; `entry` is that socket */
    UNSOCK_DIRECTORY_LIST_FIRST,    /* the first socket's own file */
    UNSOCK_DIRECTORY_LIST_LISTED,   /* the own file of another socket in the record */
    UNSOCK_DIRECTORY_LIST_WAITING,  /* the own file of a socket that waits for another one of its process */
    UNSOCK_DIRECTORY_LIST_UNLISTED, /* the own file of a socket that neither the port link nor the record has */
    UNSOCK_DIRECTORY_LIST_RECORD,   /* from here on names for the library's own use */
    UNSOCK_DIRECTORY_LIST_NEXT,
    UNSOCK_DIRECTORY_LIST_INNER,
};

struct unsock_directory_list_one {
    const char *name; /* valid until the next call */
    enum unsock_directory_list_what what;
    struct unsock_port_entry entry; /* the socket; of PLAIN, RECORD and NEXT, only its port; empty for INNER */
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
