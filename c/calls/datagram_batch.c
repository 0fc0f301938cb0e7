/* Sends several datagrams of one size by one call (UDP_SEGMENT), and receives them by one (UDP_GRO, recvmmsg), as UDP
 * does over the loopback. The library sends them as a batch: one AF_UNIX datagram, with a trailer that holds the size.
 * Other programs would take the trailer for data. So a bit of a socket file's mode, which has no other meaning for
 * sockets, marks a receiver that takes batches; all others get single datagrams. The library sets
 * - the sticky bit before the receiver's first recvmsg with UDP_GRO and room for the size: batches of any length;
 * - the set-user-ID bit once a recvmmsg has received several large datagrams, if the program itself uses UDP_SEGMENT:
 *   then its peer may use it, too (quic-go): batches of UNSOCK_DATAGRAM_SEVERAL, which one recvmmsg divides again. */
#include "calls/datagram.h"

#include "calls/stream.h"

#include "files/bind.h"
#include "files/directory.h"
#include "files/port.h"
#include "kernel/socket_info.h"
#include "options/options.h"
#include "rt/user.h"
#include "rules/cmsg.h"

#define LOOKS 16u    /* after 16 batches in a row for receivers that take none, only each 16th checks its receiver */
#define REFUSALS 16u /* after so many sockets that may not take batches, this process looks at no other one */

/* The program's buffers may be shorter than a batch: what follows goes to a place that is overwritten again and again,
 * as only the trailer at its end is wanted. */
#define REST 1024u
#define BATCH_MOST (UINT16_MAX + sizeof(struct trailer))
#define RESTS (BATCH_MOST / REST + 1)
#define LARGE 512 /* bytes: a datagram with data, not an acknowledgement */

struct trailer {
    uint8_t magic[14];
    uint16_t size;
};

static const uint8_t magic[] = {0xb7, 0x5e, 0x02, 0x9f, 0xd4, 0x61, 0x38, 0xca, 0x0d, 0x93, 0xf6, 0x2b, 0x84, 0x1e};

static bool reads_mode(const char *path, int flags, struct statx *status) {
    return unsock_statx(AT_FDCWD, path, flags, STATX_TYPE | STATX_MODE, status) == 0 &&
           (status->stx_mode & S_IFMT) == S_IFSOCK;
}

/* Returns the most datagrams that the receiver accepts in one batch; 0 if it accepts no batches. */
UNSOCK_OWN_FRAME static size_t batch_taken(int fd, const struct msghdr *message) {
    union unsock_sockaddr peer;
    struct statx status;
    const struct sockaddr_un *path = message->msg_name;
    long length = message->msg_namelen;
    if (!path) {
        length = unsock_socket_name(fd, __NR_getpeername, &peer);
        path = &peer.un;
    }
    /* Sends no batch to a path outside the directory: in the peer's mount namespace the path may be another file. */
    if (length <= (long)sizeof(path->sun_family) || path->sun_family != AF_UNIX ||
        unsock_kernel_name_read(path, (size_t)length).kind != UNSOCK_NAME_FILE ||
        !reads_mode(path->sun_path, 0, &status))
        return 0;
    return status.stx_mode & S_ISVTX ? INT16_MAX : status.stx_mode & S_ISUID ? UNSOCK_DATAGRAM_SEVERAL : 0;
}

/* Joins the batch's next datagrams, as many as the receiver takes (`taken`), and sends them as one datagram. Returns
 * the length of their data, or -errno; 0: only one datagram is left, or the data are in too many buffers. */
UNSOCK_OWN_FRAME static long send_whole(int fd, struct unsock_fd *entry, const struct msghdr *name, int flags,
                                        const struct unsock_batch *batch) {
    struct unsock_segment rest;
    struct trailer trailer = {.size = (uint16_t)batch->size};
    long length = unsock_segment_cut(batch->message, batch->from, batch->taken * batch->size, &rest);
    if (length <= (long)batch->size || rest.message.msg_iovlen == UNSOCK_SEGMENT_PARTS)
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
    if (batch->from == 0) {
        bool looks = (before < LOOKS || before % LOOKS == 0) && !unsock_sandboxed;
        batch->taken = looks ? batch_taken(fd, name) : 0;
        __atomic_store_n(&untaken, batch->taken > 0 ? 0 : before + 1, __ATOMIC_RELAXED);
    }
    long result =
        batch->taken > 0 ? send_whole(fd, entry, name, flags, batch) : send_several(fd, entry, name, flags, batch);
    if (result > 0)
        batch->from += (size_t)result;
    else
        batch->taken = 0; /* the rest may go to another receiver */
    return result > 0 || result == -EAGAIN || result == -ECONNRESET ? result : 0;
}

UNSOCK_OWN_FRAME void unsock_datagram_take_batches(int fd, struct unsock_fd *entry, unsigned bit) {
    struct sockaddr_un path;
    struct statx status;
    unsock_fds_mark_all(fd, entry, UNSOCK_DATAGRAM_BATCHES);
    unsock_socket_mark_set(fd, unsock_socket_mark(fd), UNSOCK_MARK_BATCHES);
    unsock_port_own_path(entry, &path);
    if (reads_mode(path.sun_path, AT_SYMLINK_NOFOLLOW, &status))
        unsock_directory_set_mode(fd, path.sun_path, (status.stx_mode & 07777) | bit);
}

