/* Whose the sockets of a port are, another user's, or this process's own; and joining them. */
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

/*
 * With the directory locked: `me`, whose file is there, becomes one of the port, as it was read and as `joining` says.
 * Returns 0 or -errno; -EEXIST: somebody has made PORT.sock meanwhile.
 */
long unsock_port_join(struct unsock_port *port, const struct unsock_port_entry *me,
                      const struct unsock_port_joining *joining);

/*
 * A datagram socket with this entry, which lets others share its address, has been connected: what its client sends
 * goes to it from now on, and nobody else's. Where it has the port alone that is one system call.
 */
void unsock_port_note_connected(struct unsock_port_key key, const struct unsock_port_entry *entry);

#endif
