/* Finds the checkout for --here by git's files, without running git. Any user may have written these files, so they
 * only decide which path is used. Refuses another user's checkout, as git does, unless --force. */
#include "process/run_directory.h"

#include "files/release.h"
#include "kernel/file_info.h"
#include "rt/system_calls.h"
#include "rules/errno.h"
#include "rules/settings.h"
#include "rules/words.h"

#define GIT_FILE "gitdir: "
#define BRANCH "ref: refs/heads/"
#define INSIDE "/unsock"
#define HASH_DIGITS 16
#define NO_CHECKOUT " is in no git checkout: change to one, or name a directory with --dir"

enum found { NOTHING, FOUND, BROKEN };

/* Reads DIRECTORY/FILE, a file of one line, into `line` (UNSOCK_PATH_MOST bytes). False if there is no such file. */
static bool read_git_file(const char *directory, const char *file, char *line) {
    UNSOCK_TEXT(path, UNSOCK_PATH_MOST);
    unsock_text_join(&path, directory, "/", file);
    UNSOCK_CLOSED long fd =
        path.cut ? -ENAMETOOLONG : unsock_openat(AT_FDCWD, path.buffer, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
    long length = fd < 0 ? fd : unsock_read(fd, line, UNSOCK_PATH_MOST);
    if (length <= 0 || length == UNSOCK_PATH_MOST)
        return false;
    while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
        length--;
    line[length] = '\0';
    return length > 0 && strlen(line) == (size_t)length;
}

/* Writes the absolute path of the directory `path` into `real`, with all links resolved. A relative `path` begins at
 * `base`. False if it is no directory. Without /proc, links stay in the path. */
static bool find_directory(const char *base, const char *path, char *real) {
    UNSOCK_TEXT(whole, UNSOCK_PATH_MOST);
    unsock_text_join(&whole, path[0] == '/' ? "" : base, path[0] == '/' ? "" : "/", path);
    UNSOCK_CLOSED long fd =
        whole.cut ? -ENAMETOOLONG : unsock_openat(AT_FDCWD, whole.buffer, UNSOCK_O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0)
        return false;
    long length = unsock_readlinkat(AT_FDCWD, UNSOCK_FD_PATH(fd), real, UNSOCK_PATH_MOST);
    if (length < 0)
        return unsock_run_resolve(whole.buffer, real) == 0;
    real[length < UNSOCK_PATH_MOST ? length : 0] = '\0';
    return real[0] == '/';
}

static bool exists(const char *directory, const char *name) {
    UNSOCK_TEXT(path, UNSOCK_PATH_MOST);
    unsock_text_join(&path, directory, "/", name);
    return !path.cut && unsock_faccessat(AT_FDCWD, path.buffer, 0) != -ENOENT;
}

/* Finds git's directory at BASE/NAME: a directory with a file HEAD, or a file that names such a directory. BROKEN: the
 * file names none. */
static enum found find_git(const char *base, const char *name, char *git) {
    char line[UNSOCK_PATH_MOST];
    if (find_directory(base, name, git))
        return exists(git, "HEAD") ? FOUND : NOTHING;
    if (!exists(base, name))
        return NOTHING;
    bool names_it = read_git_file(base, name, line) && unsock_begins(line, GIT_FILE);
    return names_it && find_directory(base, line + sizeof(GIT_FILE) - 1, git) && exists(git, "HEAD") ? FOUND : BROKEN;
}

static bool find_told(const char *told, char *git, struct unsock_text *error) {
    char folder[UNSOCK_PATH_MOST];
    if (unsock_run_resolve(told, folder) == 0) {
        char *name = folder + (unsock_base_name(unsock_span_of(folder)).at - folder);
        name[-1] = '\0';
        if (find_git(folder, name, git) == FOUND)
            return true;
    }
    return unsock_text_refuse(error, "GIT_DIR", "not a git directory", told);
}

/* Finds git's directory at ".git" in the working directory or in one above it. */
static bool find_above(char *git, struct unsock_text *error) {
    char start[UNSOCK_PATH_MOST], at[UNSOCK_PATH_MOST];
    enum found found;
    if (unsock_run_resolve(".", start) < 0)
        return unsock_text_fail(error, "--here: the working directory was removed: change to another");
    memcpy(at, start, sizeof(at));
    while ((found = find_git(at, ".git", git)) == NOTHING && at[1] != '\0') {
        size_t parent = (size_t)(unsock_base_name(unsock_span_of(at)).at - at);
        at[parent > 1 ? parent - 1 : 1] = '\0';
    }
    if (found == BROKEN)
        return unsock_text_fail(error, "--here: ", at, "/.git: names no git directory: git status there says more");
    return found == FOUND || unsock_text_fail(error, "--here: ", start, NO_CHECKOUT);
}

bool unsock_checkout_choose(const char *const *environment, bool force, struct unsock_run_directory *directory,
                            struct unsock_text *error) {
    static const uint64_t key[2];
    char git[UNSOCK_PATH_MOST];
    UNSOCK_TEXT(unused, UNSOCK_PATH_MOST);
    struct unsock_text link = unsock_text_in(directory->link, sizeof(directory->link));
    const char *told = unsock_environment_get(environment, "GIT_DIR");
    if (!(told ? find_told(told, git, error) : find_above(git, error)))
        return false;
    /* The commands written in TypeScript (lib/) cannot print a path that is not UTF-8. */
    bool is_inside = strlen(git) + sizeof(INSIDE) - 1 <= UNSOCK_DIR_MOST && unsock_utf8_is(git);
    if (!unsock_run_directory_default(environment, directory, is_inside ? &unused : error) && !is_inside)
        return false;
    unsock_text_join(&link, directory->path, "/" UNSOCK_CHECKOUTS "/");
    unsock_text_number(&link, unsock_keyed_hash(key, git, strlen(git)), 16, HASH_DIGITS);
    struct unsock_text path = unsock_text_in(directory->path, sizeof(directory->path));
    unsock_text_join(&path, is_inside ? git : directory->link, is_inside ? INSIDE : "");
    unsock_text_put(&link, UNSOCK_CHECKOUT_LINK);
    directory->asked = true;
    memcpy(directory->git, git, strlen(git) + 1);
    struct statx status = {.stx_uid = 0};
    long result = unsock_statx(AT_FDCWD, git, 0, STATX_UID, &status);
    if (!force && (result < 0 || (long)status.stx_uid != unsock_geteuid()))
        return unsock_text_fail(error, "--here: ", git, ": belongs to user ", UNSOCK_DECIMAL(status.stx_uid),
                                ", not to you: name the directory, --dir ", directory->path);
    return unsock_run_directory_fits("--here", directory->path, error);
}

/* Makes the link from the default directory to git's directory of the checkout. */
static bool make_link(const struct unsock_run_directory *directory, struct unsock_text *error) {
    struct unsock_run_directory base = {.asked = false};
    char before[UNSOCK_PATH_MOST];
    UNSOCK_TEXT(place, UNSOCK_PATH_MOST);
    struct unsock_text text = unsock_text_in(base.path, sizeof(base.path));
    size_t length = strlen(directory->link) - HASH_DIGITS - sizeof(UNSOCK_CHECKOUT_LINK);
    unsock_text_span(&place, (struct unsock_span){directory->link, length});
    unsock_text_span(&text, (struct unsock_span){directory->link, length - sizeof(UNSOCK_CHECKOUTS)});
    if (!unsock_run_directory_prepare(&base, false, NULL, NULL, error))
        return false;
    unsock_mkdirat(AT_FDCWD, place.buffer, 0700);
    long was = unsock_readlinkat(AT_FDCWD, directory->link, before, sizeof(before));
    if (was > 0 && unsock_span_is((struct unsock_span){before, (size_t)was}, directory->git))
        return true;
    unsock_unlinkat(AT_FDCWD, directory->link, 0);
    long result = unsock_symlinkat(directory->git, AT_FDCWD, directory->link);
    return result == 0 || result == -EEXIST ||
           unsock_text_fail(error, "--here: ", directory->link, ": ", unsock_errno_words(-result));
}

bool unsock_checkout_prepare(const struct unsock_run_directory *directory, struct unsock_text *error) {
    UNSOCK_TEXT(unused, UNSOCK_PATH_MOST);
    bool is_inside = unsock_begins(directory->path, directory->git);
    return directory->git[0] == '\0' || make_link(directory, is_inside ? &unused : error) || is_inside;
}

void unsock_checkouts_prune(const char *directory, bool remove, const struct unsock_prune_seer *seer) {
    struct unsock_entries entries;
    enum unsock_entry_type type;
    UNSOCK_TEXT(path, UNSOCK_PATH_MOST);
    unsock_text_join(&path, directory, "/" UNSOCK_CHECKOUTS);
    unsock_entries_open(&entries, AT_FDCWD, path.buffer); /* with a slash at the end, the open would follow a link */
    unsock_text_char(&path, '/');
    size_t place = path.length;
    for (const char *name; (name = unsock_entries_next(&entries, &type));) {
        char hash[HASH_DIGITS + 1] = "";
        if (strlen(name) != HASH_DIGITS + sizeof(UNSOCK_CHECKOUT_LINK) - 1 ||
            unsock_faccessat(entries.fd, name, 0) != -ENOENT)
            continue;
        memcpy(hash, name, HASH_DIGITS);
        bool is_there = unsock_faccessat(entries.fd, hash, 0) == 0;
        if (is_there && remove && !unsock_unused_remove(entries.fd, hash))
            continue;
        path.length = place;
        unsock_text_put(&path, is_there ? hash : name);
        seer->see(seer->context, path.buffer, 1);
        if (remove)
            unsock_unlinkat(entries.fd, name, 0);
    }
    unsock_entries_close(&entries);
}