void unsock_datagram_take_several(int fd, struct unsock_fd *entry, size_t length) {
    static uint32_t refused;
    if (!(entry->flags & UNSOCK_DATAGRAM_SEGMENTS) || length < LARGE ||
        __atomic_load_n(&refused, __ATOMIC_RELAXED) >= REFUSALS)
        return;
    if (unsock_datagram_is_named(entry) && (unsock_fcntl(fd, F_GETFL, 0) & O_NONBLOCK) && unsock_only_process(fd))
        unsock_datagram_take_batches(fd, entry, S_ISUID);
    else
        __atomic_fetch_add(&refused, 1, __ATOMIC_RELAXED);
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

UNSOCK_OWN_FRAME long unsock_datagram_receive_batch(int fd, struct msghdr *message, int flags, bool whole,
                                                    int32_t *size) {
    struct iovec parts[UNSOCK_SEGMENT_PARTS + RESTS];
    struct trailer trailer;
    uint8_t rest[REST];
    struct msghdr longer = *message;
    size_t count = message->msg_iovlen, room = 0;
    *size = 0;
    if (count > UNSOCK_SEGMENT_PARTS || unsock_user_read(parts, message->msg_iov, count * sizeof(parts[0])) < 0)
        return unsock_real_recvmsg(fd, message, flags);
    for (size_t i = 0; i < count; i++)
        room += UNSOCK_MIN(parts[i].iov_len, (size_t)INT32_MAX);
    size_t end = room;
    do
        parts[count++] = (struct iovec){&rest, sizeof(rest)};
    while ((end += sizeof(rest)) < BATCH_MOST);
    longer.msg_iov = parts;
    longer.msg_iovlen = count;
    long result = unsock_real_recvmsg(fd, &longer, flags);
    message->msg_namelen = longer.msg_namelen;
    message->msg_controllen = longer.msg_controllen;
    message->msg_flags = longer.msg_flags;
    if (result > (long)sizeof(trailer) && (size_t)result <= end && read_trailer(parts, (size_t)result, &trailer) &&
        trailer.size > 0 && trailer.size <= result - (long)sizeof(trailer)) {
        *size = whole ? trailer.size : 0;
        result = whole ? result - (long)sizeof(trailer) : UNSOCK_MIN(result - (long)sizeof(trailer), trailer.size);
    }
    if (result <= 0 || (size_t)result <= room)
        return result;
    message->msg_flags |= MSG_TRUNC;
    return flags & MSG_TRUNC ? result : (long)room;
}

/* Moves a datagram to the begin of buffer `index`. The kernel has filled the buffers with datagrams without gaps; this
 * one is at offset `at`. No datagram is larger than a buffer. So it begins in an earlier buffer, or is in its place. */
static void move(const struct iovec *parts, size_t index, size_t at, size_t length) {
    for (; at >= parts->iov_len; parts++, index--)
        at -= parts->iov_len;
    size_t first = UNSOCK_MIN(length, parts->iov_len - at);
    char *to = parts[index].iov_base;
    memmove(to + first, parts[index > 0].iov_base, length - first);
    memmove(to, (char *)parts->iov_base + at, first);
}

/* The kernel has filled the buffers with `total` bytes: datagrams of `each` bytes, without gaps. Moves each datagram to
 * a buffer of its own. Returns their number; like the kernel, fewer if the program's memory cannot be written. */
static unsigned spread(const struct iovec *parts, struct unsock_mmsghdr *messages, unsigned count, size_t total,
                       size_t each) {
    unsigned received = 1;
    size_t filled = total;
    messages->length = (unsigned)UNSOCK_MIN(each, total);
    for (size_t at = each; received < count && at < total; at += each, received++) {
        size_t length = UNSOCK_MIN(each, total - at);
        filled -= UNSOCK_MIN(filled, parts[received - 1].iov_len);
        if (length > filled && !unsock_user_writable(parts[received].iov_base, length))
            break;
        messages[received].length = (unsigned)length;
    }
    for (unsigned i = received; i-- > 1;)
        move(parts, i, i * each, messages[i].length);
    return received;
}

UNSOCK_OWN_FRAME long unsock_datagram_receive_spread(int fd, struct unsock_mmsghdr *messages, unsigned count,
                                                     int flags) {
    struct iovec parts[UNSOCK_DATAGRAM_SEVERAL];
    struct msghdr all = messages->header;
    size_t least = SIZE_MAX;
    int32_t size;
    for (unsigned i = 0; i < count; i++) {
        if (messages[i].header.msg_iovlen != 1 ||
            unsock_user_read(&parts[i], messages[i].header.msg_iov, sizeof(parts[0])) < 0)
            return 0;
        least = UNSOCK_MIN(least, parts[i].iov_len);
    }
    all.msg_iov = parts;
    all.msg_iovlen = count;
    long result = unsock_datagram_receive_batch(fd, &all, flags, true, &size);
    if (result < 0)
        return result;
    size_t each = size > 0 ? (size_t)size : (size_t)result;
    unsigned received = spread(parts, messages, each > least ? 1 : count, (size_t)result, each);
    for (unsigned i = 0; i < received; i++) {
        messages[i].header.msg_name = all.msg_name;
        messages[i].header.msg_namelen = all.msg_namelen;
        messages[i].header.msg_controllen = i == 0 ? all.msg_controllen : 0;
        messages[i].header.msg_flags = all.msg_flags & ~MSG_TRUNC;
    }
    if (each > parts->iov_len) {
        messages->header.msg_flags |= MSG_TRUNC;
        messages->length = flags & MSG_TRUNC ? (unsigned)each : (unsigned)parts->iov_len;
    }
    return received;
}
