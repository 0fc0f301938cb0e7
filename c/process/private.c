/* Made and swept with the directory that they lie in locked (flock(2)): none is seen half made. */
#include "process/private.h"

#include "kernel/entries.h"
#include "process/users_of.h"
#include "process/words.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rules/settings.h"
#include "unsock.h"

#include <linux/stat.h>

#define PLACE "/private"
#define LOCK "/.unsock.run"
#define NO_FOLLOW 0x100        /* AT_SYMLINK_NOFOLLOW */
#define REMOVE_DIRECTORY 0x200 /* AT_REMOVEDIR */
#define EVERYBODY_WRITES 0002
#define MODE_BITS 07777
#define LOCK_EXCLUSIVE 2
#define LOCK_NO_WAIT 4
#define ATTEMPTS_MOST 16
#define WAIT_NS 10000000
#define WAITS_MOST 100
#define DEPTH_MOST 32

static bool put_path(char *path, const char *directory, const char *slash, const char *name) {
    struct unsock_text text;
    unsock_text_start(&text, path, UNSOCK_RUN_PATH_MOST);
    unsock_text_join(&text, directory, slash, name);
    return !text.cut;
}

/* Whoever may use the directory may use what is made in it. Until that is certain it is the user's alone. */
static void give_away(const char *path, const struct statx *directory) {
    if (directory->stx_mode & EVERYBODY_WRITES)
        return;
    bool root = unsock_sys(__NR_geteuid) == 0;
    if (unsock_sys(__NR_fchownat, AT_FDCWD, path, root ? (long)directory->stx_uid : -1, directory->stx_gid, 0) == 0)
        unsock_sys(__NR_fchmodat, AT_FDCWD, path, directory->stx_mode & MODE_BITS);
}

/* Makes DIR/private where it is missing. Another's could be taken away, with what is in it. */
static bool make_place(const char *directory, char *place, struct unsock_text *error) {
    struct statx status, above;
    put_path(place, directory, PLACE, "");
    long result = unsock_sys(__NR_statx, AT_FDCWD, directory, 0, STATX_BASIC_STATS, &above);
    if (result == 0) {
        result = unsock_sys(__NR_mkdirat, AT_FDCWD, place, 0700);
        if (result == 0)
            give_away(place, &above);
        if (result == 0 || result == -EEXIST)
            result = unsock_sys(__NR_statx, AT_FDCWD, place, NO_FOLLOW, STATX_BASIC_STATS, &status);
    }
    if (result != 0) {
        unsock_text_join(error, "directory ", place, ": ", unsock_words_of(-result), ": name another with --dir");
        return false;
    }
    bool known = status.stx_uid == above.stx_uid || (long)status.stx_uid == unsock_sys(__NR_geteuid);
    if (known && (status.stx_mode & UNSOCK_S_IFMT) == UNSOCK_S_IFDIR && !(status.stx_mode & EVERYBODY_WRITES))
        return true;
    unsock_text_join(error, "directory ", place, ": somebody else may write to it: name another with --dir");
    return false;
}

