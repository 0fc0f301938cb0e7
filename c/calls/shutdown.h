/* shutdown, as the doors call it. Returns 0 or -errno. */
#ifndef UNSOCK_SHUTDOWN_H
#define UNSOCK_SHUTDOWN_H

long unsock_call_shutdown(int fd, int how);

#endif
