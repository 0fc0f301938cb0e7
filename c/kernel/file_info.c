/* What stands at a path. */
#include "kernel/file_info.h"

#include "rt/system_calls.h"

#define MINOR_BITS 20 /* of a device's number (linux/kdev_t.h) */

UNSOCK_OWN_FRAME long unsock_file_identify(int at, const char *path, struct unsock_file_id *id) {
    struct statx status;
    id->inode = 0;
    int flags = AT_SYMLINK_NOFOLLOW | (at == AT_FDCWD ? 0 : AT_EMPTY_PATH);
    long result = unsock_statx(at, path, flags, STATX_TYPE | STATX_INO, &status);
    if (result < 0 || (status.stx_mode & S_IFMT) != S_IFSOCK)
        return result;
    id->inode = status.stx_ino;
    id->device = status.stx_dev_major << MINOR_BITS | status.stx_dev_minor;
    return 0;
}

/* The file's inode number when it is a socket; 0 when it is something else; -errno. */
int64_t unsock_file_inode(const char *path) {
    struct unsock_file_id id;
    long result = unsock_file_identify(AT_FDCWD, path, &id);
    return result < 0 ? result : (int64_t)id.inode;
}

UNSOCK_OWN_FRAME bool unsock_file_is_link(const char *path) {
    struct statx status;
    return unsock_statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &status) == 0 &&
           (status.stx_mode & S_IFMT) == S_IFLNK;
}

/* Of times only that of the making: the other ones change with the rights, the links, and by notes
 * (files/port.h). */
long unsock_file_key(const char *path, uint64_t key[2]) {
    struct statx status;
    long result = unsock_statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_BTIME, &status);
    if (result < 0)
        return result;
    key[0] = status.stx_ino;
    key[1] = (uint64_t)status.stx_btime.tv_sec << 32 ^ status.stx_btime.tv_nsec;
    return 0;
}
