/* Writes to connected streams, and turns the kernel's refusal after the peer's close into TCP's result. */
#include "calls/stream.h"

#include "replace/replace.h"
#include "rt/user.h"

#include <linux/poll.h>

#define PARTS_MOST 1024u      /* UIO_MAXIOV */
#define BYTES_MOST 0x7ffff000 /* MAX_RW_COUNT: the kernel takes no more in one call */
/* The most bytes of one write that TCP accepts before it sees the reset. TCP checks after every sixteen segments of 32
 * KiB (tcp_sendmsg_locked, SKB_FRAG_PAGE_ORDER), and when its buffer is full. The buffer holds one segment at least. */
#define SEGMENT (32 << 10)
#define LOST_MOST (16 * SEGMENT)

bool unsock_stream_was_inherited(int fd) {
    struct unsock_fd scratch;
    if (unsock_sandboxed || !unsock_this_process_owns_descriptors())
        return false;
    unsock_asked_fd_note(fd);
    unsock_identify_unknown(fd, &scratch);
    return unsock_stream_is_known(fd);
}

long unsock_stream_broken(int flags) {
    if (!(flags & MSG_NOSIGNAL))
        unsock_tgkill(unsock_getpid(), unsock_gettid(), SIGPIPE);
    return -EPIPE;
}

/* Notes in a flag that a write was lost. A query of SO_ERROR reads the socket's marks, by one more system call, only if
 * the flag is set: programs query SO_ERROR after each connect. A further shutdown wakes waiting threads and
 * edge-triggered sets, as TCP's reset does (unix_shutdown). */
static void note_lost(int fd) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    if (entry)
        unsock_fds_mark_all(fd, entry, UNSOCK_STREAM_LOST_WRITE);
    if (!entry || entry->kind == UNSOCK_KIND_LOCAL)
        unsock_shutdown(fd, SHUT_WR);
}

bool unsock_stream_any_over;

bool unsock_stream_note_over(int fd) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    if (!entry || unsock_socket_option(fd, SO_DOMAIN) != UNSOCK_AF_TIPC)
        return false;
    unsock_fds_mark_all(fd, entry, UNSOCK_STREAM_OVER);
    __atomic_store_n(&unsock_stream_any_over, true, __ATOMIC_RELAXED);
    return true;
}

/* Returns an error if TCP would refuse this write and the control file's target would not; else 0. A half-close that is
 * held back counts as made. AF_TIPC would send an urgent byte as part of the stream. */
static long refuse_foreign(int fd, int flags) {
    const struct unsock_fd *entry = unsock_fds_known(fd);
    if (!entry || entry->kind != UNSOCK_KIND_FOREIGN)
        return 0;
    if (entry->flags & UNSOCK_STREAM_HELD)
        return unsock_stream_broken(flags);
    return (flags & MSG_OOB) && unsock_socket_option(fd, SO_DOMAIN) == UNSOCK_AF_TIPC ? -EOPNOTSUPP : 0;
}

