/* sendto, sendmsg and sendmmsg: send to a socket file, or to a control file's target, if the address is covered; else
 * to the network. The checks, in this order:
 *
 *   check                                       by                              then
 *   a named datagram socket, a covered address  memory/fds, rules/address       yes: sent by the last known name
 *   a connect waits for its vsock multiplexer   calls/asking                    yes: EAGAIN, or the send waits
 *   a connected stream, and data alone          memory/fds, kernel/identify     yes: calls/stream_send
 *   the message can be read                     rt/user                         no: the kernel returns the error
 *   the library handles it                      calls/arguments                 no: the kernel sends it
 *   the descriptor's owner                      unsock_whose                    the kernel's: the kernel sends it
 *   stream or datagram socket                   its type                        stream: the address is ignored
 *   an address is there, and fits               calls/arguments, IPV6_V6ONLY    none: to the peer; wrong: an error
 *   the address is covered                      rules/address                   yes: datagram_send; no: network
 *   the error shows a reused number             replace/reuse                   yes: all is checked once more */
#include "calls/list.h"

#include "calls/arguments.h"
#include "calls/connect.h"
#include "calls/datagram.h"
#include "calls/stream.h"
#include "calls/target.h"
#include "kernel/log.h"
#include "replace/replace.h"
#include "rules/errno.h"

#define ANEW (-4096) /* no errno: the descriptor now has another socket, and the message is sent anew */

static inline struct unsock_fd *named(int fd) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    return entry && entry->type == SOCK_DGRAM && unsock_datagram_is_named(entry) ? entry : NULL;
}

/* True if this may be a reply to a local client. The client may have any port: UNSOCK_PORT lists servers' ports. */
static bool is_local_client(const struct unsock_fd *entry, const struct unsock_ip *ip) {
    return entry->kind == UNSOCK_KIND_LOCAL && unsock_address_covered_at(ip, 0);
}

/* True if a named socket sends to an address of its family, and nothing else needs a check. */
static bool is_usual_send(const struct unsock_fd *entry, const struct sockaddr *address, socklen_t length, size_t size,
                          struct unsock_ip *ip) {
    return !(entry->options & UNSOCK_OPTION_SOME_RARE) && unsock_call_reads_usual(entry, address, length, ip) &&
           ip->port != 0 && !unsock_ip_is_wildcard(ip) && size <= unsock_datagram_most(entry, ip) &&
           is_local_client(entry, ip);
}

/* Continues after the send to the last known name has failed with `result`; -ENOENT: no name is known. */
UNSOCK_OWN_FRAME static long go_on_unknown(int fd, struct unsock_fd *entry, const struct iovec *part, int flags,
                                           const struct unsock_ip *ip, struct sockaddr_un *path, socklen_t known,
                                           long result) {
    struct iovec copy = *part;
    struct msghdr message = {.msg_name = path, .msg_namelen = known, .msg_iov = &copy, .msg_iovlen = 1};
    return unsock_datagram_send_on(fd, entry, &message, flags, ip, result);
}

/* Sends to the last known name. Inlined: see "Few functions wait" in docs/architecture.md. */
static inline __attribute__((always_inline)) long send_usual(int fd, struct unsock_fd *entry, const struct iovec *part,
                                                             int flags, const struct unsock_ip *ip) {
    struct sockaddr_un path;
    unsock_datagram_note_target(fd, entry, ip);
    socklen_t known = unsock_port_known_path(ip, SOCK_DGRAM, false, &path);
    int all = flags | unsock_datagram_full_flags(entry);
    long result = known > 0 ? unsock_real_sendto(fd, part->iov_base, part->iov_len, all, &path, known) : -ENOENT;
    if (result < 0)
        result = go_on_unknown(fd, entry, part, flags, ip, &path, known, result);
    return unsock_log("sendto", fd, ip, &path, result);
}

/* True if the library makes this send on a stream (unsock_stream_concerns); false with MSG_FASTOPEN. */
static bool is_stream_send(int fd, int flags) {
    return !(flags & MSG_FASTOPEN) && unsock_stream_concerns(fd);
}

/* True if the message has neither an address nor control data: TCP ignores both, AF_UNIX does not. */
static bool is_data_alone(const struct msghdr *message) {
    struct msghdr copy;
    return unsock_user_read(&copy, message, sizeof(copy)) == 0 && !copy.msg_name && copy.msg_controllen == 0;
}

static bool may_be_inet(int fd) {
    long domain = unsock_socket_option(fd, SO_DOMAIN);
    return domain == AF_INET || unsock_socket_unanswered(domain) < 0;
}

/* Sends on a socket that is not redirected, such as a raw one. */
static long send_other(int fd, const struct msghdr *message, int flags) {
    if (unsock_settings.block_inet && (unsock_call_is_ip(unsock_call_family(message)) ||
                                       (unsock_call_family(message) == AF_UNSPEC && may_be_inet(fd))))
        return -EACCES;
    return unsock_real_sendmsg(fd, message, flags);
}

