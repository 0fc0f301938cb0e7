/* Chooses, checks and makes the socket files' directory. Functions that return false put one line into `error`. */
#ifndef UNSOCK_PROCESS_RUN_DIRECTORY_H
#define UNSOCK_PROCESS_RUN_DIRECTORY_H

#include "rules/environment.h"

/* run_directory.c: Chooses the directory for a command that is about to be started, and checks that it is safe. */

struct unsock_run_directory {
    /* The user named the directory. If not, the directory's owner and mode must be safe, even with --force. */
    bool asked;
    char path[UNSOCK_PATH_MOST];
    /* With --here: `git` is git's directory of the checkout, without links in its path; `link` is the path of the link
     * to `git` that --here makes in the default directory. Without --here, `git` is empty. */
    char git[UNSOCK_PATH_MOST], link[UNSOCK_PATH_MOST];
};

/* Writes the absolute path of `path`, without "..", "." and double slashes, into `resolved`. Returns 0; -ENOENT if the
 * working directory was removed or is outside of this root directory; -ENAMETOOLONG. */
long unsock_run_resolve(const char *path, char *resolved);

/* As unsock_run_resolve. False with one line in `error` about `name`, the option or variable that gave the path. */
bool unsock_run_resolve_named(const char *name, const char *path, char *resolved, struct unsock_text *error);

/* Chooses `option` (unless NULL), else UNSOCK_DIR, else a default: $XDG_RUNTIME_DIR/unsock if this user owns
 * XDG_RUNTIME_DIR, else /run/unsock for root, else /tmp/unsock-UID. */
bool unsock_run_directory_choose(const char *option, const char *const *environment,
                                 struct unsock_run_directory *directory, struct unsock_text *error);

/* Chooses a default, as if neither the option nor UNSOCK_DIR were given. */
bool unsock_run_directory_default(const char *const *environment, struct unsock_run_directory *directory,
                                  struct unsock_text *error);

/* True if the path has 2 to 90 bytes: a socket file's path then fits. `name`: the option or variable, for the error. */
bool unsock_run_directory_fits(const char *name, const char *path, struct unsock_text *error);

struct unsock_directory_rights;
struct unsock_prune_seer;

/* Checks that no untrusted user could replace this directory, even if it is missing. `force`: a named one passes. */
bool unsock_run_directory_check_place(const struct unsock_run_directory *directory, bool force,
                                      struct unsock_text *error);

/* Checks an existing directory, and by unsock_run_directory_check_place the directories above it. With `force`, a
 * directory that the user named passes even if everybody may write to it. */
bool unsock_run_directory_check(const struct unsock_run_directory *directory, bool force, struct unsock_text *error);

/* Makes the directory with mode 0700 if it is missing, and checks it. Sets `*made` (unless NULL) to true if the
 * directory was missing. If it cannot be made, the advice in `error` has the group and mode of `rights` (or NULL). */
bool unsock_run_directory_prepare(const struct unsock_run_directory *directory, bool force,
                                  const struct unsock_directory_rights *rights, bool *made, struct unsock_text *error);

/* If this user may write to the directory, binds a socket there as a test: a file system may have no sockets (sshfs) or
 * be full. If the result need not be `known`, accepts usual file systems (ext4, tmpfs) and read-only ones untested. */
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

/* Calls unsock_checkout_prepare, then unsock_run_directory_prepare (`made` not NULL). A new directory gets the rights.
 * An old one must already have them: other programs may rely on its rights. */
bool unsock_directory_rights_prepare(const struct unsock_run_directory *directory, bool force,
                                     const struct unsock_directory_rights *rights, bool *made,
                                     struct unsock_text *error);

/* checkout.c: `--here` uses the directory "unsock" in git's directory of the checkout (.git). If the path of git's
 * directory is too long or not UTF-8, `--here` uses DEFAULT/.checkouts/HASH: DEFAULT is the user's default directory,
 * HASH is a hash of git's path. The link DEFAULT/.checkouts/HASH.git leads to git's directory in both cases:
 * lib/sockets/checkouts.ts lists the checkouts by these links. */

#define UNSOCK_CHECKOUTS ".checkouts"
#define UNSOCK_CHECKOUT_LINK ".git"

