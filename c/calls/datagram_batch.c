/* Sends several datagrams of one size by one call (UDP_SEGMENT), and receives them by one (UDP_GRO), as UDP does over
 * the loopback. The library sends them as a batch: one AF_UNIX datagram, with a trailer that holds the size. Other
 * programs would take the trailer for data. So the sticky bit of a socket file marks a receiver that takes batches; all
 * others get single datagrams. The library sets the bit before the receiver's first recvmsg with UDP_GRO and room for
 * the size. */
#include "calls/datagram.h"

#include "files/bind.h"
#include "files/directory.h"
#include "files/port.h"
#include "kernel/socket_info.h"
#include "memory/process.h"
#include "options/options.h"
#include "rt/user.h"
#include "rules/cmsg.h"

#define LOOKS 16u /* after 16 batches in a row for receivers that take none, only each 16th checks its receiver */

struct trailer {
    uint8_t magic[14];
    uint16_t size;
};

static const uint8_t magic[] = {0xb7, 0x5e, 0x02, 0x9f, 0xd4, 0x61, 0x38, 0xca, 0x0d, 0x93, 0xf6, 0x2b, 0x84, 0x1e};

static bool reads_mode(const char *path, int flags, struct statx *status) {
    return unsock_statx(AT_FDCWD, path, flags, STATX_TYPE | STATX_MODE, status) == 0 &&
           (status->stx_mode & S_IFMT) == S_IFSOCK;
}

UNSOCK_OWN_FRAME static bool takes_batches(int fd, const struct msghdr *message) {
    union unsock_sockaddr peer;
    struct statx status;
    const struct sockaddr_un *path = message->msg_name;
    long length = message->msg_namelen;
    if (!path) {
        length = unsock_socket_name(fd, __NR_getpeername, &peer);
        path = &peer.un;
    }
    /* False for a path outside the directory: if the peer is in another mount namespace, this may be another file. */
    return length > (long)sizeof(path->sun_family) && path->sun_family == AF_UNIX &&
           unsock_kernel_name_read(path, (size_t)length).kind == UNSOCK_NAME_FILE &&
           reads_mode(path->sun_path, 0, &status) && (status.stx_mode & S_ISVTX);
}

/* Sends the batch as one datagram. Returns its length, or the kernel's -errno; 0: the batch is in too many buffers. */
UNSOCK_OWN_FRAME static long send_whole(int fd, struct unsock_fd *entry, const struct msghdr *name, int flags,
                                        const struct unsock_batch *batch) {
    struct unsock_segment rest;
    struct trailer trailer = {.size = (uint16_t)batch->size};
    long length = unsock_segment_cut(batch->message, 0, INT32_MAX, &rest);
    if (length < 0 || rest.message.msg_iovlen == UNSOCK_SEGMENT_PARTS)
        return 0;
    memcpy(trailer.magic, magic, sizeof(magic));
    rest.parts[rest.message.msg_iovlen++] = (struct iovec){&trailer, sizeof(trailer)};
    rest.message.msg_name = name->msg_name;
    rest.message.msg_namelen = name->msg_namelen;
    long result = unsock_real_sendmsg(fd, &rest.message, flags | unsock_datagram_full_flags(entry));
    if (result == -EAGAIN || result == -EINTR)
        result = unsock_datagram_full(fd, entry, &rest.message, flags);
    return result < 0 ? result : length;
}

/* Sends the next datagrams by one call. Returns the length of those sent, or the -errno of the first; 0: the message
 * has several buffers, or the program's own filter may forbid the call. */
UNSOCK_OWN_FRAME static long send_several(int fd, const struct unsock_fd *entry, const struct msghdr *name, int flags,
                                          const struct unsock_batch *batch) {
    struct unsock_mmsghdr several[UNSOCK_DATAGRAM_SEVERAL];
    struct iovec parts[UNSOCK_DATAGRAM_SEVERAL], rest = *batch->message->msg_iov;
    unsigned count = 0;
    if (batch->message->msg_iovlen != 1 || unsock_sandboxed)
        return 0;
    size_t length = rest.iov_len - batch->from;
    for (size_t at = 0; count < UNSOCK_DATAGRAM_SEVERAL && at < length; at += batch->size, count++) {
        parts[count] = (struct iovec){(char *)rest.iov_base + batch->from + at, UNSOCK_MIN(batch->size, length - at)};
        several[count] = (struct unsock_mmsghdr){.header = *name};
        several[count].header.msg_iov = &parts[count];
    }
    long sent = unsock_real_sendmmsg(fd, several, count, flags | unsock_datagram_full_flags(entry));
    return sent < 0 ? sent : (long)UNSOCK_MIN((size_t)sent * batch->size, length);
}

