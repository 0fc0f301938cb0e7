/* The options of `make-control`, as a control file. */
#ifndef UNSOCK_CONTROL_OPTIONS_H
#define UNSOCK_CONTROL_OPTIONS_H

#include "program/options.h"
#include "unsock.h"

/*
 * Makes the control file that they describe. Relative paths are from the working directory. Returns false with one line
 * in `error` when options are missing, contradict each other or cannot be read.
 */
bool unsock_control_from_options(const struct unsock_options *options, struct unsock_control_file *file,
                                 struct unsock_text *error);

/* Writes an existing path without links and relative parts into `real` (UNSOCK_RUN_PATH_MOST). False: it cannot be. */
bool unsock_control_real_path(const char *path, char *real);

#endif