/* Finds the checkout, by GIT_DIR or else from the working directory up, and chooses its directory. Returns false if
 * there is no checkout, or, unless `force`, if another user owns git's directory. */
bool unsock_checkout_choose(const char *const *environment, bool force, struct unsock_run_directory *directory,
                            struct unsock_text *error);

/* With --here, makes the link HASH.git, if necessary with DEFAULT and DEFAULT/.checkouts. Returns false if this fails
 * and the socket files will be in DEFAULT. If they will be in git's directory, ignores the failure. */
bool unsock_checkout_prepare(const struct unsock_run_directory *directory, struct unsock_text *error);

/* Finds the links HASH.git of removed checkouts. Reports to `seer` the directory HASH beside each link; if there is no
 * such directory, the link. With `remove`, removes both; but if HASH may have a live socket, skips the checkout. */
void unsock_checkouts_prune(const char *directory, bool remove, const struct unsock_prune_seer *seer);

/* loopback_name.c: The names of `run --name`. A name is a link, DEFAULT/.names/NAME, to the directory of the socket
 * files. A run with a name that is in use replaces the link. */

#define UNSOCK_LOOPBACK_NAMES ".names"
#define UNSOCK_LOOPBACK_NAME_MOST 63

/* Removes, in the default directory `directory`, the names whose links lead nowhere. */
void unsock_loopback_names_prune(const char *directory);

/* True for NULL, and for a label of a host name: 1 to 63 of a-z, 0-9 and "-", with no "-" at either end. */
bool unsock_loopback_name_check(const char *name, struct unsock_text *error);

/* Makes the link `name` (unless NULL) to the absolute path `path`. DEFAULT depends on the environment `caller`. */
bool unsock_loopback_name_give(const char *name, const char *path, const char *const *caller,
                               struct unsock_text *error);

/* private.c: A private directory for one run: DIR/private/NAME. The run's keeper (the process that waits for the run's
 * processes) locks a file in the directory (flock(2)) until the run ends. If the file is not locked, the keeper was
 * killed: the next private run or `prune` removes the directory. */

#define UNSOCK_PRIVATE_NAME_LENGTH 6

struct unsock_private {
    char path[UNSOCK_PATH_MOST];
    long lock; /* the descriptor of the locked file */
};

/* True if the path of a private directory in `directory` is short enough for socket files. With `divided` (--each),
 * also checks the path of a worker's directory in the private one. */
bool unsock_private_fits(const char *directory, bool divided, struct unsock_text *error);

/* Makes a private directory in `directory` (absolute, checked by the caller). It gets the group and mode of `directory`
 * and, if root makes it, the owner. If everybody may write to `directory`, only this user may use the private one. */
bool unsock_private_make(const char *directory, struct unsock_private *private, struct unsock_text *error);

#define UNSOCK_PRIVATE_SHARED "/0000000"
/* Makes a worker's directory `path` inside a private directory, and links the run's maps (the control files of --map)
 * into it. The worker's directory gets the private one's group and mode and, if root makes it, also the owner.
 * Processes that are not workers use the directory named UNSOCK_PRIVATE_SHARED. Returns 0 or -errno. */
long unsock_private_divide(const char *path);

/* Removes the private directory with everything in it, unless a socket in it may be live. True if it is gone. */
bool unsock_private_remove(const char *path);

/* As unsock_private_remove, for the directory `name` in the open directory `place`. */
bool unsock_unused_remove(long place, const char *name);

struct unsock_prune_seer;
/* Finds private directories that have no keeper, no live socket and no process (unsock_users_of). With `remove`,
 * removes them. Reports their paths to `seer` (unless NULL); with `remove`, only the paths of removed directories. */
void unsock_private_sweep(const char *directory, bool remove, const struct unsock_prune_seer *seer);

/* users_of.c: Finds the processes that use a directory of socket files. */

/* True if /proc shows a process that uses the directory. A process does so if its UNSOCK_DIR is this path or one below,
 * if it has a socket that is bound in the directory, or if its parent uses the directory. */
bool unsock_users_of(const char *directory);

/* Kills (SIGKILL) all processes that use the directory, also those that start meanwhile, but not this process and its
 * parent. Waits up to half a second for the end of each. Adds the names and numbers of the remaining ones to `left`. */
void unsock_users_end(const char *directory, struct unsock_text *left);

#endif
