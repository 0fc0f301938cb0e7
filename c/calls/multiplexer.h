/* connect by Firecracker's multiplexer: who waits for its answer, and for how long. */
#ifndef UNSOCK_MULTIPLEXER_H
#define UNSOCK_MULTIPLEXER_H

#include "calls/firecracker.h"
#include "memory/fds.h"
#include "rules/ip.h"
#include "unsock.h"

/*
 * Connects `socket` (new; not yet in the place of `fd`, of which `entry` is known) to where the control file leads.
 * `asked`: the address that the program asked for; NULL for a program's own AF_UNIX socket, which always waits. Returns
 * 0, or -errno. With -EINPROGRESS, and with -EINTR, *goes_on tells whether the socket is to take its place all the
 * same, with `answer` for unsock_asking_begin.
 */
long unsock_multiplexer_connect(int fd, const struct unsock_fd *entry, const struct unsock_control_file *control,
                                const struct unsock_ip *asked, int socket, struct unsock_firecracker *answer,
                                bool *goes_on);

#endif
