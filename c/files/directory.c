/* Makes the directory, resolves its path, visits another directory, and changes names by path or from a descriptor. */
#include "files/directory.h"

#include "kernel/socket_info.h"

#define WHY_MOST 200
#define SIOCUNIXFILE_NUMBER 0x89e0 /* linux/un.h */

bool unsock_directory_is_shared;
uint64_t unsock_directory_tag;

static long make_with_parents(char *path) {
    for (size_t i = 1; path[i] != '\0'; i++) {
        if (path[i] != '/')
            continue;
        path[i] = '\0';
        long result = unsock_mkdirat(AT_FDCWD, path, 0755);
        path[i] = '/';
        if (result < 0 && result != -EEXIST)
            return result;
    }
    long result = unsock_mkdirat(AT_FDCWD, path, 0755);
    return result == -EEXIST ? 0 : result;
}

static long stat_directory(const char *path, struct statx *status) {
    return unsock_statx(AT_FDCWD, path, 0, STATX_TYPE | STATX_MODE | STATX_INO, status);
}

static bool check_place(const struct unsock_settings *settings, bool *may_move, struct unsock_text *error) {
    UNSOCK_TEXT(why, WHY_MOST);
    enum unsock_place place = unsock_trust_place(settings->directory, &why);
    *may_move = place != UNSOCK_PLACE_FIXED;
    if (place != UNSOCK_PLACE_OPEN || settings->trust)
        return true;
    unsock_text_join(error, "UNSOCK_DIR: ", why.buffer,
                     ", and so another could be put in its place: name one elsewhere, ",
                     "or trust them with UNSOCK_TRUST=1: ");
    unsock_text_quote(error, unsock_span_of(settings->directory));
    return false;
}

static void say_why_not(const struct unsock_settings *settings, const char *why, long result,
                        struct unsock_text *error) {
    unsock_text_join(error, "UNSOCK_DIR: ", result == 0 || result == -ENOTDIR ? "is not a directory" : why);
    if (result < 0 && result != -ENOTDIR)
        unsock_text_join(error, " (errno ", UNSOCK_DECIMAL(-result), ")");
    unsock_text_put(error, ": ");
    unsock_text_quote(error, unsock_span_of(settings->directory));
}

bool unsock_directory_make(const struct unsock_settings *settings, struct unsock_text *error) {
    struct statx status;
    char path[UNSOCK_DIR_MOST + 1];
    const char *why = "cannot be used";
    bool may_move;
    if (!check_place(settings, &may_move, error))
        return false;
    unsock_directory_change_start((struct unsock_file_id){0}, may_move);
    memcpy(path, settings->directory, settings->directory_length + 1);
    long result = stat_directory(path, &status);
    if (result == -ENOENT) {
        why = "the directory cannot be made";
        result = make_with_parents(path);
        result = result == 0 ? stat_directory(path, &status) : result;
    } else if (result == -EACCES) {
        return true; /* the program may need no network; its first call that fails is logged (kernel/log.h) */
    }
    if (result == 0 && (status.stx_mode & S_IFMT) == S_IFDIR) {
        unsock_directory_is_shared = (status.stx_mode & UNSOCK_OTHERS_WRITE) != 0;
        /* Device and inode numbers are mostly so small that they do not overlap here. */
        unsock_directory_tag =
            status.stx_ino ^ (uint64_t)status.stx_dev_major << 52 ^ (uint64_t)status.stx_dev_minor << 32;
        unsock_directory_change_start(unsock_file_id_in(&status), may_move);
        return true;
    }
    say_why_not(settings, why, result, error);
    return false;
}

void unsock_directory_name_settle(struct unsock_settings *settings) {
    char path[UNSOCK_DIR_MOST + 2];
    UNSOCK_CLOSED long fd = unsock_openat(AT_FDCWD, settings->directory, UNSOCK_O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0)
        return;
    long length = unsock_readlinkat(AT_FDCWD, UNSOCK_FD_PATH(fd), path, sizeof(path) - 1);
    bool fits = length > 1 && length <= UNSOCK_DIR_MOST && path[0] == '/';
    if (fits)
        path[length] = '\0';
    bool other = fits && ((size_t)length != settings->directory_length ||
                          !unsock_same(path, settings->directory, (size_t)length));
    struct unsock_file_id here = unsock_file_id_of(fd, ""), there = {0};
    if (other)
        there = unsock_file_id_of(AT_FDCWD, path);
    if (other && unsock_file_is(&here, &there)) {
        memcpy(settings->directory, path, (size_t)length + 1);
        settings->directory_length = (size_t)length;
    }
}

