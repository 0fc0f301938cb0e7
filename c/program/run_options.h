/* The options of `run`. The table is the command line's (lib/run/settings.ts, lib/commands/table.ts); a test compares
 * the two. */
#ifndef UNSOCK_RUN_OPTIONS_H
#define UNSOCK_RUN_OPTIONS_H

#include "program/run_map.h"
#include "rt/text.h"

#include <stdbool.h>

#define UNSOCK_RUN_OPTIONS_MOST 32

enum unsock_run_kind {
    UNSOCK_RUN_SWITCH, /* sets a variable to 1 */
    UNSOCK_RUN_VALUE,  /* sets a variable to its value */
    UNSOCK_RUN_MAYBE,  /* the same; its value may be missing */
    UNSOCK_RUN_CHOICE, /* sets one of two variables, or none */
    UNSOCK_RUN_OTHER,  /* is no setting */
    UNSOCK_RUN_EACH,   /* the same; it may be given several times */
};

/* One option. Arrays, since pointers would have to be relocated in every process. */
struct unsock_run_option {
    char flag[24];     /* with its dashes */
    char value[24];    /* what its value is called; empty: it has none */
    char variable[32]; /* which it sets; empty: none */
    enum unsock_run_kind kind;
    char otherwise[32]; /* the variable's value when neither it nor the option says anything; empty: none */
};

/* Number `index`, in the order of help; NULL behind the last. */
const struct unsock_run_option *unsock_run_option_at(unsigned index);

/* What was given, by the number of the option: NULL nothing, "" without a value. */
struct unsock_run_options {
    const char *values[UNSOCK_RUN_OPTIONS_MOST];
    bool help;
    bool force;
    bool trust; /* those who could put another directory in the place of this one: sets UNSOCK_TRUST */
    bool dry_run;
    bool private;
    bool isolate;
    bool keep; /* the control files of `maps` */
    const char *library;
    const char *directory;
    const char *group;
    const char *directory_mode;
    const char *insists; /* the first that was given of those that promise that nothing goes elsewhere */
    const char *maps[UNSOCK_RUN_MAPS_MOST];
    unsigned map_count;
    const char *const *command;
};

/*
 * Reads the words behind `run`, up to the first that is no option, or behind "--". Returns false with one line in
 * `error`. With `help` nothing else is said of them.
 */
bool unsock_run_options_read(const char *const *words, struct unsock_run_options *options, struct unsock_text *error);

/* Gives an option a value, unless it was given one. */
void unsock_run_options_default(struct unsock_run_options *options, const char *flag, const char *value);

#endif
