/* Looks at the file that is open; before removing it, checks that the name is still this file's. */
#include "program/run.h"

#include "kernel/file_info.h"
#include "process/run_directory.h"
#include "program/answers.h"
#include "rt/system_calls.h"
#include "rules/control.h"

#define FILE_MODE 0644
#define ATTEMPTS_MOST 200 /* a keeper needs a moment when its command has ended */
#define WAIT_NS 10000000

static bool read_mapped_port(struct unsock_span word, char *name) {
    struct unsock_port_words port;
    struct unsock_text text = unsock_text_in(name, UNSOCK_RUN_MAP_NAME);
    if (!unsock_port_words_plain(word, &port))
        return false;
    unsock_port_words_name(&text, &port);
    return true;
}

/* The first IPv4 address of a list as it stands there, without its bits. */
static struct unsock_span first_address_of_list(const char *addresses) {
    struct unsock_span rest = unsock_span_of(addresses);
    while (rest.length > 0) {
        struct unsock_span range = unsock_span_next(&rest, ','), whole = range;
        while (range.length > 0 && range.at[0] == ' ')
            range = (struct unsock_span){range.at + 1, range.length - 1};
        struct unsock_span address = unsock_span_next(&range, '/'), colon = address;
        if (unsock_span_next(&colon, ':').length == address.length && whole.length > 0)
            return address;
    }
    return (struct unsock_span){addresses, 0};
}

/* PATH with %p, %a and %% filled in. */
static bool fill_in(const char *pattern, const char *port, const char *addresses, struct unsock_text *path) {
    for (const char *c = pattern; *c != '\0'; c++) {
        if (*c != '%' || c[1] == '\0') {
            unsock_text_char(path, *c);
            continue;
        }
        c++;
        struct unsock_span digits = unsock_span_of(port);
        if (*c == '%')
            unsock_text_char(path, '%');
        else if (*c == 'p')
            unsock_text_span(path, unsock_span_next(&digits, '.'));
        else if (*c == 'a')
            unsock_text_span(path, first_address_of_list(addresses));
        else
            return false;
    }
    return true;
}

bool unsock_run_map_read(const char *text, const char *addresses, struct unsock_run_map *map,
                         struct unsock_text *error) {
    char path[UNSOCK_RUN_PATH_MOST], whole[UNSOCK_RUN_PATH_MOST];
    struct unsock_text filled;
    struct unsock_span rest = unsock_span_of(text), port = unsock_span_next(&rest, '=');
    if (rest.at == port.at + port.length)
        return unsock_options_refuse(error, "--map", "not PORT=PATH or PORT/udp=PATH", text);
    if (!read_mapped_port(port, map->name))
        return unsock_options_refuse(error, "--map", "not a port from 1 to 65535, alone or with /tcp or /udp", text);
    unsock_text_start(&filled, path, sizeof(path));
    if (!fill_in(rest.at, map->name, addresses, &filled))
        return unsock_options_refuse(error, "--map", "neither %p, %a nor %%", text);
    if (path[0] == '\0')
        return unsock_options_refuse(error, "--map", "no path", text);
    if (path[0] != '/' && path[0] != '@') {
        if (unsock_run_resolve(path, whole) < 0)
            return unsock_options_refuse(error, "--map", "the working directory was removed: write an absolute path",
                                         text);
        memcpy(path, whole, strlen(whole) + 1);
    }
    return (!filled.cut && unsock_control_to_path(&map->control, path)) ||
           unsock_options_refuse(error, "--map", "longer than 108 bytes, or an empty name", text);
}

/* True if the file has this very content. */
static bool has_control(long fd, const struct unsock_control_file *control) {
    uint8_t bytes[sizeof(*control) + 1];
    long count = unsock_pread64(fd, bytes, sizeof(bytes), 0);
    return count == (long)sizeof(*control) && unsock_same(bytes, control, sizeof(*control));
}

static bool is_regular(long fd, struct statx *status) {
    return unsock_statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, status) == 0 &&
           (status->stx_mode & S_IFMT) == S_IFREG;
}

static bool is_still_there(long directory, const char *name, const struct statx *one) {
    struct statx other;
    return unsock_statx(directory, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &other) == 0 &&
           other.stx_ino == one->stx_ino && other.stx_dev_major == one->stx_dev_major &&
           other.stx_dev_minor == one->stx_dev_minor;
}

