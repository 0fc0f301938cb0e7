/* The directory of the socket files: chosen, checked and made for a command. A function with an `error` returns true,
 * or false with one line in `error`. */
#ifndef UNSOCK_PROCESS_RUN_DIRECTORY_H
#define UNSOCK_PROCESS_RUN_DIRECTORY_H

#include "rules/environment.h"

/* run_directory.c: Chooses the directory for a command that is about to be started, and checks that it is safe. */

struct unsock_run_directory {
    bool asked; /* the user named it; a default must be safe by its owner and mode alone */
    char path[UNSOCK_PATH_MOST];
    /* --here: git's directory of the checkout, without links in its path, and the link to it; else empty */
    char git[UNSOCK_PATH_MOST], link[UNSOCK_PATH_MOST];
};

/* Writes the absolute path without "..", "." and doubled slashes into `resolved`. Returns 0; -ENOENT if the working
 * directory was removed; -ENAMETOOLONG. */
long unsock_run_resolve(const char *path, char *resolved);

/* Chooses the option (NULL: not given), UNSOCK_DIR, $XDG_RUNTIME_DIR/unsock, /run/unsock for root, or /tmp/unsock-UID.
 */
bool unsock_run_directory_choose(const char *option, const struct unsock_environment *environment,
                                 struct unsock_run_directory *directory, struct unsock_text *error);

/* Chooses a default, as if neither the option nor UNSOCK_DIR were given. */
bool unsock_run_directory_default(const struct unsock_environment *environment, struct unsock_run_directory *directory,
                                  struct unsock_text *error);

/* True if socket files have room in the path, which `name` (an option or a variable) gave. False with one line in
 * `error`. */
bool unsock_run_directory_fits(const char *name, const char *path, struct unsock_text *error);

struct unsock_directory_rights;
struct unsock_prune_seer;

/* Checks that no untrusted user could replace this directory, which may be missing. With `force`, accepts any directory
 * that the user named. */
bool unsock_run_directory_check_place(const struct unsock_run_directory *directory, bool force,
                                      struct unsock_text *error);

/* Checks an existing directory and its place. With `force`, everybody may write to a directory that the user named. */
bool unsock_run_directory_check(const struct unsock_run_directory *directory, bool force, struct unsock_text *error);

/* Makes the directory with mode 0700 if it is missing, and checks it. `made` (or NULL): whether it was missing.
 * `rights` (or NULL): its rights in the end, for the advice in `error` if it cannot be made. */
bool unsock_run_directory_prepare(const struct unsock_run_directory *directory, bool force,
                                  const struct unsock_directory_rights *rights, bool *made, struct unsock_text *error);

/* If this user may write to the directory, checks that it takes sockets: some file systems have none (sshfs), are full,
 * or read-only. `run` skips usual ones (ext4, tmpfs); `known`: checks them, too. Returns false with one line in
 * `error`, which names the errno. */
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

/* Reads the options' values (NULL: not given). */
bool unsock_directory_rights_read(const char *group, const char *mode, struct unsock_directory_rights *rights,
                                  struct unsock_text *error);

/* Makes and checks the directory as unsock_run_directory_prepare, but `made` is never NULL. A new one gets the rights.
 * An existing one must have them already: other programs may rely on its present rights. */
bool unsock_directory_rights_prepare(const struct unsock_run_directory *directory, bool force,
                                     const struct unsock_directory_rights *rights, bool *made,
                                     struct unsock_text *error);

/* checkout.c: `--here`: the directory of the git checkout that the working directory is in: "unsock" in git's own
 * directory of that checkout, or if that path is too long or not UTF-8, DEFAULT/.checkouts/HASH, by a hash of the path.
 * In both cases DEFAULT/.checkouts/HASH.git is a link to git's directory, by which lib/sockets/checkouts.ts finds all.
 */

#define UNSOCK_CHECKOUTS ".checkouts"
#define UNSOCK_CHECKOUT_LINK ".git"