/* Returns the descriptor that has it locked; -errno: others have it all the time, or it is gone. */
static long lock_place(const char *place) {
    struct timespec pause = {0, WAIT_NS};
    long fd = unsock_sys(__NR_openat, AT_FDCWD, place, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    long result = fd;
    for (int i = 0; fd >= 0 && i < WAITS_MOST; i++) {
        result = unsock_sys(__NR_flock, fd, LOCK_EXCLUSIVE | LOCK_NO_WAIT);
        if (result != -EAGAIN)
            break;
        unsock_sys(__NR_nanosleep, &pause, 0);
    }
    if (fd >= 0 && result < 0)
        unsock_sys(__NR_close, fd);
    return result < 0 ? result : fd;
}

static void unlock_place(long fd) {
    if (fd >= 0)
        unsock_sys(__NR_close, fd);
}

/* Opens and locks the file that says that somebody keeps it. Returns the descriptor; -EAGAIN: somebody does. */
static long take_lock(const char *path, int flags) {
    char file[UNSOCK_RUN_PATH_MOST];
    put_path(file, path, LOCK, "");
    long fd = unsock_sys(__NR_openat, AT_FDCWD, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags, 0600);
    long result = fd < 0 ? fd : unsock_sys(__NR_flock, fd, LOCK_EXCLUSIVE | LOCK_NO_WAIT);
    if (fd >= 0 && result < 0)
        unsock_sys(__NR_close, fd);
    return result < 0 ? result : fd;
}

static long make_one(const char *place, struct unsock_private *private) {
    struct statx above;
    uint32_t number;
    char name[UNSOCK_PRIVATE_NAME_LENGTH + 1];
    struct unsock_text text;
    if (unsock_sys(__NR_getrandom, &number, sizeof(number), 0) != (long)sizeof(number))
        return -EIO;
    unsock_text_start(&text, name, sizeof(name));
    unsock_text_number(&text, number & 0xffffff, 16, UNSOCK_PRIVATE_NAME_LENGTH);
    put_path(private->path, place, "/", name);
    long result = unsock_sys(__NR_statx, AT_FDCWD, place, 0, STATX_BASIC_STATS, &above);
    result = result < 0 ? result : unsock_sys(__NR_mkdirat, AT_FDCWD, private->path, 0700);
    private->lock = result < 0 ? result : take_lock(private->path, O_CREAT | O_EXCL);
    if (result == 0 && private->lock < 0)
        unsock_sys(__NR_unlinkat, AT_FDCWD, private->path, REMOVE_DIRECTORY);
    if (private->lock >= 0)
        give_away(private->path, &above);
    return private->lock;
}

bool unsock_private_make(const char *directory, struct unsock_private *private, struct unsock_text *error) {
    char place[UNSOCK_RUN_PATH_MOST];
    long result = -EAGAIN;
    if (strlen(directory) + sizeof(PLACE) + UNSOCK_PRIVATE_NAME_LENGTH > UNSOCK_DIR_MOST) {
        unsock_text_join(error, "directory ", directory,
                         ": too long for one of its own in it: name another with --dir");
        return false;
    }
    unsock_private_sweep(directory, true, NULL);
    /* Somebody whose one was the last may remove the place just now, or the name be taken. */
    for (int i = 0; result < 0 && i < ATTEMPTS_MOST; i++) {
        if (!make_place(directory, place, error))
            return false;
        long lock = lock_place(place);
        result = lock < 0 ? lock : make_one(place, private);
        unlock_place(lock);
    }
    if (result < 0)
        unsock_text_join(error, "directory ", place, ": ", unsock_words_of(-result), ": name another with --dir");
    return result >= 0;
}

/* Is there a socket to which somebody is bound, or could be? */
static bool is_used(const char *directory, unsigned depth) {
    struct unsock_entries entries;
    enum unsock_entry_type type;
    char path[UNSOCK_RUN_PATH_MOST];
    const char *name;
    bool used = depth == 0;
    unsock_entries_open(&entries, AT_FDCWD, directory);
    while (!used && (name = unsock_entries_next(&entries, &type))) {
        used = !put_path(path, directory, "/", name);
        if (!used && type == UNSOCK_ENTRY_SOCKET)
            used = unsock_prune(path, 1) != 1 && unsock_sys(__NR_faccessat, AT_FDCWD, path, 0) == 0;
        else if (!used && type == UNSOCK_ENTRY_DIRECTORY)
            used = is_used(path, depth - 1);
    }
    used |= entries.fd < 0;
    unsock_entries_close(&entries);
    return used;
}

/* All that is in it. Where a pass removes nothing more, what is left cannot be removed. */
static void empty(const char *directory, unsigned depth) {
    struct unsock_entries entries;
    enum unsock_entry_type type;
    char path[UNSOCK_RUN_PATH_MOST];
    bool removed = depth > 0;
    unsock_entries_open(&entries, AT_FDCWD, directory);
    while (removed) {
        removed = false;
        for (const char *name; (name = unsock_entries_next(&entries, &type));) {
            bool inner = type == UNSOCK_ENTRY_DIRECTORY;
            if (!put_path(path, directory, "/", name))
                continue;
            if (inner)
                empty(path, depth - 1);
            removed |= unsock_sys(__NR_unlinkat, AT_FDCWD, path, inner ? REMOVE_DIRECTORY : 0) == 0;
        }
        unsock_entries_rewind(&entries);
    }
    unsock_entries_close(&entries);
}

static bool is_name(const char *name) {
    size_t length = 0;
    while ((name[length] >= '0' && name[length] <= '9') || (name[length] >= 'a' && name[length] <= 'f'))
        length++;
    return length == UNSOCK_PRIVATE_NAME_LENGTH && name[length] == '\0';
}

/* Is it one that was made here, by its name? Nothing else is ever removed. */
static bool is_one(const char *path) {
    size_t length = strlen(path), name = UNSOCK_PRIVATE_NAME_LENGTH + 1, place = sizeof(PLACE) - 1;
    return length > name + place && path[length - name] == '/' && is_name(path + length - name + 1) &&
           unsock_same(path + length - name - place, PLACE, place);
}

bool unsock_private_remove(const char *path) {
    char place[UNSOCK_RUN_PATH_MOST];
    size_t length = strlen(path) - UNSOCK_PRIVATE_NAME_LENGTH - 1;
    if (!is_one(path) || is_used(path, DEPTH_MOST))
        return false;
    empty(path, DEPTH_MOST);
    long result = unsock_sys(__NR_unlinkat, AT_FDCWD, path, REMOVE_DIRECTORY);
    memcpy(place, path, length);
    place[length] = '\0';
    /* It goes with the last that was in it. */
    unsock_sys(__NR_unlinkat, AT_FDCWD, place, REMOVE_DIRECTORY);
    return result == 0 || result == -ENOENT;
}

/* One that is locked by us from here on is nobody else's to remove. */
static void sweep_one(const char *path, bool remove, struct unsock_text *paths) {
    long lock = take_lock(path, 0);
    if (lock < 0 && lock != -ENOENT)
        return;
    bool gone = !is_used(path, DEPTH_MOST) && !unsock_users_of(path) && (!remove || unsock_private_remove(path));
    if (lock >= 0)
        unsock_sys(__NR_close, lock);
    if (gone && paths)
        unsock_text_join(paths, path, "\n");
}

void unsock_private_sweep(const char *directory, bool remove, struct unsock_text *paths) {
    char place[UNSOCK_RUN_PATH_MOST], path[UNSOCK_RUN_PATH_MOST];
    struct unsock_entries entries;
    enum unsock_entry_type type;
    if (!put_path(place, directory, PLACE, ""))
        return;
    unsock_entries_open(&entries, AT_FDCWD, place);
    if (entries.fd < 0)
        return;
    long lock = lock_place(place);
    for (const char *name; lock >= 0 && (name = unsock_entries_next(&entries, &type));) {
        if (type == UNSOCK_ENTRY_DIRECTORY && is_name(name) && put_path(path, place, "/", name))
            sweep_one(path, remove, paths);
    }
    if (remove && lock >= 0)
        unsock_sys(__NR_unlinkat, AT_FDCWD, place, REMOVE_DIRECTORY);
    unlock_place(lock);
    unsock_entries_close(&entries);
}
