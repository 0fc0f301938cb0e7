/* Whose the sockets of a port are: another user's, or this process's own. */
#ifndef UNSOCK_PORT_SHARING_H
#define UNSOCK_PORT_SHARING_H

#include "rules/port_record.h"

/*
 * In a sticky directory nobody else could take away what is left, what root has left there neither: one port is one
 * user's. Is it another's? Not where all that was read is dead, and this user may take it away.
 */
bool unsock_port_is_another_users(const struct unsock_port *port);

/* SO_REUSEPORT is for sockets of one user. Has another one a living socket that would share an address with `me`? */
bool unsock_port_shares_with_another(const struct unsock_port *port, const struct unsock_port_entry *me, long probe);

/* The descriptor of this process that has that entry's socket and does not listen; -1: there is none. */
int unsock_port_find_silent(struct unsock_port_key key, const struct unsock_port_entry *entry);

/* `me` listens now: those of this process that it excludes, and that do not listen, wait from now on. */
void unsock_port_let_wait(struct unsock_port_key key, const struct unsock_port_entry *me);

/* The file of the entry has got this number: descriptors of this process that have its socket know it from now on. */
void unsock_port_tell_number(struct unsock_port_key key, const struct unsock_port_entry *before, uint8_t number);

#endif
