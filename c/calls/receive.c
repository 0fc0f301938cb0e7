/* recvfrom, recvmsg and recvmmsg: who does the work? */
#include "calls/receive.h"

#include "calls/datagram.h"
#include "calls/passed_descriptors.h"
#include "kernel/identify.h"
#include "memory/fds.h"
#include "rt/libc.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"

/* Would receiving on this descriptor concern the library? `wants_address`: the caller asks for the sender. */
static bool concerns(int fd, bool wants_address) {
    struct unsock_fd scratch;
    struct unsock_fd *entry = unsock_fds_known(fd);
    if (!entry && wants_address)
        entry = unsock_identify(fd, &scratch);
    if (entry && entry->kind == UNSOCK_KIND_IP && entry->type == SOCK_DGRAM)
        unsock_fds_mark(entry, UNSOCK_HEARD);
    return entry && unsock_fd_is_redirected(entry);
}

static long receive_message(int fd, struct msghdr *message, int flags) {
    struct unsock_fd scratch;
    struct unsock_fd *entry = unsock_identify(fd, &scratch);
    if (message->msg_name && (unsock_is_nowhere(message->msg_name) || (int32_t)message->msg_namelen < 0))
        return unsock_is_nowhere(message->msg_name) ? -EFAULT : -EINVAL;
    if (entry->type == SOCK_DGRAM)
        return unsock_datagram_receive(fd, entry, message, flags);
    if (flags & MSG_ERRQUEUE)
        return -EAGAIN;
    struct msghdr plain = *message;
    plain.msg_name = NULL;
    plain.msg_namelen = 0;
    long result = unsock_real_recvmsg(fd, &plain, flags);
    if (result < 0)
        return result;
    unsock_passed_descriptors_refuse(fd, &plain);
    message->msg_flags = plain.msg_flags;
    message->msg_controllen = plain.msg_controllen;
    message->msg_namelen = 0;
    return result;
}

/* TCP gives no address, and says so by the length. */
static long receive_from(int fd, void *data, size_t size, int flags, void *address, socklen_t *length) {
    struct unsock_fd scratch;
    struct unsock_fd *entry = unsock_identify(fd, &scratch);
    if (entry->type == SOCK_DGRAM)
        return unsock_datagram_recvfrom(fd, entry, data, size, flags, address, length);
    if (flags & MSG_ERRQUEUE)
        return -EAGAIN;
    long result = unsock_real_recvfrom(fd, data, size, flags, NULL, NULL);
    if (result >= 0 && address)
        *length = 0;
    return result;
}

static bool is_past(const struct timespec *deadline) {
    struct timespec now = {0};
    unsock_sys(__NR_clock_gettime, 1 /* CLOCK_MONOTONIC */, &now);
    return now.tv_sec > deadline->tv_sec || (now.tv_sec == deadline->tv_sec && now.tv_nsec >= deadline->tv_nsec);
}

/* As the kernel: the timeout is looked at after each datagram, and never interrupts a wait (recvmmsg(2), BUGS). */
static long receive_messages(int fd, struct unsock_mmsghdr *messages, unsigned count, int flags, const void *timeout) {
    struct timespec deadline = {0}, wait = {0};
    if (timeout) {
        memcpy(&wait, timeout, sizeof(wait));
        if (wait.tv_sec < 0 || wait.tv_nsec < 0 || wait.tv_nsec > 999999999)
            return -EINVAL;
        unsock_sys(__NR_clock_gettime, 1 /* CLOCK_MONOTONIC */, &deadline);
        deadline.tv_sec += wait.tv_sec + (deadline.tv_nsec + wait.tv_nsec) / 1000000000;
        deadline.tv_nsec = (deadline.tv_nsec + wait.tv_nsec) % 1000000000;
    }
    for (unsigned i = 0; i < count; i++) {
        long result = receive_message(fd, &messages[i].header, flags & ~UNSOCK_MSG_WAITFORONE);
        if (result < 0)
            return i > 0 ? (long)i : result;
        messages[i].length = (unsigned)result;
        if (flags & UNSOCK_MSG_WAITFORONE)
            flags |= MSG_DONTWAIT;
        if (timeout && is_past(&deadline))
            return (long)i + 1;
    }
    return (long)count;
}

/* Descriptors came with a message on one of which nothing may be known yet: it was inherited, or accepted from such a one. */
static void take_passed(int fd, struct msghdr *message) {
    struct unsock_fd scratch;
    if (!unsock_passed_descriptors_maybe(message))
        return;
    if (unsock_fd_is_redirected(unsock_identify(fd, &scratch)))
        unsock_passed_descriptors_refuse(fd, message);
    else
        unsock_passed_descriptors_forget(message);
}

/* Has the wait for a datagram ended with none because the socket was exchanged by another thread's first send? */
static bool was_replaced(int fd) {
    return concerns(fd, false);
}

ssize_t unsock_call_recvfrom(int fd, void *data, size_t size, int flags, void *address, socklen_t *length) {
    bool checkable = !address || (!unsock_is_nowhere(length) && !unsock_is_nowhere(address) && (int32_t)*length >= 0);
    if (!checkable)
        return unsock_real_recvfrom(fd, data, size, flags, address, length);
    if (!concerns(fd, address != NULL)) {
        socklen_t room = address ? *length : 0;
        long result = unsock_real_recvfrom(fd, data, size, flags, address, length);
        if (result != 0 || !was_replaced(fd))
            return result;
        if (address)
            *length = room;
    }
    return receive_from(fd, data, size, flags, address, length);
}

ssize_t unsock_call_recvmsg(int fd, struct msghdr *message, int flags) {
    long result = 0;
    if (unsock_is_nowhere(message))
        return unsock_real_recvmsg(fd, message, flags);
    bool ours = concerns(fd, message->msg_name != NULL);
    if (!ours) {
        struct msghdr asked = *message;
        result = unsock_real_recvmsg(fd, message, flags);
        ours = result == 0 && was_replaced(fd);
        if (ours)
            *message = asked;
    }
    if (ours)
        result = receive_message(fd, message, flags);
    else if (result >= 0)
        take_passed(fd, message);
    return result;
}

long unsock_call_recvmmsg(int fd, struct unsock_mmsghdr *messages, unsigned count, int flags, void *timeout) {
    long result = 0;
    if (unsock_is_nowhere(messages) || count == 0)
        return unsock_real_recvmmsg(fd, messages, count, flags, timeout);
    bool ours = concerns(fd, messages[0].header.msg_name != NULL);
    if (!ours) {
        struct msghdr asked = messages[0].header;
        result = unsock_real_recvmmsg(fd, messages, count, flags, timeout);
        ours = result > 0 && messages[0].length == 0 && was_replaced(fd);
        if (ours) {
            messages[0].header = asked;
            count = 1;
        }
    }
    if (ours)
        result = receive_messages(fd, messages, count, flags, timeout);
    for (long i = 0; i < result && !ours; i++)
        take_passed(fd, &messages[i].header);
    return result;
}
