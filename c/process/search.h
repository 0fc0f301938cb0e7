/* Finding a program as execvp does. */
#ifndef UNSOCK_SEARCH_H
#define UNSOCK_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

#define UNSOCK_SEARCH_PATH_MOST 4096

/*
 * Executes `name` (unsock_exec), which without a slash is looked for in the directories of `path`, separated by colons.
 * With `by_shell` a file that the kernel does not know is given to /bin/sh. Returns -errno, if it returns: of the first
 * file that was there but could not be executed, else -ENOENT.
 */
long unsock_exec_search(const char *name, const char *path, const char *const *argv, const char *const *environment,
                        bool by_shell);

/*
 * Which file would that be? Writes its path into `file`, of UNSOCK_SEARCH_PATH_MOST bytes. Returns 0 or -errno. For
 * those who do not execute it themselves.
 */
long unsock_exec_find(const char *name, const char *path, char *file);

#endif
