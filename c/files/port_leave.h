/* What the end of a stream socket does to its port's names. */
#ifndef UNSOCK_PORT_LEAVE_H
#define UNSOCK_PORT_LEAVE_H

#include "rules/port_record.h"

/*
 * With the directory locked: the entry's socket has ended (DEAD, GONE), or is to have no name any more (DEAD). Its file
 * goes, and PORT.sock leads to another living one, or goes with the last.
 */
void unsock_port_leave(uint16_t number, const struct unsock_port_entry *me, enum unsock_port_life own, long probe);

/*
 * PORT.sock leads to a socket that was killed, and others may live: for the plain clients' sake it leads to one of them.
 * Takes the lock.
 */
void unsock_port_repair(uint16_t number);

#endif
