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

/* Of times only those that stay: the last change is another one when the rights or the links are. */
long unsock_file_key(const char *path, uint64_t key[2]) {
    struct statx status;
    long result = unsock_sys(__NR_statx, AT_FDCWD, path, SYMLINK_NOFOLLOW, STATX_INO | STATX_MTIME | STATX_BTIME, &status);
    if (result < 0)
        return result;
    key[0] = status.stx_ino ^ (uint64_t)status.stx_mtime.tv_nsec << 32;
    key[1] = (uint64_t)status.stx_btime.tv_sec << 32 ^ status.stx_btime.tv_nsec ^ (uint64_t)status.stx_mtime.tv_sec << 24;
    return 0;
}
