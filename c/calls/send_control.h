/* The control data of a message that is sent (ip(7), ipv6(7), udp(7)). */
#ifndef UNSOCK_SEND_CONTROL_H
#define UNSOCK_SEND_CONTROL_H

#include "memory/fds.h"
#include "rt/net.h"

/*
 * What a TCP or UDP socket would say to the message's control data, which can be read; AF_UNIX would take them for
 * something else, or pass descriptors on, and is never given them. Returns 0 or -errno.
 */
long unsock_send_control_check(const struct unsock_fd *entry, const struct msghdr *message);

#endif
