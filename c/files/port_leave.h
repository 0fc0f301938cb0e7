/* What the end of a socket does to its port's names. */
#ifndef UNSOCK_PORT_LEAVE_H
#define UNSOCK_PORT_LEAVE_H

#include "rules/port_record.h"

/*
 * With the directory locked: the entry's socket has ended (DEAD, GONE), or is to have no name any more (DEAD). Its file
 * goes, and PORT.sock leads to another living one, or goes with the last.
 */
void unsock_port_leave(struct unsock_port_key key, const struct unsock_port_entry *me, enum unsock_port_life own,
                       long probe);

/*
 * The same in two steps, around a close, the directory locked all the time: PORT.sock is never without a living one
 * where the port has several. Before it: returns the port as it was read, or NULL where there is no memory. After it:
 * `own` is what the kernel says of the socket then; alive, it leaves nothing.
 */
struct unsock_port *unsock_port_hand_on(struct unsock_port_key key, const struct unsock_port_entry *me, long probe);
void unsock_port_handed_on(struct unsock_port *port, const struct unsock_port_entry *me, enum unsock_port_life own,
                           long probe);

/*
 * All of the port that have ended leave it: those that were killed, and those that nobody could take away when they
 * were closed. Takes the lock. Returns 1 when nobody of the port lives, 0 when somebody does, or -errno.
 */
long unsock_port_sweep(struct unsock_port_key key);

#endif
