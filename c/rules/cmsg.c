/* Cuts a message into datagrams, as its control data say. */
#include "rules/cmsg.h"

/* Refuses a part of more than half the address space, as the kernel does (copy_iovec_from_user, lib/iov_iter.c). */
long unsock_segment_total(const struct msghdr *message) {
    size_t total = 0;
    for (size_t i = 0; i < message->msg_iovlen; i++) {
        size_t length = message->msg_iov[i].iov_len;
        if (length > INT64_MAX)
            return -EINVAL;
        total = UNSOCK_MIN(total + UNSOCK_MIN(length, (size_t)INT32_MAX), (size_t)INT32_MAX);
    }
    return (long)total;
}

uint16_t unsock_segment_size(const struct msghdr *message) {
    struct cmsghdr header;
    uint16_t size = 0;
    size_t space;
    for (size_t at = 0; (space = unsock_cmsg_read(message, at, &header)) > 0; at += space) {
        if (header.cmsg_level == IPPROTO_UDP && header.cmsg_type == UNSOCK_UDP_SEGMENT &&
            header.cmsg_len == CMSG_LEN(sizeof(size)))
            memcpy(&size, (const uint8_t *)message->msg_control + at + CMSG_LEN(0), sizeof(size));
    }
    return size;
}

long unsock_segment_cut(const struct msghdr *message, size_t offset, size_t size, struct unsock_segment *segment) {
    size_t count = 0, cut = 0;
    for (size_t i = 0; i < message->msg_iovlen && cut < size; i++) {
        struct iovec part = message->msg_iov[i];
        size_t skipped = UNSOCK_MIN(offset, part.iov_len);
        offset -= skipped;
        part.iov_base = (char *)part.iov_base + skipped;
        part.iov_len = UNSOCK_MIN(part.iov_len - skipped, size - cut);
        if (part.iov_len == 0)
            continue;
        if (count == UNSOCK_SEGMENT_PARTS)
            return -EMSGSIZE;
        segment->parts[count++] = part;
        cut += part.iov_len;
    }
    segment->message = (struct msghdr){.msg_name = message->msg_name, .msg_namelen = message->msg_namelen};
    segment->message.msg_iov = segment->parts;
    segment->message.msg_iovlen = count;
    return (long)cut;
}