/* Follows sk_stream_error and tcp_sendmsg (net/ipv4/tcp.c). */
long unsock_stream_refused(int fd, const void *first, size_t size, int flags) {
    /* Keeps EPIPE if the number now belongs to another socket, or if the control file's target is a TCP socket. */
    if (unsock_reuse_look(fd) > 0 || unsock_socket_is_ip(fd))
        return unsock_stream_broken(flags);
    const struct unsock_fd *entry = unsock_fds_known(fd);
    unsigned mark = unsock_socket_mark_certain(fd);
    long error = unsock_socket_option(fd, SO_ERROR);
    if (entry && unsock_fd_is_refused(entry))
        return error > 0 ? -unsock_fd_refusal(entry)->error : unsock_stream_broken(flags);
    if (error > 0) {
        unsock_socket_mark_set(fd, mark, UNSOCK_END_RESET);
        return -error;
    }
    if (!(mark & (UNSOCK_END_SHUT_WRITE | UNSOCK_END_RESET)) && entry && entry->kind == UNSOCK_KIND_FOREIGN &&
        unsock_stream_note_over(fd) && unsock_end_is_reset(fd)) {
        unsock_socket_mark_set(fd, mark, UNSOCK_END_RESET);
        return -ECONNRESET;
    }
    if (mark & UNSOCK_END_LOST)
        unsock_socket_mark_set(fd, mark, UNSOCK_END_TOLD);
    if (mark & (UNSOCK_END_SHUT_WRITE | UNSOCK_END_LOST | UNSOCK_END_RESET | UNSOCK_END_UNKNOWN))
        return unsock_stream_broken(flags);
    /* TCP copies the data before it sends any: after EFAULT the connection continues. */
    if (size > 0 && !unsock_user_readable(first, 1))
        return -EFAULT;
    /* Without POLLRDHUP (AF_TIPC: POLLHUP) the peer only shut down reading: TCP hides this. 0 bytes send nothing. */
    int now = size > 0 ? unsock_socket_poll(fd, POLLRDHUP | POLLPRI) : 0;
    if (unsock_reset_take(fd, (uint32_t)now))
        return -unsock_socket_option(fd, SO_ERROR);
    if (now & (POLLRDHUP | POLLHUP)) {
        unsock_socket_mark_set(fd, mark, UNSOCK_END_LOST);
        note_lost(fd);
        bool limited = entry && unsock_option_is_set(fd, entry, unsock_option_find(SOL_SOCKET, SO_SNDBUF));
        long buffer = limited ? unsock_socket_option(fd, SO_SNDBUF) : LOST_MOST;
        size = UNSOCK_MIN(size, buffer < SEGMENT ? SEGMENT : UNSOCK_MIN((size_t)buffer, (size_t)LOST_MOST));
    }
    return (long)UNSOCK_MIN(size, (size_t)BYTES_MOST);
}

long unsock_stream_sendto(int fd, const void *data, size_t size, int flags) {
    if (unsock_sandboxed)
        return unsock_real_sendto(fd, data, size, flags, NULL, 0);
    /* A write of no bytes has no urgent byte: AF_UNIX would return EOPNOTSUPP. */
    if (size == 0)
        flags &= ~MSG_OOB;
    long result = refuse_foreign(fd, flags);
    if (result < 0)
        return result;
    result = unsock_real_sendto(fd, data, size, flags | MSG_NOSIGNAL, NULL, 0);
    return result == -EPIPE ? unsock_stream_refused(fd, data, size, flags) : result;
}

/* Returns the message's size, as unsock_stream_size does, and stores the address of its first byte. */
static size_t measure_parts(const struct msghdr *message, const void **first) {
    struct msghdr copy;
    struct iovec part;
    size_t sum = 0;
    if (unsock_user_read(&copy, message, sizeof(copy)) < 0)
        return 0;
    for (size_t i = 0; i < UNSOCK_MIN(copy.msg_iovlen, PARTS_MOST) && sum < BYTES_MOST; i++) {
        if (unsock_user_read(&part, &copy.msg_iov[i], sizeof(part)) < 0)
            continue;
        *first = sum == 0 ? part.iov_base : *first;
        sum += UNSOCK_MIN(part.iov_len, (size_t)BYTES_MOST);
    }
    return sum;
}

size_t unsock_stream_size(const struct msghdr *message) {
    const void *first;
    return measure_parts(message, &first);
}

long unsock_stream_sendmsg(int fd, const struct msghdr *message, int flags) {
    if (unsock_sandboxed)
        return unsock_real_sendmsg(fd, message, flags);
    if ((flags & MSG_OOB) && unsock_stream_size(message) == 0)
        flags &= ~MSG_OOB;
    long result = refuse_foreign(fd, flags);
    if (result < 0)
        return result;
    result = unsock_real_sendmsg(fd, message, flags | MSG_NOSIGNAL);
    if (result != -EPIPE)
        return result;
    const void *first = NULL;
    size_t size = measure_parts(message, &first);
    return unsock_stream_refused(fd, first, size, flags);
}
