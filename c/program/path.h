/* `path PORT[@ADDR][/udp]`: the path of a port's file, for scripts; `path --lib`: that of the library. */
#ifndef UNSOCK_PROGRAM_PATH_H
#define UNSOCK_PROGRAM_PATH_H

#include "program/command_call.h"

struct unsock_option_table unsock_path_options(void);

/* Prints it, whether the file is there or not; with an address, of the file that its clients are led to. */
int unsock_path_start(const struct unsock_command_call *call);

#endif
