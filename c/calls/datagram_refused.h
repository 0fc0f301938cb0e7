/* What a connected datagram socket hears when nobody is there: UDP takes the datagram, and the next call says it. */
#ifndef UNSOCK_DATAGRAM_REFUSED_H
#define UNSOCK_DATAGRAM_REFUSED_H

#include <stdbool.h>

/*
 * Leaves an error on `fd`, a datagram socket that is connected to nobody: poll and the next call tell of it. False
 * where that cannot be done (its file is not to be reached, no descriptor left): then the caller says ECONNREFUSED at
 * once.
 */
bool unsock_datagram_refuse_later(int fd);

/* `result` of a call on a redirected datagram socket: the error that was left, in UDP's words. */
long unsock_datagram_told(long result);

#endif
