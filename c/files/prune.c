/* Removing what is left over in a directory of socket files. */
#include "files/prune.h"

#include "files/lock.h"
#include "files/own_names.h"
#include "files/socketfile.h"
#include "kernel/file_info.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rt/text.h"
#include "rules/kernel_name.h"

#include <linux/stat.h>

#define NO_FOLLOW 0x100 /* AT_SYMLINK_NOFOLLOW (fcntl.h) */

static bool is_socket(const char *path) {
    struct statx status;
    return unsock_sys(__NR_statx, AT_FDCWD, path, NO_FOLLOW, STATX_TYPE, &status) == 0 &&
           (status.stx_mode & UNSOCK_S_IFMT) == UNSOCK_S_IFSOCK;
}

/* A link .PORT.sock, of which nothing is left that it could lead to or tell of. */
static bool is_idle_link(const char *path, size_t directory) {
    struct statx status;
    struct unsock_name name;
    char parent[sizeof((struct sockaddr_un){0}.sun_path)], file[sizeof(parent)];
    struct unsock_span last = unsock_span_of(path + directory);
    if (last.length < 2 || last.at[0] != '.' ||
        unsock_sys(__NR_statx, AT_FDCWD, path, NO_FOLLOW, STATX_TYPE, &status) < 0 ||
        (status.stx_mode & UNSOCK_S_IFMT) != UNSOCK_S_IFLNK)
        return false;
    last = (struct unsock_span){last.at + 1, last.length - 1};
    if (!unsock_kernel_name_read_file(last, &name) || name.own || name.hidden != 0 || name.type != SOCK_STREAM)
        return false;
    struct unsock_text text;
    unsock_text_start(&text, parent, sizeof(parent));
    unsock_text_span(&text, (struct unsock_span){path, directory - 1});
    unsock_text_start(&text, file, sizeof(file));
    unsock_text_span(&text, (struct unsock_span){path, directory});
    unsock_text_span(&text, last);
    return unsock_file_inode(file) == -ENOENT && !unsock_own_names_left(parent, name.port);
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
        result = is_socket(path) ? unsock_socketfile_is_stale(&address, size) : is_idle_link(path, directory);
        if (result && remove) {
            long removed = unsock_sys(__NR_unlinkat, AT_FDCWD, path, 0);
            result = removed < 0 ? removed : result;
        }
    }
    unsock_lock_drop(&lock);
    return (int)result;
}
