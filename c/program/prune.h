/* `prune`: removes files to which nobody is bound any more. */
#ifndef UNSOCK_PROGRAM_PRUNE_H
#define UNSOCK_PROGRAM_PRUNE_H

#include "program/command_call.h"

struct unsock_option_table unsock_prune_options(void);

/* With the directory locked, and only where the kernel says for certain that nobody is there. */
int unsock_prune_start(const struct unsock_command_call *call);

#endif
