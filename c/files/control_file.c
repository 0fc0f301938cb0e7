/* Reads and writes control files. Caches their contents by inode and time of change. A file that has changed less than
 * SETTLED_NS ago is not cached: it may change again within the same tick of the file system's clock. */
#include "files/control_file.h"

#include "kernel/socket_info.h"
#include "rules/control.h"

#define LOOKED_AT (STATX_TYPE | STATX_MODE | STATX_UID | STATX_INO | STATX_CTIME)
#define PATH_MOST 4096
#define PLACES 16
#define SETTLED_NS (2 * UNSOCK_SECOND_NS) /* a tick of FAT's clock, the slowest of all */

static uint64_t time_of(int64_t seconds, uint64_t nanoseconds) {
    return (uint64_t)seconds * UNSOCK_SECOND_NS + nanoseconds;
}

/* A version of a file. `changed` is its ctime, which chmod and chown change, too. */
struct version {
    uint64_t inode;
    uint32_t device[2];
    uint64_t changed; /* in nanoseconds */
};

static UNSOCK_TABLE struct kept {
    uint32_t lock; /* a version counter (rt/base.h) */
    struct version version;
    struct unsock_control_file content;
} kept[PLACES];

static struct version version_of(const struct statx *status) {
    return (struct version){.inode = status->stx_ino,
                            .device = {status->stx_dev_major, status->stx_dev_minor},
                            .changed = time_of(status->stx_ctime.tv_sec, status->stx_ctime.tv_nsec)};
}

/* Copies the cached content. False if there is none, or if some users may not read the file: open(2) decides. */
static bool recall(const struct statx *status, struct unsock_control_file *content) {
    struct version version = version_of(status);
    struct kept *place = &kept[version.inode % PLACES];
    uint32_t begun = unsock_seqlock_begin(&place->lock);
    if (!(status->stx_mode & S_IROTH) || !unsock_same(&place->version, &version, sizeof(version)))
        return false;
    memcpy(content, &place->content, sizeof(*content));
    return unsock_seqlock_holds(&place->lock, begun);
}

/* Caches the content of a file, unless it has just changed. `now`: a time before the file was read. */
static void keep_content(const struct statx *status, const struct timespec *now, const uint8_t *content) {
    struct version version = version_of(status);
    struct kept *place = &kept[version.inode % PLACES];
    int64_t age = (int64_t)(time_of(now->tv_sec, (uint64_t)now->tv_nsec) - version.changed);
    if (age <= SETTLED_NS || !unsock_seqlock_claim(&place->lock, unsock_seqlock_begin(&place->lock)))
        return;
    place->version = version;
    memcpy(&place->content, content, sizeof(place->content));
    unsock_seqlock_publish(&place->lock);
}

/* Reads up to `size` bytes of the file. Some file systems return them in pieces. The caller asks for one byte more than
 * a control file has, so that the check refuses a longer file. */
static long read_file_bytes(long fd, uint8_t *bytes, size_t size) {
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

/* True if `owner` may redirect this user's traffic: it is root, this user, or the owner of the directory of `path`. */
static bool is_trusted_owner(uint32_t owner, const char *path) {
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

/* True if the owner of the file is trusted and, if `path` is a link (`linked`), the owner of the link, too. */
UNSOCK_OWN_FRAME static bool may_be_followed(const struct statx *file, const char *path, bool linked) {
    struct statx link;
    return is_trusted_owner(file->stx_uid, path) &&
           (!linked || (unsock_statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_UID, &link) == 0 &&
                        is_trusted_owner(link.stx_uid, path)));
}

/* Returns the type of the file at `path`, or -errno. Sets *linked if `path` is a link; the type is that of its target.
 * Opens nothing that could block. */
static long look_at_file(const char *path, struct statx *status, bool *linked) {
    long result = unsock_statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, LOOKED_AT, status);
    *linked = result == 0 && (status->stx_mode & S_IFMT) == S_IFLNK;
    if (*linked)
        result = unsock_statx(AT_FDCWD, path, 0, LOOKED_AT, status);
    return result < 0 ? result : status->stx_mode & S_IFMT;
}