/* Finds the checkout, by GIT_DIR or from the working directory up, and chooses its directory. Returns false with one
 * line in `error`; unless `force`, also for another user's checkout. */
bool unsock_checkout_choose(const struct unsock_environment *environment, bool force,
                            struct unsock_run_directory *directory, struct unsock_text *error);

/* Makes the link, and the directories above it. Returns false with one line in `error` if they are needed. */
bool unsock_checkout_prepare(const struct unsock_run_directory *directory, struct unsock_text *error);

/* Removes the links of removed checkouts, and their directories, unless a live server is in one. Reports each to
 * `seer`, and removes it with `remove`. */
void unsock_checkouts_prune(const char *directory, bool remove, const struct unsock_prune_seer *seer);

/* loopback_name.c: The names of `run --name`. A name is a link in the user's default directory, in `.names`, to the
 * directory of the socket files. If a name is given again, its link is replaced. */

#define UNSOCK_LOOPBACK_NAMES ".names"
#define UNSOCK_LOOPBACK_NAME_MOST 63

/* Removes the names in a default directory whose own directory does not exist any more. */
void unsock_loopback_names_prune(const char *directory);

/* True if the name can be part of a host's name: a-z, 0-9 and, inside, "-"; at most 63 letters. NULL passes. Otherwise
 * puts one line into `error`. */
bool unsock_loopback_name_check(const char *name, struct unsock_text *error);

/* Gives the name (NULL: none) to the directory at the absolute path; `caller` is the environment. False with one line
 * in `error` if the link cannot be made. */
bool unsock_loopback_name_give(const char *name, const char *path, const char *const *caller,
                               struct unsock_text *error);

/* private.c: A private directory for one run: DIR/private/NAME. The run's keeper locks a file in it (flock(2)) until
 * the run ends. A file without a lock shows that the keeper was killed: the next run, or `prune`, removes the
 * directory. */

#define UNSOCK_PRIVATE_NAME_LENGTH 6

struct unsock_private {
    char path[UNSOCK_PATH_MOST];
    long lock; /* the descriptor of the locked file */
};

/* True if socket files have room in the path of a private directory; `divided`: of one that `run --each` divides. */
bool unsock_private_fits(const char *directory, bool divided, struct unsock_text *error);

/* Makes a private directory in the checked one at the absolute path, with its owner, group and mode; for the user alone
 * if everybody may write to the checked one. */
bool unsock_private_make(const char *directory, struct unsock_private *private, struct unsock_text *error);

/* Divides a private directory, for `run --each`: makes one directory in it, with its owner, group and mode, for the
 * sockets of one worker, or, SHARED, of all other processes. Returns 0 or -errno. */
#define UNSOCK_PRIVATE_SHARED "/0000000"
long unsock_private_divide(const char *path);

/* Removes the private directory with all that is in it, unless a socket in it may be live. True if it is gone. */
bool unsock_private_remove(const char *path);

/* Removes the directory `name` in the open directory `place` with all its files, unless it has a socket that may be
 * live. True if it is gone. */
bool unsock_unused_remove(long place, const char *name);

/* Finds the private directories without a keeper, without a live socket, and without a process that uses them
 * (unsock_users_of). Tells `seer` (or NULL) the path of each. With `remove` it removes them. */
struct unsock_prune_seer;
void unsock_private_sweep(const char *directory, bool remove, const struct unsock_prune_seer *seer);

/* users_of.c: Finds the processes that use a directory of socket files. */

/* True if /proc shows a process that uses the directory: with this path as UNSOCK_DIR in its environment, or with a
 * socket bound in the directory, or a child of such a process. */
bool unsock_users_of(const char *directory);

/* Kills (SIGKILL) all processes that use the directory, also those that start meanwhile, but not this process and its
 * parent. Waits a few seconds at most for their ends. Adds the names and numbers of the remaining ones to `left`. */
void unsock_users_end(const char *directory, struct unsock_text *left);

#endif
