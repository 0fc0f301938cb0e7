/* The options of `run`. The table is the command line's (lib/run/settings.ts, lib/commands/table.ts); a test compares
 * the two. */
#ifndef UNSOCK_RUN_OPTIONS_H
#define UNSOCK_RUN_OPTIONS_H

#include "program/options.h"
#include "program/run_map.h"
#include "rt/text.h"
#include "rules/environment.h"

#include <stdbool.h>

/* Number `index`, in the order of help; NULL behind the last. */
const struct unsock_option *unsock_run_option_at(unsigned index);

struct unsock_option_table unsock_run_option_table(void);

/* What was given, and what it means. The values of --map are `given.each`. */
struct unsock_run_options {
    struct unsock_options given;
    bool force;
    bool trust; /* those who could put another directory in the place of this one: sets UNSOCK_TRUST */
    bool dry_run;
    bool private;
    bool isolate;
    bool keep; /* the control files of --map */
    const char *library;
    const char *name; /* of the loopback, for `expose --http` */
    const char *directory;
    const char *group;
    const char *directory_mode;
    const char *insists; /* the first that was given of those that promise that nothing goes elsewhere */
};

/*
 * Reads the words behind `run`, up to the first that is no option, or behind "--". Returns false with one line in
 * `error`. With `given.help` nothing else is said of them.
 */
bool unsock_run_options_read(const char *const *words, struct unsock_run_options *options, struct unsock_text *error);

/* With --group the mode of socket files that a group needs, where neither option nor environment says another. */
void unsock_run_options_for_group(struct unsock_run_options *options, const struct unsock_environment *caller);

#endif
