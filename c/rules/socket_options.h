/* Socket options of a control file as text: SO_RCVBUF=8192. Pure. */
#ifndef UNSOCK_RULES_SOCKET_OPTIONS_H
#define UNSOCK_RULES_SOCKET_OPTIONS_H

#include "rt/text.h"
#include "unsock.h"

/*
 * Reads NAME=VALUE; NAME as in C or LEVEL:NUMBER. VALUE is a whole number, seconds with decimals for the timeouts,
 * TYPE:INSTANCE:SCOPE:FLAGS for TIPC_GROUP_JOIN. Returns false with one line in `error`.
 */
bool unsock_socket_option_read(const char *text, struct unsock_control_sockopt *option, struct unsock_text *error);

/* Writes it as it is read. */
void unsock_socket_option_put(struct unsock_text *text, const struct unsock_control_sockopt *option);

#endif
