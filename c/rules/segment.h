/* UDP_SEGMENT (udp(7)): one sendmsg brings several datagrams, all but the last of one size. */
#ifndef UNSOCK_SEGMENT_H
#define UNSOCK_SEGMENT_H

#include "rt/net.h"

#define UNSOCK_UDP_SEGMENT 103
#define UNSOCK_SEGMENT_PARTS 16

/* A piece of a message; `message` points into it. */
struct unsock_segment {
    struct msghdr message;
    struct iovec parts[UNSOCK_SEGMENT_PARTS];
};

/* How many bytes the message has in all, INT32_MAX at most; -EINVAL where the kernel would not take its parts. */
long unsock_segment_total(const struct msghdr *message);

/* The size that the message's control data asks for, in bytes; 0: none. */
uint16_t unsock_segment_size(const struct msghdr *message);

/*
 * Makes the piece of `size` bytes (or fewer, at the end) from `offset` on, with the message's address and without its
 * control data. Returns its size; 0 at the end; -EMSGSIZE when it is in more parts than there is room for.
 */
long unsock_segment_cut(const struct msghdr *message, size_t offset, size_t size, struct unsock_segment *segment);

#endif
