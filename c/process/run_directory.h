/* The directory of a run. */
#ifndef UNSOCK_PROCESS_RUN_DIRECTORY_H
#define UNSOCK_PROCESS_RUN_DIRECTORY_H

#include "rules/environment.h"

/* run_directory.c: Chooses the directory of the socket files for a command that is about to be started, and checks that
 * it is safe. */

#define UNSOCK_RUN_PATH_MOST 4096

struct unsock_run_directory {
    bool asked; /* false: a default that nobody asked for by name, which has to be safe all by itself */
    char path[UNSOCK_RUN_PATH_MOST];
};

/* Makes a path absolute and plain, "..", "." and doubled slashes taken out. False with errno's negative: the working
 * directory is gone (-ENOENT), or it is too long (-ENAMETOOLONG). */
long unsock_run_resolve(const char *path, char *resolved);

/*
 * Chooses: the option (NULL: not given), UNSOCK_DIR, $XDG_RUNTIME_DIR/unsock, /run/unsock for root, /tmp/unsock-UID.
 * Returns false with one line in `error`.
 */
bool unsock_run_directory_choose(const char *option, const struct unsock_environment *environment,
                                 struct unsock_run_directory *directory, struct unsock_text *error);

/* The same where neither option nor UNSOCK_DIR says anything. */
bool unsock_run_directory_default(const struct unsock_environment *environment, struct unsock_run_directory *directory,
                                  struct unsock_text *error);

struct unsock_directory_rights;

/*
 * Checks whether others could put another directory in the place of this one, which may be missing. `force`: that is
 * fine, if it was asked for. Returns false with one line in `error`.
 */
bool unsock_run_directory_check_place(const struct unsock_run_directory *directory, bool force,
                                      struct unsock_text *error);

/*
 * Checks the directory, which is there, and its place. `force`: one to which everybody may write is fine, if it was
 * asked for. Returns false with one line in `error`.
 */
bool unsock_run_directory_check(const struct unsock_run_directory *directory, bool force, struct unsock_text *error);

/*
 * Makes it, 0700, where it is missing, and checks it. `made`, unless NULL: whether it was missing. `rights`, unless
 * NULL: what it gets then (unsock_directory_rights_prepare); the line that tells what root types has them.
 */
bool unsock_run_directory_prepare(const struct unsock_run_directory *directory, bool force,
                                  const struct unsock_directory_rights *rights, bool *made, struct unsock_text *error);

/*
 * Checks whether sockets can be made in a directory that this user may write to: some file systems hold none (sshfs),
 * are full, or read-only. `known`: those of usual kinds (ext4, tmpfs), too, which `run` passes over. Returns false with
 * one line in `error`.
 */
bool unsock_run_directory_check_sockets(const struct unsock_run_directory *directory, bool known,
                                        struct unsock_text *error);

/* directory_rights.c: For whom a directory of socket files is made: `--group` and `--dir-mode`. */

/* The mode of socket files that a group needs, where no other was given. */
#define UNSOCK_GROUP_FILE_MODE "660"

struct unsock_directory_rights {
    bool given;
    const char *name; /* the group's, as it was written; NULL: that of whoever makes the directory */
    uint32_t group;
    uint32_t mode;
};

/* Reads the options' values (NULL: not given). Returns false with one line in `error`. */
bool unsock_directory_rights_read(const char *group, const char *mode, struct unsock_directory_rights *rights,
                                  struct unsock_text *error);

/*
 * unsock_run_directory_prepare; one that was missing gets the rights, and one that is there has to have them: others
 * may rely on what it has. Returns false with one line in `error`.
 */
bool unsock_directory_rights_prepare(const struct unsock_run_directory *directory, bool force,
                                     const struct unsock_directory_rights *rights, bool *made,
                                     struct unsock_text *error);

/*
 * loopback_name.c: The name that a loopback was given by `run --name`: a link in the user's default directory, in
 * `.names`, that leads to the directory of the socket files. A name that is given again leads to the new one.
 */

#define UNSOCK_LOOPBACK_NAMES ".names"
#define UNSOCK_LOOPBACK_NAME_MOST 63

/* Removes, from the names in a default directory, those whose own directory has gone. */
void unsock_loopback_names_prune(const char *directory);

/* True if it can be part of a host's name: letters, digits and "-". */
bool unsock_loopback_name_is(struct unsock_span name);

/* The same, with one line in `error`; NULL is fine. */
bool unsock_loopback_name_check(const char *name, struct unsock_text *error);

/*
 * Gives the name (NULL: none) to the directory at the absolute path; `caller` is the environment. Returns false with
 * one line in `error`.
 */
bool unsock_loopback_name_give(const char *name, const char *path, const char *const *caller,
                               struct unsock_text *error);

/*
 * private.c: A directory of its own for one run: DIR/private/NAME. In it lies a file that whoever keeps it has locked
 * (flock(2)) until it goes. Where nobody has, its keeper was killed; then the next run, or `prune`, removes it.
 */

#define UNSOCK_PRIVATE_NAME_LENGTH 6

struct unsock_private {
    char path[UNSOCK_RUN_PATH_MOST];
    long lock; /* the descriptor that keeps it */
};

/* True if the path of one in this directory would have room for socket files. False with one line in `error`. */
bool unsock_private_fits(const char *directory, struct unsock_text *error);

/*
 * Makes one in the directory at the absolute path, which is there and good: for its owner and group, with its mode; but
 * where everybody may write to that, for the user alone. Returns false with one line in `error`.
 */
bool unsock_private_make(const char *directory, struct unsock_private *private, struct unsock_text *error);

/* Removes it, with all that is in it, unless somebody listens in it still. Returns whether it is gone. */
bool unsock_private_remove(const char *path);

/*
 * Looks in a directory for those that nobody keeps, in which nobody listens and which no process has for its
 * UNSOCK_DIR, as far as can be seen. Adds a line with the path of each to `paths` (NULL: they are not told). With
 * `remove` they are removed.
 */
void unsock_private_sweep(const char *directory, bool remove, struct unsock_text *paths);

/* users_of.c: Which processes use a directory of socket files. */

/*
 * True if a process uses it, as far as can be seen: it has this path for UNSOCK_DIR in its environment or a socket that
 * is bound in the directory, or is a child of one that has.
 */
bool unsock_users_of(const char *directory);

/*
 * Kills (SIGKILL) all that use it, and those that they start meanwhile, and waits for their ends, at most a few
 * seconds; but not this process and its parent. Adds to `left` the names and numbers of those that live on.
 */
void unsock_users_end(const char *directory, struct unsock_text *left);

#endif
