/* Forgets old entries at the numbers of descriptors from a message (SCM_RIGHTS), and closes unwanted descriptors. */
#include "calls/stream.h"

#include "replace/replace.h"
#include "rules/cmsg.h"

static bool has_rights(const struct cmsghdr *header) {
    return header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS;
}

bool unsock_passed_descriptors_maybe(const struct msghdr *message) {
    struct cmsghdr header;
    size_t space;
    if (message->msg_flags & MSG_CTRUNC)
        return true;
    for (size_t at = 0; (space = unsock_cmsg_read(message, at, &header)) > 0; at += space) {
        if (has_rights(&header))
            return true;
    }
    return false;
}

/* True if the program requested control data that AF_UNIX also delivers: MSG_CTRUNC may then concern these data. */
static bool wants_control(int fd) {
    static const int16_t options[] = {SO_TIMESTAMP, SO_TIMESTAMPNS, SO_TIMESTAMPING, SO_RXQ_OVFL, SO_PASSCRED};
    bool any = false;
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        any |= unsock_socket_option(fd, options[i]) > 0;
    return any;
}

/* Forgets everything known about the descriptors. `closes`: also closes them. Turns SO_LINGER off before: if the sender
 * set it on a TCP socket, the close would wait until the peer has taken all data. */
static void forget_descriptors(const struct msghdr *message, size_t at, const struct cmsghdr *header, bool closes) {
    static const struct linger off = {0, 0};
    for (size_t i = CMSG_LEN(0); i + sizeof(int) <= header->cmsg_len; i += sizeof(int)) {
        int fd;
        memcpy(&fd, (const uint8_t *)message->msg_control + at + i, sizeof(fd));
        unsock_reuse_new(fd);
        if (closes) {
            unsock_setsockopt(fd, SOL_SOCKET, SO_LINGER, &off, sizeof(off));
            unsock_close(fd);
        }
    }
}

void unsock_passed_descriptors_take(int fd, struct msghdr *message, bool refuses) {
    struct cmsghdr header;
    size_t space, at = 0;
    if (refuses && (message->msg_flags & MSG_CTRUNC) && !wants_control(fd))
        message->msg_flags &= ~MSG_CTRUNC;
    for (; (space = unsock_cmsg_read(message, at, &header)) > 0; at += space) {
        if (!has_rights(&header))
            continue;
        forget_descriptors(message, at, &header, refuses);
        if (!refuses)
            continue;
        uint8_t *control = (uint8_t *)message->msg_control + at;
        memmove(control, control + space, message->msg_controllen - at - space);
        message->msg_controllen -= space;
        space = 0;
    }
}
