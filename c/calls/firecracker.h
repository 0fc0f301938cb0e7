/* The handshake of Firecracker's vsock multiplexer (its docs/vsock.md, "Host-Initiated Connections"). */
#ifndef UNSOCK_FIRECRACKER_H
#define UNSOCK_FIRECRACKER_H

#include "unsock.h"

/*
 * Connects `socket` (AF_UNIX, stream, non-blocking, not the program's descriptor) to the control file's proxy and asks
 * for the dest's port. Reads not one byte beyond the answer's line. Takes `most` milliseconds. Returns 0;
 * -ECONNREFUSED for a refusal or any other answer; -ETIMEDOUT for silence; or connect's error. `socket` stays open.
 */
long unsock_firecracker_connect(int socket, const struct unsock_control_file *control, int64_t most);

#endif