/* Sends on a stream. TCP ignores an address on a connected socket; with MSG_FASTOPEN it connects first (tcp(7)). */
static long send_stream(int fd, const struct unsock_fd *entry, const struct msghdr *message, int flags) {
    struct msghdr plain = *message;
    if ((flags & MSG_FASTOPEN) && !message->msg_name)
        return unsock_state_is_connected(entry->state) ? -EISCONN : -EINVAL;
    if (flags & MSG_FASTOPEN) {
        if (unsock_call_family(message) == AF_UNSPEC)
            return -EOPNOTSUPP;
        long result = unsock_call_connect(fd, message->msg_name, message->msg_namelen);
        if (result < 0)
            return result;
    }
    /* Only a stream ignores an address or control data, so checks that the descriptor still refers to this stream. */
    long another = message->msg_name || message->msg_controllen > 0 ? unsock_reuse_look(fd) : 0;
    if (another != 0)
        return another < 0 ? another : ANEW;
    long wrong = unsock_send_control_check(entry, message);
    if (wrong < 0)
        return wrong;
    plain.msg_name = plain.msg_control = NULL;
    plain.msg_namelen = 0;
    plain.msg_controllen = 0;
    flags &= ~MSG_FASTOPEN;
    long result = entry->kind == UNSOCK_KIND_LOCAL || unsock_stream_is_foreign(fd)
                      ? unsock_errno_as_ip(UNSOCK_AT_STEP, unsock_stream_sendmsg(fd, &plain, flags))
                      : unsock_real_sendmsg(fd, &plain, flags);
    if (result != -ENOTCONN)
        return result;
    /* On a stream that is not connected, a write returns EPIPE in TCP (sk_stream_error). */
    return unsock_reuse_look(fd) > 0 ? ANEW : unsock_stream_broken(flags);
}

static long send_to_peer(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags) {
    if (entry->kind == UNSOCK_KIND_LOCAL)
        return unsock_datagram_send(fd, entry, message, flags, NULL);
    long result = unsock_real_sendmsg(fd, message, flags);
    if ((result == -ENOTCONN || result == -EPIPE) && !unsock_state_is_connected(entry->state))
        return -EDESTADDRREQ;
    return unsock_tipc_service_absent(fd, result, true, (long)unsock_stream_size(message));
}

static long send_once(int fd, const struct msghdr *message, int flags) {
    struct unsock_whose whose;
    struct unsock_ip ip;
    int family = unsock_call_family(message);
    long owner = unsock_whose(fd, unsock_call_is_ip(family) ? UNSOCK_ASK_FOR(family) : UNSOCK_ASK_KERNEL, &whose);
    if (owner < 0)
        return owner;
    if (owner == UNSOCK_IS_KERNELS)
        return send_other(fd, message, flags);
    struct unsock_fd *entry = whose.entry;
    if (entry->type == SOCK_STREAM)
        return send_stream(fd, entry, message, flags);
    if (!message->msg_name)
        return send_to_peer(fd, entry, message, flags);
    long wrong = unsock_call_check_destination(fd, entry, family, message->msg_namelen);
    /* A socket at a control file's target may reply to a peer with an address of the target's family. */
    if (wrong < 0)
        return entry->kind == UNSOCK_KIND_LOCAL ? wrong : unsock_real_sendmsg(fd, message, flags);
    if (family == AF_UNSPEC && entry->domain != AF_INET)
        return send_to_peer(fd, entry, message, flags);
    if (family == AF_UNSPEC)
        ((struct sockaddr *)message->msg_name)->sa_family = AF_INET;
    unsock_ip_read(message->msg_name, message->msg_namelen, &ip);
    if (ip.family == AF_INET && unsock_call_is_ipv6_only(fd, entry))
        return -ENETUNREACH;
    /* The send below may replace the socket: first checks that the descriptor still has this socket. */
    long another = unsock_fd_may_be_exchanged(entry) ? unsock_reuse_look(fd) : 0;
    if (another != 0)
        return another < 0 ? another : ANEW;
    if (unsock_address_covered(&ip) || entry->kind == UNSOCK_KIND_FOREIGN || is_local_client(entry, &ip)) {
        unsock_call_ask(entry, &ip);
        return unsock_datagram_send(fd, entry, message, flags, &ip);
    }
    if (unsock_settings.block_inet)
        return unsock_log("sendto", fd, &ip, NULL, -EACCES);
    return unsock_datagram_send_real(fd, entry, message, flags);
}

/* A program's send, with its own message, or with one made of sendto's arguments. */
struct call {
    int fd;
    int flags;
    const struct msghdr *message;
    bool is_sendto;
};

static long make_call(const struct call *call) {
    const struct msghdr *message = call->message;
    if (!call->is_sendto)
        return unsock_real_sendmsg(call->fd, message, call->flags);
    return unsock_real_sendto(call->fd, message->msg_iov->iov_base, message->msg_iov->iov_len, call->flags,
                              message->msg_name, message->msg_namelen);
}

