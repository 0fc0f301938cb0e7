/* By path, or from the directory's descriptor. */
#include "files/directory.h"

#include "kernel/socket_info.h"

static struct unsock_directory_id known;
static bool moves;

void unsock_directory_change_start(const struct unsock_directory_id *directory, bool may_move) {
    known = *directory;
    moves = may_move;
}

bool unsock_directory_may_move(void) {
    return moves;
}

/* From where, and by which name. */
struct place {
    long at; /* a descriptor of ours, AT_FDCWD, or why there is none */
    const char *name;
};

bool unsock_directory_has_path(const char *path) {
    size_t length = unsock_settings.directory_length;
    return length > 0 && strlen(path) > length && unsock_same(path, unsock_settings.directory, length) &&
           path[length] == '/';
}

/* -EACCES where another directory is in the place by now. */
static long open_known(void) {
    struct statx status;
    long fd = unsock_openat(AT_FDCWD, unsock_settings.directory, UNSOCK_O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0)
        return fd;
    if (unsock_statx(fd, "", AT_EMPTY_PATH, STATX_INO, &status) == 0 && status.stx_ino == known.inode &&
        status.stx_dev_major == known.major && status.stx_dev_minor == known.minor)
        return fd;
    unsock_close(fd);
    return -EACCES;
}

static struct place enter(const char *path) {
    if (!moves || !unsock_directory_has_path(path))
        return (struct place){AT_FDCWD, path};
    const char *name = path + unsock_settings.directory_length;
    while (*name == '/')
        name++;
    return (struct place){open_known(), name};
}

static bool is_there(const struct place *place) {
    return place->at >= 0 || place->at == AT_FDCWD;
}

static long leave(const struct place *place, long result) {
    unsock_close_open(place->at);
    return is_there(place) ? result : place->at;
}

long unsock_directory_unlink(const char *path) {
    struct place place = enter(path);
    return leave(&place, is_there(&place) ? unsock_unlinkat(place.at, place.name, 0) : 0);
}

long unsock_directory_symlink(const char *text, const char *path) {
    struct place place = enter(path);
    return leave(&place, is_there(&place) ? unsock_symlinkat(text, place.at, place.name) : 0);
}

long unsock_directory_link(const char *from, const char *to) {
    struct place old = enter(from), new = enter(to);
    bool both = is_there(&old) && is_there(&new);
    long result = both ? unsock_linkat(old.at, old.name, new.at, new.name, 0) : -EACCES;
    return leave(&old, leave(&new, result));
}

long unsock_directory_rename_with(const char *from, const char *to, unsigned flags) {
    struct place old = enter(from), new = enter(to);
    bool both = is_there(&old) && is_there(&new);
    long result = -EACCES;
    if (both)
        result = flags ? unsock_renameat2(old.at, old.name, new.at, new.name, flags)
                       : unsock_renameat(old.at, old.name, new.at, new.name);
    return leave(&old, leave(&new, result));
}

long unsock_directory_rename(const char *from, const char *to) {
    return unsock_directory_rename_with(from, to, 0);
}

long unsock_directory_set_times(const char *path, const void *times) {
    struct place place = enter(path);
    return leave(&place, is_there(&place) ? unsock_utimensat(place.at, place.name, times, AT_SYMLINK_NOFOLLOW) : 0);
}

long unsock_directory_open(const char *path, int flags, int mode) {
    struct place place = enter(path);
    return leave(&place, is_there(&place) ? unsock_openat(place.at, place.name, flags, mode) : 0);
}
