/* Recognises sockets of the directory that were bound by another path to it (kernel/socket_info.h). */
#include "kernel/socket_info.h"

#include "rules/settings.h"

/* A file's mark is its time of modification: this second (in the year 2242) or later, but early enough for ext4 and XFS
 * to store. Seconds and nanoseconds together hold 61 bits of the hash. */
#define MARK_FIRST ((int64_t)1 << 33)
#define NANOSECOND_BITS 29

/* Computes the mark that the file at `path` gets if its socket has this name. False if `path` is no socket file. */
static bool mark_of_file(const char *path, const struct sockaddr_un *name, size_t length, struct timespec *mark,
                         struct statx *status) {
    unsigned wanted = STATX_TYPE | STATX_INO | STATX_BTIME | STATX_MTIME;
    if (unsock_statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, wanted, status) < 0 ||
        (status->stx_mode & S_IFMT) != S_IFSOCK)
        return false;
    /* The key, like unsock_file_key's, is unique among all files, and unknown before the file exists. */
    uint64_t key[2] = {status->stx_ino, (uint64_t)status->stx_btime.tv_sec << 32 ^ status->stx_btime.tv_nsec};
    uint64_t hash = unsock_keyed_hash(key, name->sun_path, length - UNSOCK_SUN_PATH_OFFSET);
    mark->tv_sec = MARK_FIRST + (int64_t)(hash >> 32);
    mark->tv_nsec = (long)(hash & ((1u << NANOSECOND_BITS) - 1));
    return true;
}

/* True if the socket at `path` (in UNSOCK_DIR) has this name. If connect fails with EPERM, compares the file's mark. */
UNSOCK_OWN_FRAME static bool has_name_at_path(const struct sockaddr_un *path, socklen_t path_length,
                                              const struct sockaddr_un *name, size_t length) {
    union unsock_sockaddr found;
    struct timespec mark;
    struct statx status;
    UNSOCK_CLOSED long probe = unsock_socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0)
        return false;
    long result = unsock_connect(probe, path, path_length);
    if (result == 0)
        result = unsock_socket_name((int)probe, __NR_getpeername, &found);
    if (result == -EPERM)
        return mark_of_file(path->sun_path, name, length, &mark, &status) && status.stx_mtime.tv_sec == mark.tv_sec &&
               status.stx_mtime.tv_nsec == (uint32_t)mark.tv_nsec;
    return result == (long)length && unsock_same(&found, name, length);
}

bool unsock_other_name_is_ours(const struct sockaddr_un *address, size_t length, struct unsock_name *name) {
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    struct unsock_text text = unsock_text_in(path.sun_path, sizeof(path.sun_path));
    struct unsock_span file;
    if (length > sizeof(*address) || !unsock_kernel_name_read_anywhere(address, length, name, &file) ||
        name->entry.type != SOCK_DGRAM)
        return false;
    unsock_text_join(&text, unsock_settings.directory, "/");
    unsock_text_span(&text, file);
    return !text.cut && has_name_at_path(&path, (socklen_t)(UNSOCK_SUN_PATH_OFFSET + text.length + 1), address, length);
}

UNSOCK_OWN_FRAME static bool peer_has_another(int fd) {
    union unsock_sockaddr peer;
    struct unsock_name name;
    struct unsock_span file;
    long length = unsock_socket_name(fd, __NR_getpeername, &peer);
    return length > 0 && unsock_kernel_name_read(&peer.un, (size_t)length).kind == UNSOCK_NAME_FOREIGN &&
           unsock_kernel_name_read_anywhere(&peer.un, (size_t)length, &name, &file);
}

void unsock_other_name_mark(int fd) {
    union unsock_sockaddr own;
    struct timespec times[2] = {{0}};
    struct statx status;
    if (!peer_has_another(fd))
        return;
    long length = unsock_socket_name(fd, __NR_getsockname, &own);
    if (length <= (long)UNSOCK_SUN_PATH_OFFSET || length >= (long)sizeof(own) || own.un.sun_path[0] != '/')
        return;
    own.bytes[length] = '\0';
    if (!mark_of_file(own.un.sun_path, &own.un, (size_t)length, &times[1], &status))
        return;
    times[0] = times[1];
    unsock_utimensat(AT_FDCWD, own.un.sun_path, times, AT_SYMLINK_NOFOLLOW);
}
