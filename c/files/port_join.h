/* Joining those that have a port already. */
#ifndef UNSOCK_PORT_JOIN_H
#define UNSOCK_PORT_JOIN_H

#include "rules/port_record.h"

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
