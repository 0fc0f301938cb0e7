/*
 * A datagram socket that takes the place of one that another process has, on the same address: with SO_REUSEPORT or
 * SO_REUSEADDR on both and of one user. New clients go to the newest, and back to the older one when that goes, whose
 * file waits under a hidden name meanwhile.
 */
#ifndef UNSOCK_SUCCESSOR_H
#define UNSOCK_SUCCESSOR_H

#include "files/bound.h"

/*
 * Binds where others have the address, if all of them let it. Called with the directory locked. Returns 0 or -errno,
 * -EADDRINUSE where one does not.
 */
long unsock_successor_bind(const struct unsock_bind_request *request, struct unsock_bound *bound);

#endif
