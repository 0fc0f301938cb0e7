/* Descriptors that come with a message. */
#include "rights.h"

#include "calls.h"
#include "rt/mem.h"
#include "rt/sys.h"

/* Reads the header of the control message at `at`. Returns the space that it takes up, or 0 after the last one. */
static size_t read_header(const struct msghdr *message, size_t at, struct cmsghdr *header) {
    if (!message->msg_control || at + sizeof(*header) > message->msg_controllen)
        return 0;
    memcpy(header, (const uint8_t *)message->msg_control + at, sizeof(*header));
    if (header->cmsg_len < sizeof(*header) || header->cmsg_len > message->msg_controllen - at)
        return 0;
    return UNSOCK_MIN(CMSG_ALIGN(header->cmsg_len), message->msg_controllen - at);
}

static bool has_rights(const struct cmsghdr *header) {
    return header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS;
}

static void forget(const struct msghdr *message, size_t at, const struct cmsghdr *header, bool closes) {
    for (size_t i = CMSG_LEN(0); i + sizeof(int) <= header->cmsg_len; i += sizeof(int)) {
        int fd;
        memcpy(&fd, (const uint8_t *)message->msg_control + at + i, sizeof(fd));
        unsock_lifetime_new(fd);
        if (closes)
            unsock_sys(__NR_close, fd);
    }
}

void unsock_rights_forget(const struct msghdr *message) {
    struct cmsghdr header;
    size_t space;
    for (size_t at = 0; (space = read_header(message, at, &header)) > 0; at += space) {
        if (has_rights(&header))
            forget(message, at, &header, false);
    }
}

void unsock_rights_refuse(struct msghdr *message) {
    struct cmsghdr header;
    size_t space, at = 0;
    while ((space = read_header(message, at, &header)) > 0) {
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
