/* The exported sendto, sendmsg, sendmmsg, recvfrom, __recvfrom_chk, recvmsg and recvmmsg. */
#include "calls.h"
#include "rights.h"
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

/* Has the wait for a datagram ended with none because the socket was exchanged by another thread's first send? */
static bool was_replaced(int fd) {
    return unsock_call_receive_concerns(fd, false);
}

UNSOCK_EXPORT ssize_t recvfrom(int fd, void *data, size_t size, int flags, struct sockaddr *address,
                               socklen_t *length) {
    bool checkable = !address || (!unsock_is_nowhere(length) && !unsock_is_nowhere(address) && (int32_t)*length >= 0);
    if (!unsock_active() || !checkable)
        return unsock_next.recvfrom(fd, data, size, flags, address, length);
    if (!unsock_call_receive_concerns(fd, address != NULL)) {
        socklen_t room = address ? *length : 0;
        ssize_t result = unsock_next.recvfrom(fd, data, size, flags, address, length);
        if (result != 0 || !was_replaced(fd))
            return result;
        if (address)
            *length = room;
    }
    return unsock_libc_result(unsock_call_recvfrom(fd, data, size, flags, address, length));
}

/* Programs built with fortification call this; glibc ends the process when the buffer is smaller than the size. */
UNSOCK_EXPORT ssize_t __recvfrom_chk(int fd, void *data, size_t size, size_t buffer, int flags,
                                     struct sockaddr *address, socklen_t *length) {
    if (size > buffer && unsock_next.recvfrom_chk)
        return unsock_next.recvfrom_chk(fd, data, size, buffer, flags, address, length);
    return recvfrom(fd, data, UNSOCK_MIN(size, buffer), flags, address, length);
}

UNSOCK_EXPORT ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
    ssize_t result = 0;
    if (!unsock_active() || unsock_is_nowhere(message))
        return unsock_next.recvmsg(fd, message, flags);
    bool concerns = unsock_call_receive_concerns(fd, message->msg_name != NULL);
    if (!concerns) {
        struct msghdr asked = *message;
        result = unsock_next.recvmsg(fd, message, flags);
        concerns = result == 0 && was_replaced(fd);
        if (concerns)
            *message = asked;
    }
    if (concerns)
        result = unsock_libc_result(unsock_call_recvmsg(fd, message, flags));
    if (result >= 0)
        unsock_rights_forget(message);
    return result;
}

UNSOCK_EXPORT int recvmmsg(int fd, struct unsock_mmsghdr *messages, unsigned count, int flags, void *timeout) {
    int result = 0;
    if (!unsock_active() || unsock_is_nowhere(messages) || count == 0)
        return unsock_next.recvmmsg(fd, messages, count, flags, timeout);
    bool concerns = unsock_call_receive_concerns(fd, messages[0].header.msg_name != NULL);
    if (!concerns) {
        struct msghdr asked = messages[0].header;
        result = unsock_next.recvmmsg(fd, messages, count, flags, timeout);
        concerns = result > 0 && messages[0].length == 0 && was_replaced(fd);
        if (concerns) {
            messages[0].header = asked;
            count = 1;
        }
    }
    if (concerns)
        result = (int)unsock_libc_result(unsock_call_recvmmsg(fd, messages, count, flags, timeout));
    for (int i = 0; i < result; i++)
        unsock_rights_forget(&messages[i].header);
    return result;
}
