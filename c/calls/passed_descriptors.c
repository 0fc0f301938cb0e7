/* Descriptors that come with a message. */
#include "calls/passed_descriptors.h"

#include "replace/reuse.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rules/cmsg.h"

static bool has_rights(const struct cmsghdr *header) {
    return header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS;
}

static void forget(const struct msghdr *message, size_t at, const struct cmsghdr *header, bool closes) {
    for (size_t i = CMSG_LEN(0); i + sizeof(int) <= header->cmsg_len; i += sizeof(int)) {
        int fd;
        memcpy(&fd, (const uint8_t *)message->msg_control + at + i, sizeof(fd));
        unsock_reuse_new(fd);
        if (closes)
            unsock_sys(__NR_close, fd);
    }
}

void unsock_passed_descriptors_forget(const struct msghdr *message) {
    struct cmsghdr header;
    size_t space;
    for (size_t at = 0; (space = unsock_cmsg_read(message, at, &header)) > 0; at += space) {
        if (has_rights(&header))
            forget(message, at, &header, false);
    }
}

void unsock_passed_descriptors_refuse(struct msghdr *message) {
    struct cmsghdr header;
    size_t space, at = 0;
    while ((space = unsock_cmsg_read(message, at, &header)) > 0) {
        if (!has_rights(&header)) {
            at += space;
            continue;
        }
        forget(message, at, &header, true);
        uint8_t *control = (uint8_t *)message->msg_control + at;
        memmove(control, control + space, message->msg_controllen - at - space);
        message->msg_controllen -= space;
    }
}