/* Sends one message. If the library cannot read the message, or does not handle it, makes the program's own call. */
static long send_outgoing(const struct call *call) {
    struct unsock_outgoing outgoing;
    int fd = call->fd;
    const struct unsock_fd *entry = unsock_fds_known(fd);
    socklen_t length = call->is_sendto ? call->message->msg_namelen : sizeof(outgoing.name);
    /* An address shorter than a sockaddr_in is no IP address. sendmsg cuts one that is too long; sendto fails. */
    if (length > sizeof(outgoing.name) ||
        (length < sizeof(struct sockaddr_in) && unsock_outgoing_is_plain(entry, call->flags)))
        return make_call(call);
    bool taken = unsock_outgoing_take(&outgoing, call->message);
    long concerns = taken ? unsock_outgoing_concerns(fd, &outgoing.message, call->flags) : 0;
    if (concerns < 0)
        return concerns;
    entry = unsock_fds_known(fd);
    if (!concerns || !unsock_outgoing_can_be_read(&outgoing.message, entry && entry->type == SOCK_STREAM))
        return make_call(call);
    /* UDP's sendto refuses an address of length 0; sendmsg takes it for no address (net/socket.c). */
    if (call->is_sendto && call->message->msg_name && !outgoing.message.msg_name && entry && entry->type == SOCK_DGRAM)
        return -EINVAL;
    long result = ANEW;
    while (result == ANEW)
        result = send_once(fd, &outgoing.message, call->flags);
    return result;
}

static long send_unusual(const struct call *call) {
    int fd = call->fd;
    long result = unsock_asking_before_data(fd);
    if (result < 0)
        return result;
    if (is_stream_send(fd, call->flags) && is_data_alone(call->message)) {
        const struct iovec *part = call->message->msg_iov;
        result = call->is_sendto ? unsock_stream_sendto(fd, part->iov_base, part->iov_len, call->flags)
                                 : unsock_stream_sendmsg(fd, call->message, call->flags);
        if (result != -ENOTCONN)
            return result;
    }
    result = send_outgoing(call);
    return unsock_reuse_failed(fd, result) ? send_outgoing(call) : result;
}

/* Makes the send. `usual` is the message, if it has one buffer and no control data; else NULL. */
static inline __attribute__((always_inline)) long send_by(const struct call *call, const struct msghdr *usual) {
    struct unsock_ip ip;
    struct unsock_fd *entry = usual ? named(call->fd) : NULL;
    if (!entry || !is_usual_send(entry, usual->msg_name, usual->msg_namelen, usual->msg_iov->iov_len, &ip))
        return send_unusual(call);
    long result = send_usual(call->fd, entry, usual->msg_iov, call->flags, &ip);
    return result < 0 && unsock_reuse_failed(call->fd, result) ? send_unusual(call) : result;
}

long unsock_call_sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *address,
                        socklen_t length) {
    struct iovec part = {.iov_len = UNSOCK_MIN(size, (size_t)INT32_MAX)}; /* the kernel takes less in one call */
    struct msghdr message = {.msg_namelen = length, .msg_iov = &part, .msg_iovlen = 1};
    memcpy(&part.iov_base, &data, sizeof(data));
    memcpy(&message.msg_name, &address, sizeof(address));
    struct call call = {fd, flags, &message, true};
    return send_by(&call, &message);
}

/* True if sendto could send the message: it has one buffer and no control data. Copies the message and its iovec. */
static bool is_one_piece(const struct msghdr *message, struct msghdr *copy, struct iovec *part) {
    struct iovec *parts;
    if (unsock_user_read(copy, message, sizeof(*copy)) < 0 || copy->msg_iovlen != 1 || copy->msg_controllen != 0)
        return false;
    parts = copy->msg_iov;
    copy->msg_iov = part;
    return unsock_user_read(part, parts, sizeof(*part)) == 0;
}

long unsock_call_sendmsg(int fd, const struct msghdr *message, int flags) {
    struct msghdr copy;
    struct iovec part;
    struct call call = {fd, flags, message, false};
    return send_by(&call, named(fd) && is_one_piece(message, &copy, &part) ? &copy : NULL);
}

long unsock_call_sendmmsg(int fd, struct unsock_mmsghdr *messages, unsigned count, int flags) {
    long early = unsock_asking_before_data(fd);
    if (early < 0)
        return early;
    count = UNSOCK_MIN(count, UNSOCK_OUTGOING_PARTS_MOST);
    if (count == 0 || (!unsock_stream_concerns(fd) && !unsock_outgoing_any_concerns(fd, messages, count, flags)))
        return unsock_real_sendmmsg(fd, messages, count, flags);
    for (unsigned i = 0; i < count; i++) {
        long result = unsock_call_sendmsg(fd, &messages[i].header, flags);
        unsigned length = (unsigned)result;
        if (result >= 0 && unsock_user_write(&messages[i].length, &length, sizeof(length)) < 0)
            result = -EFAULT;
        if (result < 0)
            return i > 0 ? (long)i : result;
        /* If a stream has taken only a part of a message, none may follow (__sys_sendmmsg, net/socket.c). */
        const struct unsock_fd *entry = unsock_fds_known(fd);
        if (entry && entry->type == SOCK_STREAM && (size_t)result < unsock_stream_size(&messages[i].header))
            return (long)i + 1;
    }
    return (long)count;
}
