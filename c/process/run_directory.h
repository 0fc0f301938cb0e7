/* The directory of the socket files: chosen, checked and made for a command. A function with an `error` returns true,
 * or false with one line in `error`. */
#ifndef UNSOCK_PROCESS_RUN_DIRECTORY_H
#define UNSOCK_PROCESS_RUN_DIRECTORY_H

#include "rules/environment.h"

/* run_directory.c: Chooses the directory for a command that is about to be started, and checks that it is safe. */

struct unsock_run_directory {
    bool asked; /* the user named it. If not, its owner and mode must be safe, even with --force */
    char path[UNSOCK_PATH_MOST];
    /* --here: git's directory of the checkout, as a path without links, and the link to it. Else `git` is empty */
    char git[UNSOCK_PATH_MOST], link[UNSOCK_PATH_MOST];
};

/* Writes the absolute path without "..", "." and doubled slashes into `resolved`. Returns 0; -ENOENT if the working
 * directory was removed; -ENAMETOOLONG. */
long unsock_run_resolve(const char *path, char *resolved);

/* Chooses the first of `option` (or NULL), UNSOCK_DIR, $XDG_RUNTIME_DIR/unsock, /run/unsock (root), /tmp/unsock-UID. */
bool unsock_run_directory_choose(const char *option, const struct unsock_environment *environment,
                                 struct unsock_run_directory *directory, struct unsock_text *error);

/* Chooses a default, as if neither the option nor UNSOCK_DIR were given. */
bool unsock_run_directory_default(const struct unsock_environment *environment, struct unsock_run_directory *directory,
                                  struct unsock_text *error);

/* True if the directory's path has 2 to 90 bytes, so that a socket file's path fits. Else false with one line in
 * `error` about `name`, the option or variable that gave the path. */
bool unsock_run_directory_fits(const char *name, const char *path, struct unsock_text *error);

struct unsock_directory_rights;
struct unsock_prune_seer;

/* Checks that no untrusted user could replace this directory, which need not exist. With `force`, accepts any directory
 * that the user named. */
bool unsock_run_directory_check_place(const struct unsock_run_directory *directory, bool force,
                                      struct unsock_text *error);

/* Checks an existing directory and its place. With `force`, everybody may write to a directory that the user named. */
bool unsock_run_directory_check(const struct unsock_run_directory *directory, bool force, struct unsock_text *error);

/* Makes the directory with mode 0700 if it is missing, and checks it. `made` (or NULL): whether it was missing.
 * `rights` (or NULL): the rights that it will get later, for the advice in `error` if it cannot be made. */
bool unsock_run_directory_prepare(const struct unsock_run_directory *directory, bool force,
                                  const struct unsock_directory_rights *rights, bool *made, struct unsock_text *error);

/* If this user may write to the directory, checks that a socket can be bound there: a file system may have no sockets
 * (sshfs), be full or read-only. Unless `known`, does not try this on usual file systems (ext4, tmpfs) and read-only
 * ones. Returns false with one line in `error`, which names the errno. */
bool unsock_run_directory_check_sockets(const struct unsock_run_directory *directory, bool known,
                                        struct unsock_text *error);

/* directory_rights.c: The group and mode of a directory of socket files: `--group` and `--dir-mode`. */

/* The default mode of socket files with `--group`. */
#define UNSOCK_GROUP_FILE_MODE "660"

struct unsock_directory_rights {
    bool given;
    const char *name; /* the group's, as the user wrote it; NULL: no --group */
    uint32_t group;
    uint32_t mode;
};

/* Reads the values of --group and --dir-mode (NULL: not given). */
bool unsock_directory_rights_read(const char *group, const char *mode, struct unsock_directory_rights *rights,
                                  struct unsock_text *error);

/* Makes the link of --here, then makes and checks the directory as unsock_run_directory_prepare. `made` must not be
 * NULL. A new directory gets the rights. An old one must have them already: other programs may rely on its rights. */
bool unsock_directory_rights_prepare(const struct unsock_run_directory *directory, bool force,
                                     const struct unsock_directory_rights *rights, bool *made,
                                     struct unsock_text *error);

/* checkout.c: `--here` uses the directory "unsock" in git's directory of the checkout (.git). If the path of this
 * directory is too long or not UTF-8, it uses DEFAULT/.checkouts/HASH, with a hash of the path. In both cases
 * DEFAULT/.checkouts/HASH.git is a link to git's directory, for lib/sockets/checkouts.ts to find it. */

