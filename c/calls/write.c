/* write, writev and send. On streams the library makes them with sendto and sendmsg, which have a flag against SIGPIPE.
 * On datagram sockets the kernel makes them, and the library continues if they fail. */
#include "calls/stream.h"

#include "calls/datagram.h"
#include "calls/list.h"
#include "calls/target.h"
#include "replace/replace.h"

#define PARTS_MOST 1024 /* UIO_MAXIOV: above it writev and sendmsg have different errnos */

bool unsock_write_concerns(int fd) {
    return !unsock_sandboxed && unsock_stream_concerns(fd);
}

/* True if the program's own call must be made, since sendto or sendmsg failed with `result`: a filter forbids them
 * (EPERM, ENOSYS), or the descriptor is now no socket (ENOTSOCK) or another, unconnected socket (ENOTCONN). */
static bool is_repeated_by_kernel(int fd, long result) {
    if (result == -EPERM || result == -ENOSYS) {
        unsock_sandboxed = true;
        return true;
    }
    if (result == -ENOTCONN)
        return unsock_reuse_look(fd) > 0;
    unsock_asked_fd_note(fd);
    unsock_reuse_new(fd);
    return true;
}

static inline bool is_unusual_write(long result) {
    return result == -ENOTCONN || result == -ENOTSOCK || result == -EPERM || result == -ENOSYS;
}

/* Continues after the kernel made the program's call, and returned the error `result`. */
static long write_after_error(int fd, const struct msghdr *message, int flags, long result) {
    if (result == -EHOSTUNREACH)
        return unsock_tipc_service_absent(fd, result, true, (long)unsock_stream_size(message));
    const struct unsock_fd *entry = unsock_fds_known(fd);
    bool ours = entry && unsock_fd_is_redirected(entry) && entry->type == SOCK_DGRAM && !unsock_sandboxed;
    if (!ours || (entry->kind == UNSOCK_KIND_FOREIGN && unsock_state_is_connected(entry->state)))
        return result;
    return unsock_datagram_written(fd, message, flags, result);
}

/* True if UDP refuses a datagram of `size` bytes, and AF_UNIX does not. (AF_UNIX refuses sizes of gigabytes itself.) */
static inline bool is_too_large(int fd, size_t size) {
    const struct unsock_fd *entry = size > UNSOCK_DATAGRAM_LEAST_MOST ? unsock_fds_known(fd) : NULL;
    return entry && entry->type == SOCK_DGRAM && entry->kind == UNSOCK_KIND_LOCAL && !unsock_sandboxed &&
           size > unsock_datagram_most(entry, NULL) && size < INT32_MAX / 2;
}

static inline long write_or_send(int fd, const void *data, size_t size, int flags, bool sends) {
    return sends ? unsock_real_send(fd, data, size, flags) : unsock_real_write(fd, data, size);
}

/* Writes one buffer. Inlined, as each return after a wait costs time (docs/architecture.md, "Few functions wait"). */
static inline __attribute__((always_inline)) long write_piece(int fd, const void *data, size_t size, int flags,
                                                              bool sends) {
    long early = unsock_asking_before_data(fd);
    if (early < 0)
        return early;
    if ((flags & MSG_FASTOPEN) || !unsock_write_concerns(fd)) {
        if (is_too_large(fd, size))
            return -EMSGSIZE;
        long result = write_or_send(fd, data, size, flags, sends);
        if (result >= 0)
            return result;
        struct iovec part = {.iov_len = size};
        const struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
        memcpy(&part.iov_base, &data, sizeof(data));
        return write_after_error(fd, &message, flags, result);
    }
    long result = unsock_stream_sendto(fd, data, size, flags);
    if (!is_unusual_write(result))
        return result;
    return is_repeated_by_kernel(fd, result) ? write_or_send(fd, data, size, flags, sends)
                                             : unsock_stream_broken(flags);
}

long unsock_call_write(int fd, const void *data, size_t size) {
    return write_piece(fd, data, size, 0, false);
}

long unsock_call_send(int fd, const void *data, size_t size, int flags) {
    return write_piece(fd, data, size, flags, true);
}

long unsock_call_writev(int fd, const struct iovec *parts, int count) {
    struct msghdr message = {.msg_iovlen = (size_t)count};
    long early = unsock_asking_before_data(fd);
    if (early < 0)
        return early;
    memcpy(&message.msg_iov, &parts, sizeof(parts));
    if (count <= 0 || count > PARTS_MOST || !unsock_write_concerns(fd)) {
        const struct unsock_fd *entry = unsock_fds_known(fd);
        if (entry && entry->type == SOCK_DGRAM && is_too_large(fd, unsock_stream_size(&message)))
            return -EMSGSIZE;
        long result = unsock_real_writev(fd, parts, count);
        return result < 0 ? write_after_error(fd, &message, 0, result) : result;
    }
    long result = unsock_stream_sendmsg(fd, &message, 0);
    if (!is_unusual_write(result))
        return result;
    return is_repeated_by_kernel(fd, result) ? unsock_real_writev(fd, parts, count) : unsock_stream_broken(0);
}
