/* What stands at a path. */
#include "kernel/file_info.h"

#include "rt/net.h"
#include "rt/sys.h"

#include <linux/stat.h>

#define SYMLINK_NOFOLLOW 0x100 /* AT_SYMLINK_NOFOLLOW (fcntl.h) */

/* The file's inode number when it is a socket; 0 when it is something else; -errno. */
int64_t unsock_file_inode(const char *path) {
    struct statx status;
    long result = unsock_sys(__NR_statx, AT_FDCWD, path, SYMLINK_NOFOLLOW, STATX_TYPE | STATX_INO, &status);
    if (result < 0)
        return result;
    return (status.stx_mode & UNSOCK_S_IFMT) == UNSOCK_S_IFSOCK ? (int64_t)status.stx_ino : 0;
}

bool unsock_file_is_link(const char *path) {
    struct statx status;
    return unsock_sys(__NR_statx, AT_FDCWD, path, SYMLINK_NOFOLLOW, STATX_TYPE, &status) == 0 &&
           (status.stx_mode & UNSOCK_S_IFMT) == UNSOCK_S_IFLNK;
}

/* Of times only that of the making: the other ones change with the rights, the links, and by notes (files/origin.h). */
long unsock_file_key(const char *path, uint64_t key[2]) {
    struct statx status;
    long result = unsock_sys(__NR_statx, AT_FDCWD, path, SYMLINK_NOFOLLOW, STATX_INO | STATX_BTIME, &status);
    if (result < 0)
        return result;
    key[0] = status.stx_ino;
    key[1] = (uint64_t)status.stx_btime.tv_sec << 32 ^ status.stx_btime.tv_nsec;
    return 0;
}
