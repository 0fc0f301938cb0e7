/* getdents64(2). */
#include "kernel/file_info.h"

#include "rt/system_calls.h"

#define FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* struct linux_dirent64 */
#define ENTRY_LENGTH_AT 16
#define ENTRY_TYPE_AT 18
#define ENTRY_NAME_AT 19
#define TYPE_UNKNOWN 0

void unsock_entries_open(struct unsock_entries *entries, long at, const char *path) {
    entries->at = entries->filled = 0;
    entries->fd = unsock_openat(at, path, FLAGS, 0);
}

/* Not every file system tells. */
static unsigned ask_type(const struct unsock_entries *entries, const char *name) {
    struct statx status;
    if (unsock_statx(entries->fd, name, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &status) < 0)
        return TYPE_UNKNOWN;
    return (status.stx_mode & S_IFMT) >> 12;
}

static bool is_dots(const char *name) {
    return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
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
        if (is_dots(name))
            continue;
        unsigned kind = (unsigned char)entry[ENTRY_TYPE_AT];
        kind = kind == TYPE_UNKNOWN ? ask_type(entries, name) : kind;
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
