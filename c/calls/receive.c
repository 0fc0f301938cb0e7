/* Dispatches recv, recvfrom, recvmsg and recvmmsg. */
#include "calls/list.h"

#include "calls/arguments.h"
#include "calls/datagram.h"
#include "calls/stream.h"
#include "calls/target.h"
#include "replace/replace.h"

/* Returns above 0 if the library handles a receive on this descriptor, else 0; -errno if the descriptor cannot be
 * identified, or its vsock multiplexer has not answered yet. `asks`: identifies an unknown descriptor, too, because the
 * call requests the sender's address, or has MSG_ERRQUEUE, for which AF_UNIX would return waiting data. If another
 * thread may replace a datagram socket, notes that this thread waits on it (UNSOCK_DATAGRAM_HEARD). */
static long concerns_receive(int fd, bool asks) {
    struct unsock_whose whose;
    long early = unsock_asking_before_data(fd);
    if (early < 0)
        return early;
    long owner = unsock_whose(fd, asks ? UNSOCK_ASK_KERNEL : 0, &whose);
    if (whose.entry && unsock_fd_may_be_exchanged(whose.entry))
        unsock_fds_mark_all(fd, whose.entry, UNSOCK_DATAGRAM_HEARD);
    return owner == UNSOCK_IS_IP ? 0 : owner;
}

/* True if another thread replaced the socket while this thread waited: then a result without data is no datagram. */
static bool was_replaced(int fd) {
    return concerns_receive(fd, false) > 0;
}

static inline bool is_reading_over(int fd) {
    const struct unsock_fd *entry =
        __atomic_load_n(&unsock_stream_any_over, __ATOMIC_RELAXED) ? unsock_fds_known(fd) : NULL;
    return entry && unsock_fd_is_over(entry);
}

static inline int flags_of(int fd, int flags) {
    return is_reading_over(fd) ? flags | MSG_DONTWAIT : flags;
}

/* Turns a stream read's result into TCP's: at a connection's end, or without a connection. AF_TIPC reports an end, or a
 * reset, only once. After this side's shutdown, it reports ENOTCONN. */
static long at_end(int fd, long result) {
    const struct unsock_fd *entry = result == -EINVAL && unsock_stream_concerns(fd) ? unsock_fds_known(fd) : NULL;
    if (entry && unsock_fd_stream_leads_nowhere(entry))
        return -ENOTCONN;
    if (result > 0 || (result < 0 && result != -ECONNRESET && result != -ENOTCONN && result != -EAGAIN))
        return result;
    bool over = is_reading_over(fd);
    if (result != -EAGAIN && !over && unsock_stream_is_foreign(fd))
        over = unsock_stream_note_over(fd);
    return over && result != -ECONNRESET ? 0 : result;
}

#define PEEK_ALL (MSG_PEEK | MSG_WAITALL)

static inline bool peeks_all(int flags, long result) {
    return (flags & PEEK_ALL) == PEEK_ALL && result > 0;
}

/* Receives from a stream. As in TCP, msg_namelen becomes 0: no sender's address. `from`: receives by recvfrom, which is
 * cheaper; the message then has one buffer and no control data. */
static long receive_stream(int fd, struct msghdr *message, int flags, bool from) {
    struct msghdr plain = *message;
    if (flags & MSG_ERRQUEUE)
        return -EAGAIN;
    plain.msg_name = NULL;
    plain.msg_namelen = 0;
    const struct iovec *part = plain.msg_iov;
    long result = from ? unsock_real_recvfrom(fd, part->iov_base, part->iov_len, flags_of(fd, flags), NULL, NULL)
                       : unsock_real_recvmsg(fd, &plain, flags_of(fd, flags));
    result = at_end(fd, result);
    if (result < 0)
        return result;
    if (!from)
        unsock_passed_descriptors_take(fd, &plain, true);
    message->msg_flags = plain.msg_flags;
    message->msg_controllen = plain.msg_controllen;
    message->msg_namelen = 0;
    return peeks_all(flags, result) ? unsock_stream_peek_all(fd, message, flags, result) : result;
}

/* Writes back the fields of the message that ____sys_recvmsg (net/socket.c) writes. */
static long give_message_back(struct msghdr *message, const struct msghdr *done, long result) {
    if (result < 0 && result != -EFAULT)
        return result;
    if (!unsock_user_writable(message, sizeof(*message)))
        return -EFAULT;
    if (done->msg_name)
        message->msg_namelen = done->msg_namelen;
    if (result < 0)
        return result;
    message->msg_flags = done->msg_flags;
    message->msg_controllen = done->msg_controllen;
    return result;
}

