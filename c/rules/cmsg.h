/* Walking the control data of a message (cmsg(3)), which may be anything: it comes from the program or from a peer. */
#ifndef UNSOCK_CMSG_H
#define UNSOCK_CMSG_H

#include "rt/mem.h"
#include "rt/net.h"

/*
 * Reads the header of the control message at `at`, whose cmsg_len is then within the control data. Returns the space
 * that it takes up, or 0 after the last one.
 */
static inline size_t unsock_cmsg_read(const struct msghdr *message, size_t at, struct cmsghdr *header) {
    if (unsock_is_nowhere(message->msg_control) || at + sizeof(*header) > message->msg_controllen)
        return 0;
    memcpy(header, (const uint8_t *)message->msg_control + at, sizeof(*header));
    if (header->cmsg_len < sizeof(*header) || header->cmsg_len > message->msg_controllen - at)
        return 0;
    return UNSOCK_MIN(CMSG_ALIGN(header->cmsg_len), message->msg_controllen - at);
}

#endif
