/* `run --map` (program/run.h): writes and removes maps. `run` itself becomes the command. So another process, the map
 * keeper, waits for the command's end (pidfd_open(2)), and removes each map that no other run has locked, if its name
 * still refers to the file that the map keeper has open, and no --keep has made it stay. The map keeper is no child of
 * the command, and has its own session. */
#include "program/run.h"

#include "files/control_file.h"
#include "files/directory.h"
#include "files/release.h"
#include "rt/system_calls.h"
#include "rules/control.h"
#include "rules/errno.h"

#define MAPS_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#define FILE_MODE 0644
#define ATTEMPTS_MOST 200 /* WAIT_NS apart: a map keeper needs a moment after its command's end */
#define WAIT_NS 10000000

/* Writes `pattern` to `path`, with %p, %a (unsock_run_map_read) and %% replaced. False at any other % sequence. */
static bool fill_in(const char *pattern, uint16_t port, struct unsock_text *path) {
    unsigned number = 0, count = unsock_settings.address_count;
    while (number < count && unsock_settings.addresses[number].ip.family != AF_INET)
        number++;
    for (const char *c = pattern; *c != '\0'; c++) {
        if (*c != '%' || c[1] == '\0')
            unsock_text_char(path, *c);
        else if (*++c == '%')
            unsock_text_char(path, '%');
        else if (*c == 'p')
            unsock_text_put(path, UNSOCK_DECIMAL(port));
        else if (*c != 'a')
            return false;
        else if (number < count)
            unsock_text_put(path, UNSOCK_IP_TEXT(&unsock_settings.addresses[number].ip));
    }
    return true;
}

bool unsock_run_map_read(const char *text, struct unsock_run_map *map, struct unsock_text *error) {
    char whole[UNSOCK_PATH_MOST];
    UNSOCK_TEXT(path, UNSOCK_PATH_MOST);
    struct unsock_text name = unsock_text_in(map->name, sizeof(map->name));
    struct unsock_span rest = unsock_span_of(text), word = unsock_span_next(&rest, '=');
    struct unsock_port_words port;
    if (rest.at == word.at + word.length)
        return unsock_text_refuse(error, "--map", "not PORT=PATH or PORT/udp=PATH", text);
    if (!unsock_port_words_plain(word, &port))
        return unsock_text_refuse(error, "--map", "not a port from 1 to 65535, alone or with /tcp or /udp", text);
    unsock_port_words_name(&name, &port);
    if (!fill_in(rest.at, port.ip.port, &path))
        return unsock_text_refuse(error, "--map", "neither %p, %a nor %%", text);
    if (path.length == 0)
        return unsock_text_refuse(error, "--map", "no path", text);
    bool is_relative = path.buffer[0] != '/' && path.buffer[0] != '@';
    if (is_relative && !unsock_run_resolve_named("--map", path.buffer, whole, error))
        return false;
    return (!path.cut && unsock_control_to_path(&map->control, is_relative ? whole : path.buffer)) ||
           unsock_text_refuse(error, "--map", "longer than 108 bytes, or an empty name", text);
}

/* Opens the control file of this name. Sets `*goes` to whether it is a map. Returns the descriptor or -errno: -EEXIST
 * if the name belongs to another type of file, or to a file that this user may not read. */
static long open_map(long directory, const char *name, struct statx *status, bool *goes) {
    long fd = unsock_openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
    if (fd < 0)
        return fd == -ELOOP || fd == -ENXIO || (fd == -EACCES && unsock_faccessat(directory, name, 0) == 0) ? -EEXIST
                                                                                                            : fd;
    bool is_file = unsock_statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, status) == 0 &&
                   (status->stx_mode & S_IFMT) == S_IFREG && status->stx_size == sizeof(struct unsock_control_file);
    *goes = is_file && (status->stx_mode & S_ISVTX);
    if (!is_file)
        unsock_close(fd);
    return is_file ? fd : -EEXIST;
}

