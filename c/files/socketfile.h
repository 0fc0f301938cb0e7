/* One socket file: who is there, and binding with the mode that was asked for. */
#ifndef UNSOCK_SOCKETFILE_H
#define UNSOCK_SOCKETFILE_H

#include "rt/net.h"
#include "rules/port_record.h"

/*
 * Is nobody bound to the socket file? Not visible to anybody, of whatever type the socket is. False when that cannot be
 * known for certain. Called with the directory locked.
 */
bool unsock_socketfile_is_stale(const struct sockaddr_un *path, socklen_t length);

/*
 * Asks several times with one socket: the probe, which unsock_socketfile_probe makes (-errno: none, and then nothing is
 * known for certain) and unsock_socketfile_probe_end closes.
 */
long unsock_socketfile_probe(void);
void unsock_socketfile_probe_end(long probe);

/*
 * Is somebody bound to the socket file, for certain? That needs no lock: nothing is removed by it. False may mean that
 * it is not known.
 */
bool unsock_socketfile_is_live(long probe, const struct sockaddr_un *path, socklen_t length);

/* The same in words, for a name that need not have a file. With the directory locked where something follows from it.
 */
enum unsock_port_life unsock_socketfile_life(long probe, const struct sockaddr_un *path, socklen_t length);

/* The same where no bind of that name can be under way. */
enum unsock_port_life unsock_socketfile_life_at_rest(long probe, const struct sockaddr_un *path, socklen_t length);

/* Is the datagram socket behind the file connected to somebody? */
bool unsock_socketfile_is_connected(const struct sockaddr_un *path, socklen_t length);

#define UNSOCK_OPEN_TO_ALL 0666 /* answers come to a client's own file from servers of any user, as over UDP */

/* bind(2) with UNSOCK_MODE, or where that is not set, with `mode` (-1: as the umask says). Returns 0 or -errno. */
long unsock_socketfile_bind(int socket, const struct sockaddr_un *path, socklen_t length, int mode);

#endif
