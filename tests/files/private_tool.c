/*
 * private_tool DIR
 *
 * Makes, removes and sweeps private directories in one where another user may write. Each time that user replaces a
 * directory in the path by a link to one outside, at another moment: before the first system call, before the second
 * one, and so on. Files, owners and modes outside must not change. Prints how many moments there were.
 */
#define _GNU_SOURCE
#include "moment_tool.h"
#include "process/run_directory.h"
#include "unsock.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OTHER 61001
#define PATH 256

enum what { MAKES, REMOVES, SWEEPS, WHATS };
static const char *const what_names[WHATS] = {"make", "remove", "sweep"};
/* Which directory becomes a link. */
enum level { PLACE, ONE, INNER, LEVELS };
static const char *const level_names[LEVELS] = {"private", "the one", "one in it"};

static char directory[PATH], outside[PATH], away[PATH];
static enum level level;
static unsigned sum;

static const char *in(const char *at, const char *name) {
    static char paths[4][PATH];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, PATH, "%s/%s", at, name);
    return path;
}

/* Nobody is there, and no process has it. */
bool unsock_users_of(const char *path) {
    (void)path;
    return false;
}

int unsock_prune(const char *path, int remove) {
    return remove && unlink(path) == 0;
}

static void swap(const char *path, const char *target) {
    if (rename(path, away) == 0)
        must(symlink(target, path) == 0, "symlink");
}

/* The one that is there, or is being made. */
static const char *the_one(void) {
    static char path[PATH];
    DIR *place = opendir(in(directory, "private"));
    path[0] = '\0';
    for (struct dirent *entry; place && (entry = readdir(place));)
        if (entry->d_name[0] != '.')
            snprintf(path, sizeof path, "%s/private/%.6s", directory, entry->d_name);
    if (place)
        closedir(place);
    return path;
}

static void act_at_moment(void) {
    if (level == PLACE)
        swap(in(directory, "private"), outside);
    else
        swap(level == ONE ? the_one() : in(the_one(), "inner"), outside);
}

static void make_file(const char *path) {
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    must(fd >= 0, path);
    close(fd);
}

/* The same names on all levels: whichever becomes a link, what would be removed is there. */
static void make_tree(const char *path) {
    char at[PATH];
    snprintf(at, sizeof at, "%s", path);
    must(mkdir(at, 0700) == 0, at);
    make_file(in(at, "file"));
    make_file(in(at, ".unsock.run"));
    must(mkdir(in(at, "inner"), 0700) == 0, "inner");
    make_file(in(in(at, "inner"), "file"));
    must(mknod(in(at, "80.sock"), S_IFSOCK | 0600, 0) == 0, "mknod");
}

static int add(const char *path, const struct stat *status, int type, struct FTW *walk) {
    (void)path, (void)type, (void)walk;
    sum += 1 + (unsigned)status->st_ino * 7 + status->st_mode * 13 + status->st_uid * 31 + status->st_gid * 17;
    return 0;
}

static int forget(const char *path, const struct stat *status, int type, struct FTW *walk) {
    (void)status, (void)type, (void)walk;
    return remove(path);
}

static unsigned sum_of(const char *path) {
    sum = 0;
    must(nftw(path, add, 8, FTW_PHYS) == 0, path);
    return sum;
}

static void act(enum what what) {
    struct unsock_private private = {.lock = -1};
    char buffer[400];
    struct unsock_text text;
    text = unsock_text_in(buffer, sizeof buffer);
    if (what == MAKES && unsock_private_make(directory, &private, &text))
        close((int)private.lock);
    if (what == REMOVES)
        unsock_private_remove(in(directory, "private/abcdef"));
    if (what == SWEEPS)
        unsock_private_sweep(directory, true, NULL);
}

static int moments_of(enum what what) {
    for (when = 1;; when++) {
        must(mkdir(directory, 0750) == 0, directory);
        make_tree(outside);
        make_tree(in(outside, "abcdef"));
        if (what != MAKES) {
            must(mkdir(in(directory, "private"), 0750) == 0, "private");
            make_tree(in(directory, "private/abcdef"));
        }
        /* Only root can have what is somebody else's. */
        must(chown(directory, geteuid() == 0 ? OTHER : (uid_t)-1, (gid_t)-1) == 0, "chown");
        unsigned before = sum_of(outside);
        now = 0;
        act(what);
        int last = now < when;
        if (sum_of(outside) != before) {
            fprintf(stderr, "%s, %s, moment %d: not as it was outside\n", what_names[what], level_names[level], when);
            exit(1);
        }
        nftw(directory, forget, 8, FTW_PHYS | FTW_DEPTH);
        nftw(outside, forget, 8, FTW_PHYS | FTW_DEPTH);
        nftw(away, forget, 8, FTW_PHYS | FTW_DEPTH);
        if (last)
            return when - 1;
    }
}

int main(int count, char **arguments) {
    must(count == 2, "one directory");
    snprintf(directory, sizeof directory, "%s/d", arguments[1]);
    snprintf(outside, sizeof outside, "%s/o", arguments[1]);
    snprintf(away, sizeof away, "%s/a", arguments[1]);
    for (enum what what = 0; what < WHATS; what++)
        for (level = 0; level < LEVELS; level++)
            printf("%s, %s: %d moments\n", what_names[what], level_names[level], moments_of(what));
    return 0;
}
