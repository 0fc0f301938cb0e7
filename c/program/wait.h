/* `wait PORT…`: until somebody listens at all of the ports, or with --gone nobody is there any more. */
#ifndef UNSOCK_PROGRAM_WAIT_H
#define UNSOCK_PROGRAM_WAIT_H

#include "program/command_call.h"

struct unsock_option_table unsock_wait_options(void);

int unsock_wait_start(const struct unsock_command_call *call);

#endif
