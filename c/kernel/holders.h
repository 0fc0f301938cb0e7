/* Who has a socket open? */
#ifndef UNSOCK_HOLDERS_H
#define UNSOCK_HOLDERS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A socket, given by its inode number, is in use although this process has closed its descriptors. May that be by another
 * process? False when only a thread of this one can be at it, in accept or waiting for a datagram; true when that cannot be found
 * out. Looks through /proc: for the end of a process.
 */
bool unsock_holders_may_be_others(uint64_t inode);

#endif
