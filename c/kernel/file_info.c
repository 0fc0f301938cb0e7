/* Asks the kernel about a path: a file, a program, the entries of a directory. */
#include "kernel/file_info.h"

#include "rt/system_calls.h"

#include <linux/prctl.h>

#define MINOR_BITS 20 /* of a device number (linux/kdev_t.h) */

struct unsock_file_id unsock_file_id_in(const struct statx *status) {
    return (struct unsock_file_id){status->stx_ino, status->stx_dev_major << MINOR_BITS | status->stx_dev_minor};
}

UNSOCK_OWN_FRAME struct unsock_file_id unsock_file_id_of(long at, const char *path) {
    struct statx status = {0}; /* stays so if the call fails */
    unsock_statx(at, path, path[0] == '\0' ? AT_EMPTY_PATH : 0, STATX_INO, &status);
    return unsock_file_id_in(&status);
}

UNSOCK_OWN_FRAME long unsock_file_identify(int at, const char *path, struct unsock_file_id *id) {
    struct statx status;
    id->inode = 0;
    int flags = AT_SYMLINK_NOFOLLOW | (at == AT_FDCWD ? 0 : AT_EMPTY_PATH);
    long result = unsock_statx(at, path, flags, STATX_TYPE | STATX_INO, &status);
    if (result < 0 || (status.stx_mode & S_IFMT) != S_IFSOCK)
        return result;
    *id = unsock_file_id_in(&status);
    return 0;
}

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

/* Uses only the time of creation: chmod, link and the library's notes (files/port.h) change a file's other times. */
long unsock_file_key(const char *path, uint64_t key[2]) {
    struct statx status;
    long result = unsock_statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_BTIME, &status);
    if (result < 0)
        return result;
    key[0] = status.stx_ino;
    key[1] = (uint64_t)status.stx_btime.tv_sec << 32 ^ status.stx_btime.tv_nsec;
    return 0;
}

#define MODE_SET_USER 04000u
#define MODE_SET_GROUP 02010u

static bool is_descriptor(const char *path, int flags) {
    return (flags & AT_EMPTY_PATH) && path[0] == '\0';
}

long unsock_program_open(int directory, const char *path, int flags) {
    struct statx status;
    int how = O_RDONLY | O_CLOEXEC | O_NONBLOCK | (flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0);
    /* Opens a descriptor's file anew through /proc, if that is mounted: the descriptor may be O_PATH. */
    bool is_open = is_descriptor(path, flags);
    long fd = unsock_openat(is_open ? AT_FDCWD : directory, is_open ? UNSOCK_FD_PATH((unsigned)directory) : path,
                            is_open ? how & ~O_NOFOLLOW : how, 0);
    if (is_open && fd == -ENOENT)
        fd = unsock_fcntl(directory, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return fd;
    long result = unsock_statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &status);
    return unsock_opened(fd, result == 0 && (status.stx_mode & S_IFMT) == S_IFREG ? 0 : -EISDIR);
}

/* A noexec mount gives -EACCES, too. But without faccessat2(2), a descriptor always gives 0. */
long unsock_program_may_execute(int directory, const char *path, int flags) {
    long result = unsock_faccessat2(directory, path, X_OK, AT_EACCESS | (flags & AT_EMPTY_PATH));
    if (result != -ENOSYS && result != -EPERM) /* an older sandbox refuses a call that it does not know */
        return result;
    return is_descriptor(path, flags) ? 0 : unsock_faccessat(directory, path, X_OK);
}

enum unsock_program_gain unsock_program_gains_rights(long fd) {
    struct statx status;
    uint8_t capability[64];
    if (unsock_statx(fd, "", AT_EMPTY_PATH, STATX_MODE | STATX_UID | STATX_GID, &status) < 0 ||
        unsock_prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
        return UNSOCK_GAINS_NOTHING;
    if ((status.stx_mode & MODE_SET_USER) && (long)status.stx_uid != unsock_getuid())
        return UNSOCK_GAINS_USER;
    if ((status.stx_mode & MODE_SET_GROUP) == MODE_SET_GROUP && (long)status.stx_gid != unsock_getgid())
        return UNSOCK_GAINS_GROUP;
    bool rights =
        unsock_getuid() != 0 && unsock_fgetxattr(fd, "security.capability", capability, sizeof(capability)) > 0;
    return rights ? UNSOCK_GAINS_CAPABILITIES : UNSOCK_GAINS_NOTHING;
}

static long read_file(const struct unsock_program_source *source, uint64_t offset, void *bytes, size_t size) {
    return unsock_pread64(source->fd, bytes, size, offset);
}

void unsock_program_look(long fd, void *room, struct unsock_program_file *file) {
    struct unsock_program_source source = {.read = read_file, .fd = fd};
    unsock_program_file_read(&source, room, file);
}

#define FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* Offsets in struct linux_dirent64 (getdents64(2)), and its type DT_UNKNOWN. */
#define ENTRY_LENGTH_AT 16
#define ENTRY_TYPE_AT 18
#define ENTRY_NAME_AT 19
#define TYPE_UNKNOWN 0

void unsock_entries_open(struct unsock_entries *entries, long at, const char *path) {
    entries->at = entries->filled = 0;
    entries->fd = unsock_openat(at, path, FLAGS, 0);
}

const char *unsock_entries_next(struct unsock_entries *entries, enum unsock_entry_type *type) {
    for (;;) {
        if (entries->fd >= 0 && entries->at >= entries->filled) {
            long count = unsock_getdents64(entries->fd, entries->buffer, sizeof(entries->buffer));
            if (count < 0) {
                unsock_close(entries->fd);
                entries->fd = count;
            }
            entries->at = 0;
            entries->filled = count > 0 ? (size_t)count : 0;
        }
        if (entries->fd < 0 || entries->filled == 0)
            return NULL;
        const char *entry = entries->buffer + entries->at, *name = entry + ENTRY_NAME_AT;
        uint16_t length;
        memcpy(&length, entry + ENTRY_LENGTH_AT, sizeof(length));
        entries->at += length;
        if (name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0')))
            continue;
        unsigned kind = (unsigned char)entry[ENTRY_TYPE_AT];
        struct statx status;
        /* Some file systems do not list the type. */
        if (kind == TYPE_UNKNOWN && unsock_statx(entries->fd, name, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &status) == 0)
            kind = (status.stx_mode & S_IFMT) >> 12;
        *type = kind == S_IFSOCK >> 12  ? UNSOCK_ENTRY_SOCKET
                : kind == S_IFDIR >> 12 ? UNSOCK_ENTRY_DIRECTORY
                                        : UNSOCK_ENTRY_OTHER;
        return name;
    }
}

void unsock_entries_rewind(struct unsock_entries *entries) {
    entries->at = entries->filled = 0;
    if (entries->fd >= 0)
        unsock_lseek(entries->fd, 0, 0);
}

void unsock_entries_close(struct unsock_entries *entries) {
    unsock_close_open(entries->fd);
    entries->fd = -EBADF;
}
