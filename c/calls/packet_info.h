/* The control data of a received datagram that tell about its packet (ip(7), ipv6(7)). */
#ifndef UNSOCK_PACKET_INFO_H
#define UNSOCK_PACKET_INFO_H

#include "memory/fds.h"
#include "rt/net.h"
#include "rules/kernel_name.h"

/*
 * Appends to what the kernel gave (msg_controllen) those that the program asked for by IP_PKTINFO, IP_RECVTTL,
 * IPV6_RECVPKTINFO and so on; `room` is the size of the program's buffer, in bytes. `sender` is what the sender's
 * name tells.
 */
void unsock_packet_info_append(int fd, const struct unsock_fd *entry, const struct unsock_name *sender,
                               struct msghdr *message, size_t room);

#endif
