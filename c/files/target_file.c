/* Binds, finds and removes socket files at the targets of control files. */
#include "files/control_file.h"

#include "files/directory.h"
#include "files/port.h"
#include "kernel/socket_info.h"
#include "rules/errno.h"

#define ASIDE_NAME ".unsock.gone"
#define ASIDE_MOST 128 /* a sun_path and the name fit */

/* Returns the path, which ends in a NUL even if it fills all of sun_path: the union is longer than sun_path. */
static const char *path_of_target(const struct unsock_target_file *where) {
    return (const char *)where->name.bytes + UNSOCK_SUN_PATH_OFFSET;
}

/* Returns the length of the path before its last slash. */
static size_t directory_length(const char *path) {
    size_t length = (size_t)(unsock_base_name(unsock_span_of(path)).at - path);
    return length > 0 ? length - 1 : 0;
}

static long lock_directory(struct unsock_lock *lock, const char *path) {
    size_t length = directory_length(path);
    return length == 0 && path[0] != '/' ? unsock_lock_take_in(lock, ".", 1) : unsock_lock_take_in(lock, path, length);
}

/* Renames a file without replacing another. If the file system cannot do this (EINVAL), may replace a file. */
static long move_file(const char *from, const char *to) {
    long result = unsock_renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
    return result == -EINVAL ? unsock_renameat(AT_FDCWD, from, AT_FDCWD, to) : result;
}

/* Renames the file to `aside`, a name that only the lock's holder uses. If a killed process left a file with this name,
 * removes it if it is stale, or if its path is too long for a probe: the killed process was about to remove it. */
static long move_aside(const char *path, const char *aside) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    size_t length = strlen(aside) + 1;
    bool fits = length <= sizeof(name.sun_path);
    long result = move_file(path, aside);
    if (result != -EEXIST)
        return result;
    if (fits)
        memcpy(name.sun_path, aside, length);
    if (!fits || unsock_socketfile_is_stale(&name, (socklen_t)(UNSOCK_SUN_PATH_OFFSET + length)))
        unsock_unlinkat(AT_FDCWD, aside, 0);
    result = move_file(path, aside);
    return result == -EEXIST ? -EADDRINUSE : result;
}

/* Removes the file. A program without the lock may have replaced it since the check. So this first renames the file,
 * and then compares it. Another program's file gets its own name back. */
static long remove_this(const struct unsock_target_file *where) {
    const char *path = path_of_target(where);
    UNSOCK_TEXT(aside, ASIDE_MOST);
    struct unsock_file_id moved;
    unsock_text_span(&aside, (struct unsock_span){path, directory_length(path)});
    unsock_text_join(&aside, path[0] == '/' || directory_length(path) > 0 ? "/" : "", ASIDE_NAME);
    long result = move_aside(path, aside.buffer);
    if (result < 0)
        return result;
    unsock_file_identify(AT_FDCWD, aside.buffer, &moved);
    result = -EADDRINUSE;
    if (unsock_file_is(&moved, &where->file))
        result = unsock_unlinkat(AT_FDCWD, aside.buffer, 0);
    if (result < 0)
        move_file(aside.buffer, path);
    return result;
}

