/*
 * Names of settings: one that does not exist is a misspelling, and whoever wrote it believes that it counts. The
 * command line's lib/run/setting_names.ts has the same rules and the same words.
 */
#ifndef UNSOCK_SETTING_NAMES_H
#define UNSOCK_SETTING_NAMES_H

#include "rt/text.h"
#include "rules/environment.h"

/*
 * Looks for UNSOCK_* variables that are neither settings nor of those that the command line, the tests or the library
 * as a program read. `name_of` gives the names of the settings, NULL behind the last. An empty variable is as good as
 * none. Returns false with one line, "NAME: no such setting…" and the nearest one that there is, in `error`.
 */
bool unsock_setting_names_check(const struct unsock_environment *environment, const char *(*name_of)(unsigned index),
                                struct unsock_text *error);

#endif