bool unsock_directory_visit_begin(struct unsock_directory_visit *visit, const char *directory, size_t length) {
    struct unsock_settings *settings = &unsock_settings;
    if (length < 2 || length > UNSOCK_DIR_MOST || directory[0] != '/')
        return false;
    memcpy(visit->directory, settings->directory, sizeof(visit->directory));
    visit->length = settings->directory_length;
    memcpy(settings->directory, directory, length);
    settings->directory[length] = '\0';
    settings->directory_length = length;
    return true;
}

void unsock_directory_visit_end(const struct unsock_directory_visit *visit) {
    memcpy(unsock_settings.directory, visit->directory, sizeof(visit->directory));
    unsock_settings.directory_length = visit->length;
}

static struct unsock_file_id known_directory;
bool unsock_directory_may_move;

void unsock_directory_change_start(struct unsock_file_id directory, bool may_move) {
    known_directory = directory;
    unsock_directory_may_move = may_move;
}

static bool has_path(const char *path) {
    size_t length = unsock_settings.directory_length;
    return length > 0 && unsock_begins(path, unsock_settings.directory) && path[length] == '/';
}

/* If a change of the name *path must be made from the directory's descriptor (unsock_directory_may_move), opens the
 * directory, and makes *path relative to it. Returns the descriptor, which the caller closes; AT_FDCWD for a change by
 * path; or -errno: -EACCES if another directory is now at the path. */
static long enter_place(const char **path) {
    if (!unsock_directory_may_move || !has_path(*path))
        return AT_FDCWD;
    *path += unsock_settings.directory_length;
    while (**path == '/')
        ++*path;
    long fd = unsock_openat(AT_FDCWD, unsock_settings.directory, UNSOCK_O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0)
        return fd;
    struct unsock_file_id now = unsock_file_id_of(fd, "");
    return unsock_opened(fd, unsock_file_is(&now, &known_directory) ? 0 : -EACCES);
}

static bool is_place_there(long at) {
    return at >= 0 || at == AT_FDCWD;
}

long unsock_directory_unlink(const char *path) {
    UNSOCK_CLOSED long at = enter_place(&path);
    return is_place_there(at) ? unsock_unlinkat(at, path, 0) : at;
}

long unsock_directory_symlink(const char *text, const char *path) {
    UNSOCK_CLOSED long at = enter_place(&path);
    return is_place_there(at) ? unsock_symlinkat(text, at, path) : at;
}

long unsock_directory_link(const char *from, const char *to) {
    UNSOCK_CLOSED long old = enter_place(&from);
    UNSOCK_CLOSED long new = enter_place(&to);
    if (!is_place_there(old) || !is_place_there(new))
        return is_place_there(old) ? new : old;
    return unsock_linkat(old, from, new, to, 0);
}

long unsock_directory_rename(const char *from, const char *to, unsigned flags) {
    UNSOCK_CLOSED long old = enter_place(&from);
    UNSOCK_CLOSED long new = enter_place(&to);
    if (!is_place_there(old) || !is_place_there(new))
        return is_place_there(old) ? new : old;
    return flags ? unsock_renameat2(old, from, new, to, flags) : unsock_renameat(old, from, new, to);
}

long unsock_directory_set_times(const char *path, const void *times) {
    UNSOCK_CLOSED long at = enter_place(&path);
    return is_place_there(at) ? unsock_utimensat(at, path, times, AT_SYMLINK_NOFOLLOW) : at;
}

long unsock_directory_open(const char *path, int flags, int mode) {
    UNSOCK_CLOSED long at = enter_place(&path);
    return is_place_there(at) ? unsock_openat(at, path, flags, mode) : at;
}

void unsock_directory_set_mode(int socket, const char *path, int mode) {
    struct statx status;
    bool inside = has_path(path);
    if (inside && !unsock_directory_may_move && unsock_fchmodat2(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW) == 0)
        return;
    UNSOCK_CLOSED long fd = inside ? -EPERM : unsock_ioctl(socket, SIOCUNIXFILE_NUMBER, NULL);
    if (fd < 0)
        fd = unsock_directory_open(path, UNSOCK_O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
    bool socket_file = fd >= 0 && unsock_statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &status) == 0 &&
                       (status.stx_mode & S_IFMT) == S_IFSOCK;
    /* Sets the mode by a path in /proc if the kernel lacks fchmodat2, or if a container's filter forbids it. */
    if (socket_file && unsock_fchmodat2(fd, "", mode, AT_EMPTY_PATH) < 0)
        unsock_fchmodat(AT_FDCWD, UNSOCK_FD_PATH(fd), mode);
}
