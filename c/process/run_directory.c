/* Chooses and checks the directory: anyone with write permission to it can choose which server answers. */
#include "process/run_directory.h"

#include "kernel/file_info.h"
#include "rt/system_calls.h"
#include "rules/errno.h"
#include "rules/settings.h"

#include <asm/statfs.h>
#include <linux/magic.h>

#define LENGTH_PROBLEM "must be a directory of 2 to 90 bytes, so that a socket file's path fits"

/* Appends the path `rest` to the absolute path `text`, which is empty for the root, and resolves "." and "..". */
static void add_parts(struct unsock_text *text, struct unsock_span rest) {
    while (rest.length > 0) {
        struct unsock_span part = unsock_span_next(&rest, '/');
        if (part.length == 0 || unsock_span_is(part, "."))
            continue;
        if (unsock_span_is(part, "..")) {
            while (text->length > 0 && text->buffer[--text->length] != '/')
                ;
            text->buffer[text->length] = '\0';
            continue;
        }
        unsock_text_char(text, '/');
        unsock_text_span(text, part);
    }
}

long unsock_run_resolve(const char *path, char *resolved) {
    char working[UNSOCK_PATH_MOST];
    struct unsock_text text = unsock_text_in(resolved, UNSOCK_PATH_MOST);
    if (path[0] != '/') {
        long length = unsock_getcwd(working, sizeof(working));
        /* getcwd(2) returns "(unreachable)/…" for a directory outside of this root directory. */
        if (length < 0 || working[0] != '/')
            return length < 0 ? length : -ENOENT;
        add_parts(&text, unsock_span_of(working));
    }
    add_parts(&text, unsock_span_of(path));
    if (text.length == 0)
        unsock_text_char(&text, '/');
    return text.cut ? -ENAMETOOLONG : 0;
}

bool unsock_run_resolve_named(const char *name, const char *path, char *resolved, struct unsock_text *error) {
    long result = unsock_run_resolve(path, resolved);
    return result == 0 ||
           unsock_text_refuse(error, name,
                              result == -ENOENT ? "the working directory was removed: write an absolute path"
                                                : "is too long: write an absolute path",
                              path);
}

/* True if the directory is the user's own. After su or sudo, XDG_RUNTIME_DIR may be another user's. */
static bool is_directory_of(const char *path, long uid) {
    struct statx status;
    return unsock_statx(AT_FDCWD, path, 0, STATX_TYPE | STATX_UID, &status) == 0 &&
           (status.stx_mode & S_IFMT) == S_IFDIR && (long)status.stx_uid == uid;
}

bool unsock_run_directory_fits(const char *name, const char *path, struct unsock_text *error) {
    size_t length = strlen(path);
    return (length > 1 && length <= UNSOCK_DIR_MOST) || unsock_text_refuse(error, name, LENGTH_PROBLEM, path);
}

static bool choose_named(const char *name, const char *value, struct unsock_run_directory *directory,
                         struct unsock_text *error) {
    directory->asked = true;
    directory->git[0] = '\0';
    return unsock_run_resolve_named(name, value, directory->path, error) &&
           unsock_run_directory_fits(name, directory->path, error);
}

bool unsock_run_directory_choose(const char *option, const char *const *environment,
                                 struct unsock_run_directory *directory, struct unsock_text *error) {
    if (option)
        return choose_named("--dir", option, directory, error);
    const char *variable = unsock_environment_get(environment, "UNSOCK_DIR");
    if (variable && variable[0] != '/')
        return unsock_text_fail(error, "UNSOCK_DIR: must be an absolute path: \"", variable, "\"");
    if (variable)
        return choose_named("UNSOCK_DIR", variable, directory, error);
    return unsock_run_directory_default(environment, directory, error);
}

bool unsock_run_directory_default(const char *const *environment, struct unsock_run_directory *directory,
                                  struct unsock_text *error) {
    const char *runtime = unsock_environment_get(environment, "XDG_RUNTIME_DIR");
    long uid = unsock_geteuid();
    UNSOCK_TEXT(path, UNSOCK_PATH_MOST);
    directory->asked = false;
    directory->git[0] = '\0';
    if (runtime && runtime[0] == '/' && is_directory_of(runtime, uid)) {
        unsock_text_join(&path, runtime, "/unsock");
    } else if (uid == 0 && is_directory_of("/run", 0)) {
        unsock_text_put(&path, "/run/unsock");
    } else {
        unsock_text_join(&path, "/tmp/unsock-", UNSOCK_DECIMAL(uid));
    }
    unsock_run_resolve(path.buffer, directory->path);
    return unsock_run_directory_fits("XDG_RUNTIME_DIR", directory->path, error);
}

/* Returns false, with one line about `directory` in `error`. */
#define FAIL(...) unsock_text_fail(error, "directory ", directory->path, ": ", __VA_ARGS__)

bool unsock_run_directory_check_place(const struct unsock_run_directory *directory, bool force,
                                      struct unsock_text *error) {
    UNSOCK_TEXT(why, UNSOCK_PATH_MOST + 64);
    return (force && directory->asked) || unsock_trust_place(directory->path, &why) != UNSOCK_PLACE_OPEN ||
           FAIL(why.buffer, ", and so another could be put in its place: name one elsewhere with --dir",
                directory->asked ? ", or trust them with --force" : "");
}