/* Reads and checks the open file. Takes content and owner from `fd`, as another file may be at `path` now. Uses `path`
 * only to find the owner of its directory and, if it is a link, the link's owner. */
UNSOCK_OWN_FRAME static int read_open(long fd, const char *path, bool linked, struct unsock_control_file *control) {
    uint8_t bytes[sizeof(*control) + 1];
    struct statx status;
    struct timespec now = {0};
    unsock_clock_gettime(CLOCK_REALTIME, &now);
    bool followed =
        unsock_statx(fd, "", AT_EMPTY_PATH, LOOKED_AT, &status) == 0 && may_be_followed(&status, path, linked);
    long length = read_file_bytes(fd, bytes, sizeof(bytes));
    if (length < 0)
        return -EINVAL;
    if (!unsock_control_check(bytes, (size_t)length))
        return unsock_control_is_meant(bytes, (size_t)length) ? -EINVAL : -ENOEXEC;
    if (!followed)
        return -EACCES;
    if (control)
        memcpy(control, bytes, sizeof(*control));
    keep_content(&status, &now, bytes);
    return 0;
}

int unsock_control_file_read(const char *path, struct unsock_control_file *control) {
    struct statx status;
    bool linked;
    long result = look_at_file(path, &status, &linked);
    if (result != S_IFREG)
        return result < 0 ? (int)result : -ENODATA;
    if (control && recall(&status, control) && may_be_followed(&status, path, linked))
        return 0;
    /* O_NONBLOCK: a FIFO may have taken the file's place. */
    int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (linked ? 0 : O_NOFOLLOW);
    UNSOCK_CLOSED long fd = unsock_openat(AT_FDCWD, path, flags, 0);
    if (fd < 0)
        return fd == -ENXIO ? -ENODATA : (int)fd;
    return (int)read_open(fd, path, linked, control);
}

long unsock_resolve(const char *path, struct unsock_control_file *control) {
    int read = unsock_control_file_read(path, control);
    if (read == 0)
        return UNSOCK_ANSWERS_CONTROL;
    if (read == -ENOEXEC)
        return -EINVAL;
    int64_t inode = unsock_file_inode(path);
    if (inode > 0)
        return UNSOCK_ANSWERS_SOCKET;
    if (inode < 0)
        return inode == -ENOENT ? UNSOCK_ANSWERS_NOBODY : (long)inode;
    return read == -EINVAL || read == -EACCES ? read : UNSOCK_ANSWERS_OTHER;
}

/* Writes a random name, in the directory of `path`, into `part`. link(2) later gives the complete file its own name. */
static long name_control_part(const char *path, char *part) {
    struct unsock_text text = unsock_text_in(part, PATH_MOST);
    uint64_t number;
    if (unsock_getrandom(&number, sizeof(number), 0) != (long)sizeof(number))
        return -EIO;
    unsock_text_span(&text, (struct unsock_span){path, (size_t)(unsock_base_name(unsock_span_of(path)).at - path)});
    unsock_text_put(&text, UNSOCK_FILE_CONTROL_PART);
    unsock_text_number(&text, number, 16, UNSOCK_FILE_CONTROL_DIGITS);
    return text.cut ? -ENAMETOOLONG : 0;
}

long unsock_control_file_write(const char *path, const struct unsock_control_file *file, unsigned mode, bool locked) {
    char part[PATH_MOST];
    long result = name_control_part(path, part);
    long fd = result < 0 ? result : unsock_openat(AT_FDCWD, part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return fd;
    result = unsock_write_quietly(fd, file, sizeof(*file));
    result = result >= 0 && result != (long)sizeof(*file) ? -ENOSPC : UNSOCK_MIN(result, 0);
    if (result == 0)
        result = unsock_fchmod(fd, mode);
    if (result == 0 && locked)
        result = unsock_flock(fd, LOCK_SH);
    if (result == 0)
        result = unsock_linkat(AT_FDCWD, part, AT_FDCWD, path, 0);
    unsock_unlinkat(AT_FDCWD, part, 0);
    return unsock_opened(fd, result);
}
