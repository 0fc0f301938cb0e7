/* Who else has a TIPC service? */
#ifndef UNSOCK_TIPC_SERVICE_H
#define UNSOCK_TIPC_SERVICE_H

#include "unsock.h"

#include <stdbool.h>

/*
 * Does the control file lead to a TIPC service, or range of them, of which a socket of this node has one already? TIPC
 * itself lets any number of sockets have a service, and shares clients among them. A node address is no service.
 */
bool unsock_tipc_service_is_taken(const struct unsock_control_file *control);

/*
 * A datagram was not sent by TIPC, with `result`, -errno: nobody has the service. UDP takes it, `size` bytes, on a
 * socket that is not connected (`connected` false); else every second one is refused. Other results stay as they are.
 */
long unsock_tipc_service_absent(int fd, long result, bool connected, long size);

#endif