static bool is_still_there(long directory, const char *name, const struct statx *one) {
    struct statx other;
    return unsock_statx(directory, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &other) == 0 &&
           other.stx_ino == one->stx_ino && other.stx_dev_major == one->stx_dev_major &&
           other.stx_dev_minor == one->stx_dev_minor;
}

/* Removes the map unless other runs have it locked, and closes `lock`. Returns true if the map was removed. */
static bool drop_map(long directory, const char *name, long lock) {
    struct statx status;
    /* A failed change to an exclusive lock loses the shared lock (flock(2)). Of two runs that end at once, the later
     * one removes the map. */
    bool gone = unsock_flock(lock, LOCK_EX | LOCK_NB) == 0 &&
                unsock_statx(lock, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &status) == 0 && (status.stx_mode & S_ISVTX) &&
                is_still_there(directory, name, &status) && unsock_unlinkat(directory, name, 0) == 0;
    unsock_close(lock);
    return gone;
}

/* Tries once to write a map, or to share a file with the same bytes. Returns the descriptor that holds the map's lock;
 * 0 for a file that no run removes; or -errno. -EAGAIN: the caller must retry, as the file was just made or removed, or
 * is a map with other bytes, which its keeper may be about to remove. If that keeper was killed, removes the map. */
static long place_control(long directory, const char *path, const struct unsock_run_map *map, bool stays) {
    uint8_t bytes[sizeof(map->control)];
    struct statx status;
    bool goes;
    long fd = open_map(directory, map->name, &status, &goes), result = 0;
    if (fd == -ENOENT) {
        fd = unsock_control_file_write(path, &map->control, stays ? FILE_MODE : FILE_MODE | S_ISVTX, !stays);
        if (fd < 0 || !stays)
            return fd == -EEXIST ? -EAGAIN : fd;
        return unsock_close(fd);
    }
    if (fd < 0)
        return fd;
    bool same = unsock_pread64(fd, bytes, sizeof(bytes), 0) == (long)sizeof(bytes) &&
                unsock_same(bytes, &map->control, sizeof(bytes));
    if (goes && !same)
        return drop_map(directory, map->name, fd), -EAGAIN;
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

void unsock_control_not_written(struct unsock_text *error, const char *path, long result, const char *if_stale) {
    struct statx status = {.stx_mode = 0};
    struct unsock_control_file file;
    struct unsock_span unix_path = {(const char *)file.dest + UNSOCK_SUN_PATH_OFFSET, sizeof(struct sockaddr_un)};
    unsock_text_join(error, "control file ", path, ": ",
                     result == -EEXIST   ? "exists already, "
                     : result == -ENOENT ? "its directory does not exist: make it first"
                     : result == -EACCES || result == -EPERM
                         ? "you may not write to its directory: choose another with --dir"
                         : unsock_errno_words(-result));
    if (result != -EEXIST)
        return;
    unsock_statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &status);
    unsigned type = status.stx_mode & S_IFMT;
    bool is_control = type == S_IFREG && unsock_control_file_read(path, &file) == 0;
    bool is_path = is_control && file.dest[0] == AF_UNIX && unix_path.at[0] == '/';
    unsock_text_put(error, type == S_IFSOCK  ? "a socket: a server has this port"
                           : type == S_IFLNK ? "a link"
                           : is_path         ? "and leads to Unix socket "
                           : is_control      ? "a control file that leads elsewhere"
                                             : "and is no control file");
    if (is_path)
        unsock_text_span(error, unsock_span_next(&unix_path, '\0'));
    unsock_text_put(error, type == S_IFSOCK ? if_stale : ": remove it first, or choose another port");
}

