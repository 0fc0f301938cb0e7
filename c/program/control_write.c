/* By a file of another name beside it, which gets this name when all is in it (link(2)). */
#include "program/control_write.h"

#include "files/control_file.h"
#include "kernel/log.h"
#include "rules/errno.h"
#include "rt/system_calls.h"
#include "rules/control.h"

#define PATH_MOST 4096

/* How much of the path is the directory, with the slash. */
static size_t directory_length(const char *path) {
    return (size_t)(unsock_base_name(unsock_span_of(path)).at - path);
}

static long name_part(const char *path, char *part) {
    struct unsock_text text = unsock_text_in(part, PATH_MOST);
    uint64_t number;
    if (unsock_getrandom(&number, sizeof(number), 0) != (long)sizeof(number))
        return -EIO;
    unsock_text_span(&text, (struct unsock_span){path, directory_length(path)});
    unsock_text_put(&text, UNSOCK_FILE_CONTROL_PART);
    unsock_text_number(&text, number, 16, UNSOCK_FILE_CONTROL_DIGITS);
    return text.cut ? -ENAMETOOLONG : 0;
}

static long fill(long fd, const struct unsock_control_file *file, unsigned mode, bool locked) {
    long result = unsock_write_quietly(fd, file, sizeof(*file));
    if (result >= 0 && result != (long)sizeof(*file))
        return -ENOSPC;
    if (result >= 0)
        result = unsock_fchmod(fd, mode);
    return result == 0 && locked ? unsock_flock(fd, LOCK_SH) : result;
}

long unsock_control_write(const char *path, const struct unsock_control_file *file, unsigned mode, bool locked) {
    char part[PATH_MOST];
    long result = name_part(path, part);
    long fd = result < 0 ? result : unsock_openat(AT_FDCWD, part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return fd;
    result = fill(fd, file, mode, locked);
    if (result == 0)
        result = unsock_linkat(AT_FDCWD, part, AT_FDCWD, path, 0);
    unsock_unlinkat(AT_FDCWD, part, 0);
    if (result < 0)
        unsock_close(fd);
    return result < 0 ? result : fd;
}

static void put_what_is_there(struct unsock_text *error, const char *path, const char *left_over) {
    static const char remove[] = "remove it first, or choose another port";
    struct statx status;
    struct unsock_control_file file;
    unsock_text_put(error, "exists already, ");
    if (unsock_statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &status) < 0) {
        unsock_text_put(error, remove);
    } else if ((status.stx_mode & S_IFMT) == S_IFLNK) {
        unsock_text_join(error, "a link: ", remove);
    } else if ((status.stx_mode & S_IFMT) == S_IFSOCK) {
        unsock_text_join(error, "a socket: a server has this port", left_over);
    } else if (unsock_control_file_read(path, &file) < 0) {
        unsock_text_join(error, "and is no control file: ", remove);
    } else {
        unsock_text_put(error, "and leads to ");
        unsock_control_describe(error, &file);
        unsock_text_join(error, ": ", remove);
    }
}

void unsock_control_not_written(struct unsock_text *error, const char *path, long result, const char *left_over) {
    char directory[PATH_MOST];
    struct unsock_text text = unsock_text_in(directory, sizeof(directory));
    size_t length = directory_length(path);
    unsock_text_span(&text, (struct unsock_span){length > 0 ? path : ".", length > 1 ? length - 1 : 1});
    unsock_text_join(error, "control file ", path, ": ");
    if (result == -EEXIST)
        put_what_is_there(error, path, left_over);
    else if (result == -ENOENT)
        unsock_text_join(error, directory, " does not exist: make it first, mkdir -p ", directory);
    else if (result == -EACCES || result == -EPERM)
        unsock_text_join(error, "you may not write to ", directory, ": choose another with --dir");
    else
        unsock_text_put(error, unsock_errno_words(-result));
}
