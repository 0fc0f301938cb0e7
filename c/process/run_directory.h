/* The directory of the socket files for a command that is about to be started: which one, and is it safe? */
#ifndef UNSOCK_RUN_DIRECTORY_H
#define UNSOCK_RUN_DIRECTORY_H

#include "rt/text.h"
#include "rules/environment.h"

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

/* Makes it, 0700, where it is missing, and checks it. `made`, unless NULL: whether it was missing. */
bool unsock_run_directory_prepare(const struct unsock_run_directory *directory, bool force, bool *made,
                                  struct unsock_text *error);

#endif