/* Receives a message on a redirected descriptor. If the header is unreadable or wrong, the kernel returns the error. */
static long receive_call(int fd, struct msghdr *message, int flags) {
    struct unsock_whose whose;
    struct msghdr copy;
    unsock_whose(fd, UNSOCK_ASK_KERNEL, &whose);
    struct unsock_fd *entry = whose.entry;
    if (unsock_user_read(&copy, message, sizeof(copy)) < 0 || (copy.msg_name && (int32_t)copy.msg_namelen < 0))
        return unsock_real_recvmsg(fd, message, flags);
    long result = entry->type == SOCK_DGRAM ? unsock_datagram_receive(fd, entry, &copy, flags)
                                            : receive_stream(fd, &copy, flags, false);
    return give_message_back(message, &copy, result);
}

static long receive_from(int fd, void *data, size_t size, int flags, void *address, socklen_t *length) {
    struct iovec part = {data, size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    struct unsock_whose whose;
    unsock_whose(fd, UNSOCK_ASK_KERNEL, &whose);
    if (whose.entry->type == SOCK_DGRAM)
        return unsock_datagram_recvfrom(fd, data, size, flags, address, length);
    long result = receive_stream(fd, &message, flags, true);
    long wrong = result >= 0 && address ? unsock_socket_names_give(NULL, 0, address, length) : 0;
    return wrong < 0 ? wrong : result;
}

#define NO_DEADLINE INT64_MAX

/* As in the kernel, the timeout is checked after each datagram, and never ends a wait (recvmmsg(2), BUGS). */
static long receive_several(int fd, struct unsock_mmsghdr *messages, unsigned count, int flags, int64_t deadline) {
    const struct unsock_fd *entry = unsock_fds_known(fd);
    for (unsigned i = 0, most; i < count;) {
        if (i > 0 && count - i < UNSOCK_DATAGRAM_SEVERAL && entry && unsock_datagram_spreads(fd, entry))
            return (long)i; /* the next batch may need more messages */
        most = deadline == NO_DEADLINE ? UNSOCK_MIN(count - i, UNSOCK_DATAGRAM_SEVERAL) : 1;
        long result = most > 1 ? unsock_datagram_receive_several(fd, &messages[i], most, flags) : 0;
        if (result == 0) {
            most = 1;
            result = receive_call(fd, &messages[i].header, flags & ~UNSOCK_MSG_WAITFORONE);
            unsigned length = (unsigned)result;
            if (result >= 0)
                result = unsock_user_write(&messages[i].length, &length, sizeof(length)) < 0 ? -EFAULT : 1;
        }
        if (result < 0)
            return i > 0 ? (long)i : result;
        i += (unsigned)result;
        if ((unsigned)result < most || (deadline != NO_DEADLINE && unsock_clock_ns() >= deadline))
            return (long)i;
        if (flags & UNSOCK_MSG_WAITFORONE)
            flags |= MSG_DONTWAIT;
    }
    return (long)count;
}

/* Handles descriptors that came with a message. `fd` may be unknown: inherited, or from an inherited listener. */
static void take_passed(int fd, struct msghdr *message) {
    struct unsock_whose whose;
    if (unsock_passed_descriptors_maybe(message))
        unsock_passed_descriptors_take(fd, message, unsock_whose(fd, UNSOCK_ASK_KERNEL, &whose) == UNSOCK_IS_OURS);
}

/* Writes the remaining time back, as __sys_recvmmsg in net/socket.c. */
static long receive_messages(int fd, struct unsock_mmsghdr *messages, unsigned count, int flags, void *timeout) {
    struct timespec wait;
    if (!timeout)
        return receive_several(fd, messages, count, flags, NO_DEADLINE);
    if (unsock_user_read(&wait, timeout, sizeof(wait)) < 0)
        return -EFAULT;
    if (wait.tv_sec < 0 || wait.tv_nsec < 0 || wait.tv_nsec > 999999999)
        return -EINVAL;
    int64_t seconds = UNSOCK_MIN(wait.tv_sec, (int64_t)INT32_MAX), begun = unsock_clock_ns();
    int64_t deadline = begun + seconds * UNSOCK_SECOND_NS + wait.tv_nsec;
    long result = receive_several(fd, messages, count, flags, deadline);
    if (result <= 0)
        return result;
    int64_t left = deadline - UNSOCK_MIN(unsock_clock_ns(), deadline);
    wait = (struct timespec){wait.tv_sec - seconds + left / UNSOCK_SECOND_NS, left % UNSOCK_SECOND_NS};
    return unsock_user_write(timeout, &wait, sizeof(wait)) < 0 ? -EFAULT : result;
}

long unsock_call_recv(int fd, void *data, size_t size, int flags) {
    long early = unsock_asking_before_data(fd);
    if (early < 0)
        return early;
    const struct unsock_fd *entry = unsock_fds_known(fd);
    if ((flags & MSG_ERRQUEUE) || (entry && unsock_fd_receives_with_care(entry)))
        return unsock_call_recvfrom(fd, data, size, flags, NULL, NULL);
    long result = at_end(fd, unsock_real_recv(fd, data, size, flags_of(fd, flags)));
    if (result == -ECONNRESET && entry && unsock_fd_is_left(entry))
        return unsock_call_recvfrom(fd, data, size, flags, NULL, NULL);
    struct iovec part = {data, size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    return peeks_all(flags, result) ? unsock_stream_peek_all(fd, &message, flags, result) : result;
}

static long receive_unusual(int fd, void *data, size_t size, int flags, struct sockaddr *address, socklen_t *length) {
    long ours = concerns_receive(fd, address || (flags & MSG_ERRQUEUE));
    if (ours < 0)
        return ours;
    if (!ours) {
        socklen_t room = 0;
        bool asks = address && unsock_fds_may_be_exchanged(fd) && unsock_user_read(&room, length, sizeof(room)) == 0;
        long result = unsock_real_recvfrom(fd, data, size, flags, address, length);
        if (result != 0 || !was_replaced(fd))
            return result;
        if (asks && unsock_user_write(length, &room, sizeof(room)) < 0)
            return -EFAULT;
    }
    return receive_from(fd, data, size, flags, address, length);
}

/* Receives datagrams here, not in receive_unusual: see "Few functions wait" in docs/architecture.md. */
long unsock_call_recvfrom(int fd, void *data, size_t size, int flags, struct sockaddr *address, socklen_t *length) {
    const struct unsock_fd *entry = unsock_fds_known(fd);
    if (entry && unsock_fd_is_redirected(entry) && entry->type == SOCK_DGRAM)
        return unsock_datagram_recvfrom(fd, data, size, flags, address, length);
    return receive_unusual(fd, data, size, flags, address, length);
}

long unsock_call_recvmsg(int fd, struct msghdr *message, int flags) {
    struct msghdr asked;
    struct unsock_fd *entry = unsock_fds_known(fd);
    bool waits = unsock_fds_may_be_exchanged(fd);
    if ((!entry || waits) && unsock_user_read(&asked, message, sizeof(asked)) < 0)
        return unsock_real_recvmsg(fd, message, flags);
    long ours = concerns_receive(fd, !entry && (asked.msg_name || (flags & MSG_ERRQUEUE)));
    if (ours != 0)
        return ours < 0 ? ours : receive_call(fd, message, flags);
    long result = unsock_real_recvmsg(fd, message, flags);
    if (result == 0 && waits && was_replaced(fd)) {
        if (unsock_user_write(message, &asked, sizeof(asked)) < 0)
            return -EFAULT;
        return receive_call(fd, message, flags);
    }
    if (result >= 0)
        take_passed(fd, message);
    return result;
}

long unsock_call_recvmmsg(int fd, struct unsock_mmsghdr *messages, unsigned count, int flags, void *timeout) {
    struct unsock_mmsghdr asked;
    struct unsock_fd *entry = unsock_fds_known(fd);
    bool waits = unsock_fds_may_be_exchanged(fd);
    if (count == 0 || ((!entry || waits) && unsock_user_read(&asked, messages, sizeof(asked)) < 0))
        return unsock_real_recvmmsg(fd, messages, count, flags, timeout);
    long ours = concerns_receive(fd, !entry && (asked.header.msg_name || (flags & MSG_ERRQUEUE)));
    if (ours != 0)
        return ours < 0 ? ours : receive_messages(fd, messages, count, flags, timeout);
    long result = unsock_real_recvmmsg(fd, messages, count, flags, timeout);
    if (result > 0 && waits && messages[0].length == 0 && was_replaced(fd)) {
        if (unsock_user_write(messages, &asked, sizeof(asked)) < 0)
            return -EFAULT;
        return receive_messages(fd, messages, 1, flags, timeout);
    }
    for (long i = 0; i < result; i++)
        take_passed(fd, &messages[i].header);
    return result;
}