static bool place_map(long directory, const char *at, struct unsock_run_map *map, bool stays,
                      struct unsock_text *error) {
    UNSOCK_TEXT(path, UNSOCK_PATH_MOST + UNSOCK_RUN_MAP_NAME);
    unsock_text_join(&path, at, "/", map->name);
    map->lock = directory < 0 ? directory : -EAGAIN;
    for (int i = 0; map->lock == -EAGAIN && i < ATTEMPTS_MOST; i++) {
        map->lock = place_control(directory, path.buffer, map, stays);
        if (map->lock == -EAGAIN)
            unsock_pause(WAIT_NS);
    }
    if (map->lock < 0)
        unsock_control_not_written(error, path.buffer, map->lock == -EAGAIN ? -EEXIST : map->lock,
                                   "; if it is stale, unsock prune removes it");
    return map->lock >= 0;
}

/* Waits for the end of `command` (a pidfd; -1: does not wait), and removes the maps. */
static void drop_maps(long directory, long command, const struct unsock_run_map *maps, unsigned count) {
    while (command >= 0 && unsock_await(command, EPOLLIN, -1) == -EINTR)
        ;
    for (unsigned i = 0; i < count; i++)
        if (maps[i].lock > 0)
            drop_map(directory, maps[i].name, maps[i].lock);
}

/* Starts the map keeper by two forks: it must not be the command's child. The command starts after the first fork's
 * process has ended. The map keeper has then left the caller's descriptors and session. */
static bool start_map_keeper(long directory, const struct unsock_run_map *maps, unsigned count,
                             struct unsock_text *error) {
    UNSOCK_CLOSED long command = unsock_pidfd_open(unsock_getpid(), 0);
    long kept[UNSOCK_RUN_MAPS_MOST + 2] = {directory, command};
    for (unsigned i = 0; i < count; i++)
        kept[i + 2] = maps[i].lock > 0 ? maps[i].lock : command;
    long result = command < 0 ? command : unsock_clone(0, NULL);
    if (result == 0) {
        unsock_keeper_leave(kept, count + 2);
        unsock_keeper_begin();
        long keeper = unsock_clone(0, NULL);
        if (keeper == 0)
            drop_maps(directory, command, maps, count);
        unsock_exit(keeper < 0);
    }
    result = result > 0 && unsock_wait_for(result) != 0 ? -ENOMEM : UNSOCK_MIN(result, 0);
    for (unsigned i = 0; result == 0 && i < count; i++)
        if (maps[i].lock > 0)
            unsock_close(maps[i].lock);
    return result == 0 || unsock_text_fail(error, "run: --map: nobody can be left behind who removes it: ",
                                           unsock_errno_words(-result), ": with --keep it stays");
}

bool unsock_run_maps_place(const char *directory, struct unsock_run_map *maps, unsigned count, bool stays,
                           struct unsock_text *error) {
    UNSOCK_CLOSED long at = count == 0 ? -ENOENT : unsock_openat(AT_FDCWD, directory, MAPS_FLAGS, 0);
    unsigned placed = 0;
    bool any = false;
    while (placed < count && place_map(at, directory, &maps[placed], stays, error))
        any |= maps[placed++].lock > 0;
    if (placed == count && (!any || start_map_keeper(at, maps, count, error)))
        return true;
    drop_maps(at, -1, maps, placed);
    return false;
}

void unsock_run_map_sweep(const char *directory, bool remove, const struct unsock_prune_seer *seer) {
    struct unsock_directory_list names;
    struct unsock_directory_list_one one;
    struct statx status;
    if (unsock_directory_list_open(&names, directory, 0) < 0)
        return;
    while (unsock_directory_list_next(&names, &one)) {
        bool goes = false;
        if (one.what != UNSOCK_DIRECTORY_LIST_PLAIN)
            continue;
        long at = names.entries.fd, fd = open_map(at, one.name, &status, &goes);
        bool idle = goes && unsock_flock(fd, LOCK_EX | LOCK_NB) == 0;
        if (idle && (!remove || drop_map(at, one.name, fd)))
            seer->see(seer->context, one.name, 1);
        if (fd >= 0 && !(idle && remove))
            unsock_close(fd);
    }
    unsock_directory_list_close(&names);
}