long unsock_datagram_send_batch(int fd, struct unsock_fd *entry, const struct msghdr *name, int flags,
                                struct unsock_batch *batch) {
    static uint32_t untaken; /* batches in a row that were not sent as one datagram */
    uint32_t before = __atomic_load_n(&untaken, __ATOMIC_RELAXED);
    bool whole = batch->from == 0 && (before < LOOKS || before % LOOKS == 0) && takes_batches(fd, name);
    if (batch->from == 0)
        __atomic_store_n(&untaken, whole ? 0 : before + 1, __ATOMIC_RELAXED);
    long result = whole ? send_whole(fd, entry, name, flags, batch) : send_several(fd, entry, name, flags, batch);
    if (result > 0)
        batch->from += (size_t)result;
    return result > 0 || result == -EAGAIN || result == -ECONNRESET ? result : 0;
}

UNSOCK_OWN_FRAME void unsock_datagram_take_batches(int fd, struct unsock_fd *entry) {
    struct sockaddr_un path;
    struct statx status;
    unsock_fds_mark_all(fd, entry, UNSOCK_DATAGRAM_BATCHES);
    unsock_socket_mark_set(fd, unsock_socket_mark(fd), UNSOCK_MARK_BATCHES);
    unsock_port_own_path(entry, &path);
    if (reads_mode(path.sun_path, AT_SYMLINK_NOFOLLOW, &status))
        unsock_directory_set_mode(fd, path.sun_path, (status.stx_mode & 07777) | S_ISVTX);
}

/* Copies the last bytes of a message of `size` bytes. True if they are a trailer. */
static bool read_trailer(const struct iovec *parts, size_t size, struct trailer *trailer) {
    size_t from = size - sizeof(*trailer), copied = 0;
    for (; copied < sizeof(*trailer); parts++) {
        size_t some = from < parts->iov_len ? UNSOCK_MIN(parts->iov_len - from, sizeof(*trailer) - copied) : 0;
        if (some > 0 &&
            unsock_user_read((uint8_t *)trailer + copied, (const uint8_t *)parts->iov_base + from, some) < 0)
            return false;
        from = some > 0 ? 0 : from - parts->iov_len;
        copied += some;
    }
    return unsock_same(trailer->magic, magic, sizeof(magic));
}

UNSOCK_OWN_FRAME long unsock_datagram_receive_batch(int fd, struct msghdr *message, int flags, int32_t *size) {
    struct iovec parts[UNSOCK_SEGMENT_PARTS + 1];
    struct trailer rest, trailer;
    struct msghdr longer = *message;
    size_t count = message->msg_iovlen, room = 0;
    *size = 0;
    if (count > UNSOCK_SEGMENT_PARTS || unsock_user_read(parts, message->msg_iov, count * sizeof(parts[0])) < 0)
        return unsock_real_recvmsg(fd, message, flags);
    for (size_t i = 0; i < count; i++)
        room += UNSOCK_MIN(parts[i].iov_len, (size_t)INT32_MAX);
    parts[count] = (struct iovec){&rest, sizeof(rest)};
    longer.msg_iov = parts;
    longer.msg_iovlen = count + 1;
    long result = unsock_real_recvmsg(fd, &longer, flags);
    message->msg_namelen = longer.msg_namelen;
    message->msg_controllen = longer.msg_controllen;
    message->msg_flags = longer.msg_flags;
    if (result > (long)sizeof(trailer) && (size_t)result <= room + sizeof(rest) &&
        read_trailer(parts, (size_t)result, &trailer)) {
        *size = trailer.size;
        result -= sizeof(trailer);
    }
    if (result <= 0 || (size_t)result <= room)
        return result;
    message->msg_flags |= MSG_TRUNC;
    return flags & MSG_TRUNC ? result : (long)room;
}