/* Checks the directory's type and mode; of a default one, also its owner and, if it is a link, the link's owner. */
static bool check_itself(const struct unsock_run_directory *directory, bool force, struct unsock_text *error) {
    struct statx link, target;
    long result = unsock_statx(AT_FDCWD, directory->path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &link);
    if (result == 0)
        result = unsock_statx(AT_FDCWD, directory->path, 0, STATX_BASIC_STATS, &target);
    if (result != 0)
        return FAIL(unsock_errno_words(-result));
    if ((target.stx_mode & S_IFMT) != S_IFDIR)
        return FAIL("not a directory: name another with --dir");
    if (directory->asked)
        return force || !(target.stx_mode & S_IWOTH) ||
               FAIL("everybody may write to it, and so answer in a server's place: use one of its own in it, --dir ",
                    directory->path, "/unsock, or trust everybody with --force");
    uint32_t uid = (uint32_t)unsock_geteuid();
    if (link.stx_uid != uid || target.stx_uid != uid)
        return FAIL("owned by user ", UNSOCK_DECIMAL(link.stx_uid != uid ? link.stx_uid : target.stx_uid),
                    ", not by you: name another with --dir");
    return !(target.stx_mode & UNSOCK_OTHERS_WRITE) || FAIL("others may write to it: chmod 700 ", directory->path);
}

bool unsock_run_directory_check(const struct unsock_run_directory *directory, bool force, struct unsock_text *error) {
    return unsock_run_directory_check_place(directory, force, error) && check_itself(directory, force, error);
}

static bool not_made(const struct unsock_run_directory *directory, const struct unsock_directory_rights *rights,
                     long why, struct unsock_text *error) {
    UNSOCK_TEXT(parent, UNSOCK_PATH_MOST);
    size_t length = (size_t)(unsock_base_name(unsock_span_of(directory->path)).at - directory->path);
    unsock_text_span(&parent, (struct unsock_span){directory->path, length > 1 ? length - 1 : 1});
    if (why == -ENOENT)
        return FAIL(parent.buffer, " does not exist: make it first, mkdir -p ", parent.buffer);
    if (why != -EACCES && why != -EPERM)
        return FAIL(unsock_errno_words(-why));
    const char *group = rights ? rights->name : NULL;
    uint32_t mode = rights && rights->given ? rights->mode : 0700;
    return FAIL("you may not make it in ", parent.buffer, ", or not enter that: name another with --dir, or let ",
                "root make it, install -d -o ", UNSOCK_DECIMAL(unsock_geteuid()), group ? " -g " : "",
                group ? group : "", " -m ", UNSOCK_MODE(mode), " ", directory->path);
}

bool unsock_run_directory_prepare(const struct unsock_run_directory *directory, bool force,
                                  const struct unsock_directory_rights *rights, bool *made, struct unsock_text *error) {
    if (!unsock_run_directory_check_place(directory, force, error))
        return false;
    long result = unsock_mkdirat(AT_FDCWD, directory->path, 0700);
    if (made)
        *made = result == 0;
    if (result < 0 && result != -EEXIST)
        return not_made(directory, rights, result, error);
    return check_itself(directory, force, error);
}

/* True for usual file systems, which have sockets: if a bind fails on one, the errno for the program says enough. */
static bool is_usual_file_system(const char *path) {
    static const uint32_t usual[] = {EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC,       BTRFS_SUPER_MAGIC,
                                     TMPFS_MAGIC,      OVERLAYFS_SUPER_MAGIC, F2FS_SUPER_MAGIC};
    struct statfs status = {.f_type = 0};
    unsock_statfs(path, &status);
    return unsock_is_among((uint32_t)status.f_type, usual, sizeof(usual) / sizeof(usual[0]));
}

/* Binds a socket to a name for trials, and removes the file. A name that is taken proves that sockets can be bound. */
static long try_socket(const char *directory) {
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    struct unsock_text text = unsock_text_in(path.sun_path, sizeof(path.sun_path));
    unsock_text_join(&text, directory, "/.unsock-try");
    UNSOCK_CLOSED long fd = unsock_socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    long result = fd < 0 ? fd : unsock_bind(fd, &path, sizeof(path));
    if (result == 0)
        unsock_unlinkat(AT_FDCWD, path.sun_path, 0);
    return result == -EADDRINUSE ? 0 : result;
}

bool unsock_run_directory_check_sockets(const struct unsock_run_directory *directory, bool known,
                                        struct unsock_text *error) {
    /* Accepts a directory without write permission: a client needs none. Missing search permission, which a client does
     * need, gives the same EACCES, and is accepted here, too. */
    long access = unsock_faccessat2(AT_FDCWD, directory->path, W_OK | X_OK, AT_EACCESS);
    if (access == -EACCES || (!known && (access < 0 || is_usual_file_system(directory->path))))
        return true;
    long result = try_socket(directory->path);
    return result == 0 || FAIL("no socket can be made there: ", unsock_errno_words(-result),
                               ": name one on another file system with --dir");
}
