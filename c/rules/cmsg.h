/* Reads a message's control data, and cuts a message into datagrams. */
#ifndef UNSOCK_RULES_CMSG_H
#define UNSOCK_RULES_CMSG_H

#include "rt/base.h"

/* Reads the header of the control message at `at`, whatever bytes the program or a peer has put there (cmsg(3)). Its
 * cmsg_len is then within the control data. Returns the control message's size, padded; 0: there is no valid one. */
static inline size_t unsock_cmsg_read(const struct msghdr *message, size_t at, struct cmsghdr *header) {
    if (unsock_is_nowhere(message->msg_control) || at + sizeof(*header) > message->msg_controllen)
        return 0;
    memcpy(header, (const uint8_t *)message->msg_control + at, sizeof(*header));
    if (header->cmsg_len < sizeof(*header) || header->cmsg_len > message->msg_controllen - at)
        return 0;
    return UNSOCK_MIN(CMSG_ALIGN(header->cmsg_len), message->msg_controllen - at);
}

/* UDP_SEGMENT (udp(7)): one sendmsg sends several datagrams, all but the last of one size. */
#define UNSOCK_UDP_SEGMENT 103
#define UNSOCK_UDP_GRO 104
#define UNSOCK_SEGMENT_PARTS 16

/* One datagram of a message. `message` points into this struct. */
struct unsock_segment {
    struct msghdr message;
    struct iovec parts[UNSOCK_SEGMENT_PARTS];
};

/* Returns the total length of the message's parts, at most INT32_MAX; -EINVAL if the kernel would refuse them. */
long unsock_segment_total(const struct msghdr *message);

/* Returns the size of each datagram, as UDP_SEGMENT in the control data says; 0: none. */
uint16_t unsock_segment_size(const struct msghdr *message);

/* Makes the datagram of `size` bytes (or fewer, at the end) from `offset` on, with the message's address and without
 * its control data. Returns the datagram's size; 0 at the end; -EMSGSIZE for more than UNSOCK_SEGMENT_PARTS parts. */
long unsock_segment_cut(const struct msghdr *message, size_t offset, size_t size, struct unsock_segment *segment);

#endif
