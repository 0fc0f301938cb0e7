/* The exported sendto, sendmsg, sendmmsg, recvfrom, __recvfrom_chk, recvmsg and recvmmsg. */
#include "calls.h"
#include "rt/libc.h"
#include "rt/mem.h"
#include "settings.h"
#include "unsock.h"

UNSOCK_EXPORT ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *address,
                             socklen_t length) {
    if (!unsock_active() || !unsock_call_send_concerns(fd, address, length, flags))
        return unsock_next.sendto(fd, data, size, flags, address, length);
    return unsock_libc_result(unsock_call_sendto(fd, data, size, flags, address, length));
}

UNSOCK_EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    if (!unsock_active() || unsock_is_nowhere(message) ||
        !unsock_call_send_concerns(fd, message->msg_name, message->msg_namelen, flags))
        return unsock_next.sendmsg(fd, message, flags);
    return unsock_libc_result(unsock_call_sendmsg(fd, message, flags));
}

static bool any_concerns(int fd, const struct unsock_mmsghdr *messages, unsigned count, int flags) {
    for (unsigned i = 0; !unsock_is_nowhere(messages) && i < count; i++) {
        if (unsock_call_send_concerns(fd, messages[i].header.msg_name, messages[i].header.msg_namelen, flags))
            return true;
    }
    return false;
}

UNSOCK_EXPORT int sendmmsg(int fd, struct unsock_mmsghdr *messages, unsigned count, int flags) {
    if (!unsock_active() || !any_concerns(fd, messages, count, flags))
        return unsock_next.sendmmsg(fd, messages, count, flags);
    return (int)unsock_libc_result(unsock_call_sendmmsg(fd, messages, count, flags));
}

UNSOCK_EXPORT ssize_t recvfrom(int fd, void *data, size_t size, int flags, struct sockaddr *address,
                               socklen_t *length) {
    bool checkable = !address || (!unsock_is_nowhere(length) && !unsock_is_nowhere(address) && (int32_t)*length >= 0);
    if (!unsock_active() || !checkable || !unsock_call_receive_concerns(fd, address != NULL))
        return unsock_next.recvfrom(fd, data, size, flags, address, length);
    return unsock_libc_result(unsock_call_recvfrom(fd, data, size, flags, address, length));
}

/* Programs built with fortification call this; glibc ends the process when the buffer is smaller than the size. */
UNSOCK_EXPORT ssize_t __recvfrom_chk(int fd, void *data, size_t size, size_t buffer, int flags,
                                     struct sockaddr *address, socklen_t *length) {
    if (size > buffer && unsock_next.recvfrom_chk)
        return unsock_next.recvfrom_chk(fd, data, size, buffer, flags, address, length);
    return recvfrom(fd, data, UNSOCK_MIN(size, buffer), flags, address, length);
}

/* Descriptors that came with a message: whatever was known of their numbers is of no use any more. */
static void forget_received(const struct msghdr *message) {
    size_t at = 0;
    struct cmsghdr header;
    while (message->msg_control && at + sizeof(header) <= message->msg_controllen) {
        const uint8_t *control = (const uint8_t *)message->msg_control + at;
        memcpy(&header, control, sizeof(header));
        if (header.cmsg_len < sizeof(header) || header.cmsg_len > message->msg_controllen - at)
            return;
        bool rights = header.cmsg_level == SOL_SOCKET && header.cmsg_type == SCM_RIGHTS;
        for (size_t i = CMSG_LEN(0); rights && i + sizeof(int) <= header.cmsg_len; i += sizeof(int)) {
            int fd;
            memcpy(&fd, control + i, sizeof(fd));
            unsock_lifetime_new(fd);
        }
        at += CMSG_ALIGN(header.cmsg_len);
    }
}

UNSOCK_EXPORT ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
    bool active = unsock_active();
    ssize_t result;
    if (!active || unsock_is_nowhere(message) || !unsock_call_receive_concerns(fd, message->msg_name != NULL))
        result = unsock_next.recvmsg(fd, message, flags);
    else
        result = unsock_libc_result(unsock_call_recvmsg(fd, message, flags));
    if (active && result >= 0)
        forget_received(message);
    return result;
}

UNSOCK_EXPORT int recvmmsg(int fd, struct unsock_mmsghdr *messages, unsigned count, int flags, void *timeout) {
    bool usable = !unsock_is_nowhere(messages);
    bool wants = usable && count > 0 && messages[0].header.msg_name;
    int result;
    if (!unsock_active() || !usable || !unsock_call_receive_concerns(fd, wants))
        result = unsock_next.recvmmsg(fd, messages, count, flags, timeout);
    else
        result = (int)unsock_libc_result(unsock_call_recvmmsg(fd, messages, count, flags, timeout));
    for (int i = 0; i < result; i++)
        forget_received(&messages[i].header);
    return result;
}