/* Under the lock: removes the file, if it is still at its path and its socket is closed. -ENOENT: there is no file. */
static long take_away(const struct unsock_target_file *where, long probe) {
    struct unsock_file_id now;
    /* While the file is open, no other file can get its inode number. */
    UNSOCK_CLOSED long held = unsock_openat(AT_FDCWD, path_of_target(where), UNSOCK_O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
    if (held < 0)
        return held == -ENOENT ? held : -ENOBUFS;
    unsock_file_identify((int)held, "", &now);
    if (unsock_file_is(&now, &where->file) &&
        unsock_socketfile_life(probe, &where->name.un, where->length) == UNSOCK_PORT_STALE)
        return remove_this(where);
    return -EADDRINUSE;
}

/* Binds under the lock, after removing the stale file at the path, if it is still there. */
static long replace_stale_file(int socket, struct unsock_target_file *where) {
    struct unsock_lock lock;
    UNSOCK_CLOSED long probe = unsock_socketfile_probe();
    long result = lock_directory(&lock, path_of_target(where));
    if (result == 0)
        result = unsock_file_identify(AT_FDCWD, path_of_target(where), &where->file);
    if (result == 0)
        result = probe < 0 ? -EADDRINUSE : take_away(where, probe);
    if (result == 0 || result == -ENOENT)
        result = unsock_socketfile_bind(socket, &where->name.un, where->length, -1);
    unsock_lock_drop(&lock);
    return unsock_errno_as_ip(UNSOCK_AT_BIND, result);
}

long unsock_target_file_bind(int socket, const void *address, socklen_t length, struct unsock_target_file *where) {
    memset(where, 0, sizeof(*where));
    memcpy(&where->name, address, UNSOCK_MIN(length, sizeof(where->name.un)));
    size_t named = UNSOCK_SUN_PATH_OFFSET + strlen(path_of_target(where)) + 1;
    where->length = (socklen_t)UNSOCK_MIN(named, sizeof(where->name.un));
    /* Before 5.14 a bind in progress looks like a stale file (files/socketfile.c): so each bind takes the lock. */
    long result = unsock_kernel_is_before_5_14() ? -EADDRINUSE
                                                 : unsock_socketfile_bind(socket, &where->name.un, where->length, -1);
    if (result == -EADDRINUSE)
        result = replace_stale_file(socket, where);
    /* Notes no file for a relative path: the working directory may change. */
    where->file.inode = 0;
    if (result == 0 && path_of_target(where)[0] == '/')
        unsock_file_identify(AT_FDCWD, path_of_target(where), &where->file);
    return result;
}

UNSOCK_OWN_FRAME bool unsock_target_file_find(int fd, const struct unsock_fd *entry, struct unsock_target_file *where) {
    where->file.inode = 0;
    if (entry->kind != UNSOCK_KIND_FOREIGN || !unsock_fd_has_file(entry))
        return false;
    memset(&where->name, 0, sizeof(where->name));
    long length = unsock_socket_name(fd, __NR_getsockname, &where->name);
    if (length <= (long)UNSOCK_SUN_PATH_OFFSET || where->name.any.sa_family != AF_UNIX ||
        path_of_target(where)[0] != '/')
        return false;
    where->length = (socklen_t)UNSOCK_MIN((size_t)length, sizeof(where->name.un));
    unsock_file_identify(AT_FDCWD, path_of_target(where), &where->file);
    bool own = where->file.inode != 0;
    if (own && !unsock_state_has_remote(entry->state) && unsock_fd_file(entry)->inode != 0) {
        own = unsock_fd_file(entry)->inode == where->file.inode && unsock_fd_file(entry)->device == where->file.device;
    } else if (own) {
        /* The entry has no inode. But this socket is live, so a file without a live socket is not its own. */
        UNSOCK_CLOSED long probe = unsock_socketfile_probe();
        own = unsock_socketfile_is_live(probe, &where->name.un, where->length);
    }
    where->file.inode = own ? where->file.inode : 0;
    return own;
}

/* First asks without the lock: the file of a live socket stays. */
UNSOCK_OWN_FRAME void unsock_target_file_release(const struct unsock_target_file *where) {
    struct unsock_file_id now;
    struct unsock_lock lock;
    if (where->file.inode == 0)
        return;
    unsock_file_identify(AT_FDCWD, path_of_target(where), &now);
    if (!unsock_file_is(&now, &where->file))
        return;
    UNSOCK_CLOSED long probe = unsock_socketfile_probe();
    if (probe < 0 || unsock_socketfile_is_live(probe, &where->name.un, where->length))
        return;
    if (lock_directory(&lock, path_of_target(where)) == 0)
        take_away(where, probe);
    unsock_lock_drop(&lock);
}
