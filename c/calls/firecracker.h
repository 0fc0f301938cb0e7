/* The handshake of Firecracker's vsock multiplexer (its docs/vsock.md, "Host-Initiated Connections"). */
#ifndef UNSOCK_FIRECRACKER_H
#define UNSOCK_FIRECRACKER_H

#include "unsock.h"

#include <stdbool.h>

#define UNSOCK_FIRECRACKER_LINE 32 /* "OK 4294967295\n" is 14 */

/* An answer on its way. */
struct unsock_firecracker {
    int64_t deadline; /* milliseconds, by unsock_clock_ms */
    uint32_t length;  /* of what has been read of the line */
    char line[UNSOCK_FIRECRACKER_LINE];
};

/*
 * Connects `socket` (AF_UNIX, stream, non-blocking, not the program's descriptor) to the control file's proxy and asks
 * for the dest's port, `asked` says until when. A full backlog is waited for until `full`, by the same clock. Returns
 * 0; -ECONNREFUSED; -ETIMEDOUT; -EINTR where a signal has ended it; or connect's error. `socket` stays open.
 */
long unsock_firecracker_ask(int socket, const struct unsock_control_file *control, struct unsock_firecracker *asked,
                            int64_t full);

/*
 * Reads what there is of the answer, and not one byte beyond its line; never waits. Returns 0; -EINPROGRESS: that is
 * not all; -ECONNREFUSED for a refusal or any other answer; -ETIMEDOUT when its time is up.
 */
long unsock_firecracker_answer(int socket, struct unsock_firecracker *asked);

/* The same, and waits for it until `end` (-EINPROGRESS then), or until a signal that ends a connect (-EINTR). */
long unsock_firecracker_await(int socket, struct unsock_firecracker *asked, int64_t end);

#endif
