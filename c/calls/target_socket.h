/* New sockets of the family that a control file names. */
#ifndef UNSOCK_TARGET_SOCKET_H
#define UNSOCK_TARGET_SOCKET_H

#include "memory/fds.h"
#include "unsock.h"

/* The family of its destination. */
int unsock_target_family(const struct unsock_control_file *control);

/* Where a client goes: who is bound to any CID is reached at the own one (VMADDR_CID_LOCAL). */
void unsock_target_to_connect(struct unsock_control_file *control);

/* A socket of the target's family, with the control file's options. Returns it or -errno. */
long unsock_target_open(const struct unsock_fd *entry, const struct unsock_control_file *control);

/* Runs the file's socket options on a new socket. Returns 0, or the -errno of the first that failed. */
long unsock_target_apply_options(const struct unsock_control_file *control, int fd);

#endif
