/* The file of a directory's lock: opening it, or making it. */
#include "files/lock_file.h"

#include "files/directory_change.h"
#include "files/lock.h"
#include "memory/this_process.h"
#include "rt/net.h"
#include "rt/system_calls.h"
#include "rt/text.h"

#define FLAGS (O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)

/*
 * Makes the lock's file. Where others may write to the directory they may have the lock too: the same classes of users
 * may open its file, and nobody else. It gets its name when that is so: who is killed before leaves no lock that others
 * cannot open.
 */
static long make_shared(const struct unsock_lock *lock, const struct statx *directory) {
    char name[sizeof(lock->path) + 16];
    struct unsock_text text = unsock_text_in(name, sizeof(name));
    unsock_text_put(&text, lock->path);
    unsock_text_char(&text, '.');
    unsock_text_number(&text, (uint64_t)unsock_gettid(), 10, 1);
    unsock_directory_unlink(name);
    long fd = unsock_directory_open(name, FLAGS | O_CREAT | O_EXCL, 0200);
    if (fd < 0)
        return fd;
    if (unsock_fchown(fd, directory->stx_uid, directory->stx_gid) < 0)
        unsock_fchown(fd, -1, directory->stx_gid);
    unsock_fchmod(fd, 0200 | (directory->stx_mode & UNSOCK_OTHERS_WRITE));
    long result = unsock_directory_link(name, lock->path);
    unsock_directory_unlink(name);
    if (result < 0)
        unsock_close(fd);
    return result < 0 ? result : fd;
}

long unsock_lock_file_open(struct unsock_lock *lock, const char *directory, bool *made) {
    struct statx status;
    if (lock->closes && unsock_this_process()->lock_kept) {
        long fd = unsock_directory_open(lock->path, FLAGS, 0);
        if (fd >= 0)
            return fd;
    }
    long result = unsock_statx(AT_FDCWD, directory, 0, STATX_MODE | STATX_UID | STATX_GID, &status);
    if (result < 0)
        return -EACCES;
    /* Where this process has left the file, it was its user's. */
    bool left = lock->keeps && unsock_this_process()->lock_kept;
    bool private =
        (status.stx_mode & UNSOCK_OTHERS_WRITE) == 0 && (left || status.stx_uid == (uint32_t)unsock_geteuid());
    lock->keeps = lock->keeps && private;
    long fd = lock->keeps ? unsock_directory_open(lock->path, FLAGS, 0) : -ENOENT;
    if (fd != -ENOENT)
        return fd;
    fd = private ? unsock_directory_open(lock->path, FLAGS | O_CREAT | O_EXCL, 0200) : make_shared(lock, &status);
    *made = private && fd >= 0;
    return fd == -EEXIST ? unsock_directory_open(lock->path, FLAGS, 0) : fd;
}