bool unsock_run_map_drop(long directory, const char *name, long lock) {
    struct statx status;
    /* A run that is refused here has no lock any more: of two that end at once, the later one is the last. */
    bool gone = unsock_flock(lock, LOCK_EX | LOCK_NB) == 0 && is_regular(lock, &status) &&
                (status.stx_mode & S_ISVTX) && is_still_there(directory, name, &status) &&
                unsock_unlinkat(directory, name, 0) == 0;
    unsock_close(lock);
    return gone;
}

/*
 * One attempt. Returns as unsock_run_map_place; -EAGAIN: once more. The file there may be the very same, somebody
 * else's, or that of a run that has ended: its keeper needs a moment, or was killed.
 */
static long place_control(long directory, const char *path, const struct unsock_run_map *map, bool stays) {
    struct statx status;
    long result = 0, fd = unsock_openat(directory, map->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
    if (fd == -ENOENT) {
        fd = unsock_control_write(path, &map->control, stays ? FILE_MODE : FILE_MODE | S_ISVTX, !stays);
        if (fd < 0 || !stays)
            return fd == -EEXIST ? -EAGAIN : fd;
        return unsock_close(fd);
    }
    if (fd < 0)
        return -EEXIST;
    bool is_file = is_regular(fd, &status), goes = is_file && (status.stx_mode & S_ISVTX);
    bool same = is_file && has_control(fd, &map->control);
    if (goes && !same) {
        unsock_run_map_drop(directory, map->name, fd);
        return -EAGAIN;
    }
    if (!same)
        result = -EEXIST;
    else if ((goes && unsock_flock(fd, LOCK_SH | LOCK_NB) < 0) || !is_still_there(directory, map->name, &status))
        result = -EAGAIN;
    else if (goes && !stays)
        return fd;
    else if (goes)
        result = unsock_fchmod(fd, status.stx_mode & UNSOCK_MODE_BITS & ~S_ISVTX);
    unsock_close(fd);
    return result;
}

long unsock_run_map_place(const char *directory, const struct unsock_run_map *map, bool stays,
                          struct unsock_text *error) {
    UNSOCK_TEXT(path, UNSOCK_RUN_PATH_MOST + UNSOCK_RUN_MAP_NAME);
    struct timespec pause = {0, WAIT_NS};
    unsock_text_join(&path, directory, "/", map->name);
    long at = unsock_openat(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0), result = at;
    for (int i = 0; at >= 0 && i < ATTEMPTS_MOST; i++) {
        result = place_control(at, path.buffer, map, stays);
        if (result != -EAGAIN)
            break;
        unsock_nanosleep(&pause, NULL);
    }
    unsock_close_open(at);
    if (result >= 0)
        return result;
    unsock_control_not_written(error, path.buffer, result == -EAGAIN ? -EEXIST : result,
                               "; if it is left over, unsock prune removes it");
    return -1;
}

void unsock_run_map_sweep(const char *directory, bool remove, struct unsock_text *paths) {
    struct unsock_entries entries;
    enum unsock_entry_type type;
    struct statx status;
    /* The directory itself may be named by a link. */
    long at = unsock_openat(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    unsock_entries_open(&entries, at, ".");
    for (const char *name; (name = unsock_entries_next(&entries, &type));) {
        struct unsock_span rest = unsock_span_of(name), port = unsock_span_next(&rest, '.');
        if (type != UNSOCK_ENTRY_OTHER || port.length == 0 ||
            (!unsock_span_is(rest, "sock") && !unsock_span_is(rest, "dgram.sock")))
            continue;
        long fd = unsock_openat(entries.fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
        bool is_one = fd >= 0 && is_regular(fd, &status) && (status.stx_mode & S_ISVTX) &&
                      status.stx_size == sizeof(struct unsock_control_file);
        bool idle = is_one && unsock_flock(fd, LOCK_EX | LOCK_NB) == 0;
        if (idle && (!remove || unsock_run_map_drop(entries.fd, name, fd)))
            unsock_text_join(paths, directory, "/", name, "\n");
        if (fd >= 0 && !(idle && remove))
            unsock_close(fd);
    }
    unsock_entries_close(&entries);
    unsock_close_open(at);
}
