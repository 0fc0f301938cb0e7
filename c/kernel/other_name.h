/*
 * Our directory by another name: sockets that were bound by another path to it, in another mount namespace
 * (docs/containers.md) or through another mount here.
 *
 * How a path begins proves nothing: anybody may have a directory with a 53.dgram.sock in it. A socket is of our
 * directory if the file of that name in it is the socket's own. The kernel tells that: the socket to which our path
 * leads has a name, and it must be the very text that the sender's is. Of a socket that is connected to somebody else
 * the kernel tells nobody else the name. So a socket leaves a mark at its own file when it connects to one that has
 * another name for the directory. Only the file's owner can do that. The mark is a hash of the socket's name, for which
 * the time of modification has room.
 */
#ifndef UNSOCK_OTHER_NAME_H
#define UNSOCK_OTHER_NAME_H

#include "rt/net.h"
#include "rules/kernel_name.h"

/*
 * Is the datagram socket with this name one of our directory, for certain, though its name does not begin like that?
 * Then fills `name` as if it did, kind FILE. No system call for names that cannot be.
 */
bool unsock_other_name_is_ours(const struct sockaddr_un *address, size_t length, struct unsock_name *name);

/*
 * The datagram socket `fd` has just been connected. Where its peer has another name for the directory, marks the file
 * of `fd`, which must still be at the name that it was bound by.
 */
void unsock_other_name_mark(int fd);

#endif
