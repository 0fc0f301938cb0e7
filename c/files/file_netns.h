/*
 * Where a socket file comes from, noted at the file itself for those who may not ask its socket: another user in the
 * same directory.
 *
 * The time of modification of a socket file means nothing to anybody. A file that such a user may find left over gets
 * one that names the network namespace of its socket. Whoever is in that namespace sees all its sockets in
 * /proc/net/unix: one that is not there is gone, whoever had it. (A number of a namespace is used again only when no
 * socket of the old one is left.)
 */
#ifndef UNSOCK_FILE_NETNS_H
#define UNSOCK_FILE_NETNS_H

#include <stdbool.h>

/*
 * A socket was bound to this file just now: notes the namespace where others may write to the directory but not to the
 * file, or its owner may not. No system call in a private directory.
 */
void unsock_file_netns_note(const char *path);

/* Has the socket of this file gone, for certain? */
bool unsock_file_netns_is_gone(const char *path);

#endif