#define UNSOCK_CHECKOUTS ".checkouts"
#define UNSOCK_CHECKOUT_LINK ".git"

/* Finds the checkout, by GIT_DIR or else from the working directory up, and chooses its directory. Returns false with
 * one line in `error` if there is none, or if it is another user's; `force` allows the latter. */
bool unsock_checkout_choose(const struct unsock_environment *environment, bool force,
                            struct unsock_run_directory *directory, struct unsock_text *error);

/* With --here, makes the link HASH.git and the directories above it. A failure matters only if the socket files will be
 * in DEFAULT: then returns false with one line in `error`. */
bool unsock_checkout_prepare(const struct unsock_run_directory *directory, struct unsock_text *error);

/* Finds the links of removed checkouts, and the directories HASH beside these links. Reports each to `seer`. With
 * `remove`, removes them, except those whose directory may have a live socket: these are not reported. */
void unsock_checkouts_prune(const char *directory, bool remove, const struct unsock_prune_seer *seer);

/* loopback_name.c: The names of `run --name`. A name is a link, DEFAULT/.names/NAME, to the directory of the socket
 * files; DEFAULT is the user's default directory. A name that is given again leads to the new directory. */

#define UNSOCK_LOOPBACK_NAMES ".names"
#define UNSOCK_LOOPBACK_NAME_MOST 63

/* Removes from the default directory `directory` the names whose links lead nowhere. */
void unsock_loopback_names_prune(const char *directory);

/* True for NULL, and for a name that can be a label of a host name: 1 to 63 of a-z, 0-9 and "-", with no "-" at either
 * end. Else false with one line in `error`. */
bool unsock_loopback_name_check(const char *name, struct unsock_text *error);

/* Makes the name's link to the directory at the absolute path, unless `name` is NULL. The environment `caller` decides
 * the default directory. False with one line in `error` if the link cannot be made. */
bool unsock_loopback_name_give(const char *name, const char *path, const char *const *caller,
                               struct unsock_text *error);

/* private.c: A private directory for one run: DIR/private/NAME. The run's keeper locks a file in it (flock(2)) until
 * the run ends. If the file is not locked, the keeper was killed: the next run or `prune` removes the directory. */

#define UNSOCK_PRIVATE_NAME_LENGTH 6

struct unsock_private {
    char path[UNSOCK_PATH_MOST];
    long lock; /* the descriptor of the locked file */
};

/* True if a private directory's path is short enough for socket files; with `divided`, a worker's directory's path. */
bool unsock_private_fits(const char *directory, bool divided, struct unsock_text *error);

/* Makes a private directory in `directory`, an absolute path that has been checked. Gives it the group and mode of
 * `directory` and, if root makes it, the owner. If everybody may write to `directory`, it is for this user alone. */
bool unsock_private_make(const char *directory, struct unsock_private *private, struct unsock_text *error);

#define UNSOCK_PRIVATE_SHARED "/0000000"
/* Makes the directory `path` inside a private directory (for `run --each`), with the same owner, group and mode, and
 * links the run's maps into it. It holds the sockets of one worker; the one named UNSOCK_PRIVATE_SHARED holds those of
 * all other processes. Returns 0 or -errno. */
long unsock_private_divide(const char *path);

/* Removes the private directory with all that is in it, unless a socket in it may be live. True if it is gone. */
bool unsock_private_remove(const char *path);

/* Removes the directory `name` in the open directory `place` with all its files, unless it has a socket that may be
 * live. True if it is gone. */
bool unsock_unused_remove(long place, const char *name);

struct unsock_prune_seer;
/* Looks at each private directory whose keeper is gone. Reports to `seer` (or NULL) the paths of those without a live
 * socket or a user (unsock_users_of); with `remove`, only those that it has removed. */
void unsock_private_sweep(const char *directory, bool remove, const struct unsock_prune_seer *seer);

/* users_of.c: Finds the processes that use a directory of socket files. */

/* True if /proc shows a process that uses the directory: its UNSOCK_DIR is this path or one below it, or it has a
 * socket bound in the directory, or its parent uses the directory. */
bool unsock_users_of(const char *directory);

/* Kills (SIGKILL) all processes that use the directory, also those that start meanwhile, but not this process and its
 * parent. Waits up to half a second for the end of each. Adds the names and numbers of the remaining ones to `left`. */
void unsock_users_end(const char *directory, struct unsock_text *left);

#endif
