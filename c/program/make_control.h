/* `make-control [FILE]`: writes a control file in the place of a socket file. */
#ifndef UNSOCK_MAKE_CONTROL_H
#define UNSOCK_MAKE_CONTROL_H

#include "program/command_call.h"

int unsock_make_control_start(const struct unsock_command_call *call);

#endif
