/* Reading control files: bytes from outside, checked before anything in them is used. */
#include "files/control_file.h"

#include "kernel/socket_info.h"
#include "rules/control.h"

/* One byte more than a control file has, so that a longer file is seen as such. Some file systems give it in pieces. */
static long read_all(long fd, uint8_t *bytes, size_t size) {
    size_t filled = 0;
    while (filled < size) {
        long count = unsock_read(fd, bytes + filled, size - filled);
        if (count < 0 && count != -EINTR)
            return count;
        if (count == 0)
            break;
        filled += count > 0 ? (size_t)count : 0;
    }
    return (long)filled;
}

/* Root, this user, and whoever made the directory may say where the traffic of others goes; somebody else may not. */
static bool is_trusted(uint32_t owner, const char *path) {
    struct statx status;
    char directory[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
    size_t length = (size_t)(unsock_base_name(unsock_span_of(path)).at - path);
    if (owner == 0 || owner == (uint32_t)unsock_geteuid())
        return true;
    if (length >= sizeof(directory))
        return false;
    memcpy(directory, length > 0 ? path : ".", length > 0 ? length : 1);
    directory[length > 0 ? length : 1] = '\0';
    return unsock_statx(AT_FDCWD, directory, 0, STATX_UID, &status) == 0 && status.stx_uid == owner;
}

static bool is_of_trusted(long at, const char *name, int flags, const char *path) {
    struct statx status;
    return unsock_statx(at, name, flags, STATX_UID, &status) == 0 && is_trusted(status.stx_uid, path);
}

/* Both the file and the link that led to it, if there is one. */
static bool may_be_followed(long fd, const char *path, bool linked) {
    return is_of_trusted(fd, "", AT_EMPTY_PATH, path) &&
           (!linked || is_of_trusted(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, path));
}

/* Of what kind is it, and is it a link? Looking at a FIFO or a device neither blocks nor wakes anybody. */
static long look(const char *path, bool *linked) {
    struct statx status;
    long result = unsock_statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &status);
    *linked = result == 0 && (status.stx_mode & S_IFMT) == S_IFLNK;
    if (*linked)
        result = unsock_statx(AT_FDCWD, path, 0, STATX_TYPE, &status);
    return result < 0 ? result : status.stx_mode & S_IFMT;
}

int unsock_control_file_read(const char *path, struct unsock_control_file *control) {
    uint8_t bytes[sizeof(*control) + 1];
    bool linked;
    long result = look(path, &linked);
    if (result != S_IFREG)
        return result < 0 ? (int)result : -ENODATA;
    /* It may have been exchanged since: O_NONBLOCK keeps even a FIFO from blocking, and what is read is checked. */
    int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (linked ? 0 : O_NOFOLLOW);
    long fd = unsock_descriptor(__NR_openat, AT_FDCWD, path, flags);
    if (fd < 0)
        return fd == -ENXIO ? -ENODATA : (int)fd;
    result = read_all(fd, bytes, sizeof(bytes));
    bool followed = may_be_followed(fd, path, linked);
    unsock_close(fd);
    if (result < 0)
        return -EINVAL;
    if (!unsock_control_check(bytes, (size_t)result))
        return unsock_control_is_meant(bytes, (size_t)result) ? -EINVAL : -ENOEXEC;
    if (!followed)
        return -EACCES;
    if (control)
        memcpy(control, bytes, sizeof(*control));
    return 0;
}
