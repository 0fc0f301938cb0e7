/* Makes and removes private directories. Making and sweeping lock DIR/private, so that no sweep sees one half made. */
#include "process/run_directory.h"

#include "files/release.h"
#include "kernel/file_info.h"
#include "rt/system_calls.h"
#include "rules/errno.h"
#include "rules/settings.h"

#define PLACE "private"
#define LOCK ".unsock.run"
#define ATTEMPTS_MOST 16
#define WAIT_NS 10000000
#define WAITS_MOST 100
#define DEPTH_MOST 32

static bool put_private_path(char *path, const char *directory, const char *name) {
    struct unsock_text text = unsock_text_in(path, UNSOCK_PATH_MOST);
    unsock_text_join(&text, directory, "/" PLACE "/", name);
    return !text.cut;
}

/* Opens the directory `name` in the open directory `at`. Follows no link: if others may write to `at`, the name may
 * become a link at any moment. For the same reason, files are opened and removed by a directory's descriptor. */
static long open_inner(long at, const char *name) {
    return unsock_openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
}

/* Opens DIR, which the user names: it may be a link. */
static long open_outer(const char *directory) {
    return unsock_openat(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
}

static long look_at_directory(long directory, struct statx *status) {
    return directory < 0 ? directory : unsock_statx(directory, "", AT_EMPTY_PATH, STATX_BASIC_STATS, status);
}

/* Gives the new directory `made` the group and mode of `directory`, the one above it; if root made it, also the owner.
 * Does nothing if everybody may write to `directory`, or if another user owns `made`: that user has replaced it. */
static void give_away(long made, const struct statx *directory) {
    struct statx status;
    uint32_t user = (uint32_t)unsock_geteuid();
    if ((directory->stx_mode & S_IWOTH) || look_at_directory(made, &status) < 0 || status.stx_uid != user)
        return;
    if (unsock_fchown(made, user == 0 ? (long)directory->stx_uid : -1, directory->stx_gid) == 0)
        unsock_fchmod(made, directory->stx_mode & UNSOCK_MODE_BITS);
}

/* Opens DIR/private, and makes it if it is missing. Returns the descriptor or -errno. -ENOENT: another process has just
 * removed it. -EACCES, with `*others` set: other users could remove a private directory, since DIR/private belongs to
 * neither this user nor DIR's owner, or since everybody may write to it. */
static long make_private_place(long outer, bool *others) {
    struct statx status, above;
    long result = look_at_directory(outer, &above);
    if (result < 0)
        return result;
    long made = unsock_mkdirat(outer, PLACE, 0700);
    long place = made == 0 || made == -EEXIST ? open_inner(outer, PLACE) : made;
    if (made == 0)
        give_away(place, &above);
    result = look_at_directory(place, &status);
    bool known = result == 0 && (status.stx_uid == above.stx_uid || (long)status.stx_uid == unsock_geteuid());
    *others = result == 0 && (!known || (status.stx_mode & S_IWOTH));
    if (result == 0 && !*others)
        return place;
    unsock_close_open(place);
    return *others ? -EACCES : result;
}

/* Locks DIR/private, unless `place` is -errno. Returns 0 or -errno; -EAGAIN if others kept it locked for a second. */
static long lock_place(long place) {
    long result = place;
    for (int i = 0; place >= 0 && i < WAITS_MOST; i++) {
        result = unsock_flock(place, LOCK_EX | LOCK_NB);
        if (result != -EAGAIN)
            break;
        unsock_pause(WAIT_NS);
    }
    return result;
}

/* Opens and locks the keeper's lock file. Returns the descriptor, or -errno: -EAGAIN if the keeper holds the lock. */
static long take_lock(long directory, int flags) {
    if (directory < 0)
        return directory;
    long fd = unsock_openat(directory, LOCK, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags, 0600);
    return unsock_opened(fd, fd < 0 ? fd : unsock_flock(fd, LOCK_EX | LOCK_NB));
}

static long make_one(long place, const char *directory, struct unsock_private *private) {
    struct statx above;
    uint32_t number;
    UNSOCK_TEXT(name, UNSOCK_PRIVATE_NAME_LENGTH + 1);
    if (unsock_getrandom(&number, sizeof(number), 0) != (long)sizeof(number))
        return -EIO;
    unsock_text_number(&name, number & 0xffffff, 16, UNSOCK_PRIVATE_NAME_LENGTH);
    put_private_path(private->path, directory, name.buffer);
    long result = look_at_directory(place, &above);
    result = result < 0 ? result : unsock_mkdirat(place, name.buffer, 0700);
    if (result < 0)
        return private->lock = result;
    UNSOCK_CLOSED long made = open_inner(place, name.buffer);
    private->lock = take_lock(made, O_CREAT | O_EXCL);
    if (private->lock < 0)
        unsock_unlinkat(place, name.buffer, AT_REMOVEDIR);
    else
        give_away(made, &above);
    return private->lock;
}

/* Makes hard links in a worker's new directory, `made`, to the maps in UNSOCK_PRIVATE_SHARED. */
static void link_maps(long outer, long made) {
    struct statx status;
    struct unsock_entries entries;
    enum unsock_entry_type type;
    unsock_entries_open(&entries, outer, &UNSOCK_PRIVATE_SHARED[1]);
    for (const char *name; (name = unsock_entries_next(&entries, &type));) {
        bool is_file = type == UNSOCK_ENTRY_OTHER && name[0] != '.' &&
                       unsock_statx(entries.fd, name, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &status) == 0 &&
                       (status.stx_mode & S_IFMT) == S_IFREG;
        if (is_file)
            unsock_linkat(entries.fd, name, made, name, 0);
    }
    unsock_entries_close(&entries);
}

long unsock_private_divide(const char *path) {
    struct statx above;
    char outer_path[UNSOCK_PATH_MOST];
    const char *name = unsock_base_name(unsock_span_of(path)).at;
    size_t length = (size_t)(name - path) - 1;
    memcpy(outer_path, path, length);
    outer_path[length] = '\0';
    UNSOCK_CLOSED long outer = open_outer(outer_path);
    long result = look_at_directory(outer, &above);
    result = result < 0 ? result : unsock_mkdirat(outer, name, 0700);
    if (result < 0)
        return result;
    UNSOCK_CLOSED long made = open_inner(outer, name);
    give_away(made, &above);
    link_maps(outer, made);
    return 0;
}

bool unsock_private_fits(const char *directory, bool divided, struct unsock_text *error) {
    size_t inner = sizeof("/" PLACE) + UNSOCK_PRIVATE_NAME_LENGTH + (divided ? sizeof(UNSOCK_PRIVATE_SHARED) - 1 : 0);
    if (strlen(directory) + inner <= UNSOCK_DIR_MOST)
        return true;
    return unsock_text_fail(error, "directory ", directory,
                            ": too long for one of its own in it: name another with --dir");
}

bool unsock_private_make(const char *directory, struct unsock_private *private, struct unsock_text *error) {
    long result = -EAGAIN;
    bool others = false, again = true;
    unsock_private_sweep(directory, true, NULL);
    /* Retries if another process has just removed the empty DIR/private, or if the name is taken. */
    for (int i = 0; result < 0 && again && i < ATTEMPTS_MOST; i++) {
        UNSOCK_CLOSED long outer = open_outer(directory);
        UNSOCK_CLOSED long place = make_private_place(outer, &others);
        again = place >= 0 || place == -ENOENT;
        result = lock_place(place);
        if (result == 0)
            result = make_one(place, directory, private);
    }
    if (result < 0)
        unsock_text_join(error, "directory ", directory, "/" PLACE ": ",
                         others ? "somebody else may write to it" : unsock_errno_words(-result),
                         ": name another with --dir");
    return result >= 0;
}

/* True if the socket file is stale. With `remove`, removes a stale one. The path through /proc/self/fd is short enough
 * for a socket's address, and leads only to the open directory. */
static bool is_stale_socket(long directory, const char *name, bool remove) {
    UNSOCK_TEXT(path, UNSOCK_PATH_MOST);
    unsock_text_join(&path, UNSOCK_FD_PATH(directory), "/", name);
    return !path.cut && unsock_prune(path.buffer, remove) == 1;
}

/* True if a socket in or below the directory may be live, or on a read error. With `remove`, removes stale sockets. */
static bool is_directory_used(long at, const char *directory, unsigned depth, bool remove) {
    struct unsock_entries entries;
    enum unsock_entry_type type;
    const char *name;
    bool used = depth == 0;
    unsock_entries_open(&entries, at, directory);
    while (!used && (name = unsock_entries_next(&entries, &type))) {
        if (type == UNSOCK_ENTRY_SOCKET)
            used = !is_stale_socket(entries.fd, name, remove) && unsock_faccessat(entries.fd, name, 0) == 0;
        else if (type == UNSOCK_ENTRY_DIRECTORY)
            used = is_directory_used(entries.fd, name, depth - 1, remove);
    }
    used |= entries.fd < 0;
    unsock_entries_close(&entries);
    return used;
}

/* Removes everything in the directory. Ends after a pass in which nothing could be removed. */
static void empty(long at, const char *directory, unsigned depth) {
    struct unsock_entries entries;
    enum unsock_entry_type type;
    bool removed = depth > 0;
    unsock_entries_open(&entries, at, directory);
    while (removed) {
        removed = false;
        for (const char *name; (name = unsock_entries_next(&entries, &type));) {
            bool inner = type == UNSOCK_ENTRY_DIRECTORY;
            if (inner)
                empty(entries.fd, name, depth - 1);
            removed |= unsock_unlinkat(entries.fd, name, inner ? AT_REMOVEDIR : 0) == 0;
        }
        unsock_entries_rewind(&entries);
    }
    unsock_entries_close(&entries);
}

bool unsock_unused_remove(long place, const char *name) {
    if (is_directory_used(place, name, DEPTH_MOST, true))
        return false;
    empty(place, name, DEPTH_MOST);
    long result = unsock_unlinkat(place, name, AT_REMOVEDIR);
    return result == 0 || result == -ENOENT;
}

static bool is_name(const char *name) {
    size_t length = 0;
    while ((name[length] >= '0' && name[length] <= '9') || (name[length] >= 'a' && name[length] <= 'f'))
        length++;
    return length == UNSOCK_PRIVATE_NAME_LENGTH && name[length] == '\0';
}

/* Removes only a path DIR/private/NAME, as unsock_private_make makes it. */
bool unsock_private_remove(const char *path) {
    char directory[UNSOCK_PATH_MOST];
    size_t length = strlen(path), inner = sizeof("/" PLACE) + UNSOCK_PRIVATE_NAME_LENGTH;
    if (length <= inner || length >= sizeof(directory))
        return false;
    length -= inner;
    const char *name = path + length + sizeof("/" PLACE);
    if (!unsock_begins(path + length, "/" PLACE "/") || !is_name(name))
        return false;
    memcpy(directory, path, length);
    directory[length] = '\0';
    UNSOCK_CLOSED long outer = open_outer(directory);
    UNSOCK_CLOSED long place = open_inner(outer, PLACE);
    bool gone = place >= 0 && unsock_unused_remove(place, name);
    /* DIR/private is removed with the last directory in it. */
    if (gone)
        unsock_unlinkat(outer, PLACE, AT_REMOVEDIR);
    return gone;
}

/* Sweeps a private directory, unless its keeper holds its lock. Keeps the lock until the end, against other sweeps. */
static void sweep_one(long place, const char *name, const char *path, bool remove,
                      const struct unsock_prune_seer *seer) {
    UNSOCK_CLOSED long one = open_inner(place, name);
    UNSOCK_CLOSED long lock = take_lock(one, 0);
    if (lock < 0 && lock != -ENOENT)
        return;
    bool gone = !is_directory_used(place, name, DEPTH_MOST, remove) && !unsock_users_of(path) &&
                (!remove || unsock_unused_remove(place, name));
    if (gone && seer)
        seer->see(seer->context, path, 1);
}

void unsock_private_sweep(const char *directory, bool remove, const struct unsock_prune_seer *seer) {
    char path[UNSOCK_PATH_MOST];
    struct unsock_entries entries;
    enum unsock_entry_type type;
    UNSOCK_CLOSED long outer = open_outer(directory);
    UNSOCK_CLOSED long place = open_inner(outer, PLACE);
    bool locked = place >= 0 && lock_place(place) >= 0;
    unsock_entries_open(&entries, place, ".");
    for (const char *name; locked && (name = unsock_entries_next(&entries, &type));) {
        if (type == UNSOCK_ENTRY_DIRECTORY && is_name(name) && put_private_path(path, directory, name))
            sweep_one(place, name, path, remove, seer);
    }
    if (remove && locked)
        unsock_unlinkat(outer, PLACE, AT_REMOVEDIR);
    unsock_entries_close(&entries);
}
