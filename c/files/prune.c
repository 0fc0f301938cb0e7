/* Removing what is left over in a directory of socket files. */
#include "files/prune.h"

#include "files/lock.h"
#include "files/socketfile.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"

#include <linux/stat.h>

#define NO_FOLLOW 0x100 /* AT_SYMLINK_NOFOLLOW (fcntl.h) */

static bool is_socket(const char *path) {
    struct statx status;
    return unsock_sys(__NR_statx, AT_FDCWD, path, NO_FOLLOW, STATX_TYPE, &status) == 0 &&
           (status.stx_mode & UNSOCK_S_IFMT) == UNSOCK_S_IFSOCK;
}

int unsock_prune(const char *path, int remove) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct unsock_lock lock;
    size_t length = strlen(path), directory = length;
    while (directory > 0 && path[directory - 1] != '/')
        directory--;
    if (path[0] != '/' || directory < 2 || directory == length || length >= sizeof(address.sun_path))
        return -EINVAL;
    memcpy(address.sun_path, path, length + 1);
    long result = unsock_lock_take_in(&lock, path, directory - 1);
    if (result == 0) {
        socklen_t size = (socklen_t)(UNSOCK_SUN_PATH_OFFSET + length + 1);
        result = is_socket(path) && unsock_socketfile_is_stale(&address, size);
        if (result && remove) {
            long removed = unsock_sys(__NR_unlinkat, AT_FDCWD, path, 0);
            result = removed < 0 ? removed : result;
        }
    }
    unsock_lock_drop(&lock);
    return (int)result;
}
