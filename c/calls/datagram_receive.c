/* Receives datagrams: finds the sender's IP address, and appends the control data that UDP would give. */
#include "calls/arguments.h"
#include "calls/datagram.h"
#include "calls/stream.h"
#include "files/plain_senders.h"
#include "replace/replace.h"
#include "rules/cmsg.h"
#include "rules/errno.h"
#include "rules/settings.h"

#include <linux/poll.h>

#define LOOPBACK_INDEX 1 /* the index of lo in every network namespace */
#define DEFAULT_TTL 64   /* the TTL of a new socket; that of the sender is unknown */
#define IPV6_ORIGDSTADDR_NAME 74
#define DATA_MOST sizeof(struct sockaddr_in6) /* the longest data of a control message here */

struct pktinfo4 {
    int32_t index;
    uint8_t specific[4];
    uint8_t destination[4];
};

struct pktinfo6 {
    uint8_t destination[16];
    uint32_t index;
};

/* Appends a control message as put_cmsg (net/core/scm.c) does: if the room is too small, cuts it or leaves it out. */
static void append_control(struct msghdr *message, size_t room, int level, int type, const void *data, size_t size) {
    struct cmsghdr header = {.cmsg_len = CMSG_LEN(size), .cmsg_level = level, .cmsg_type = type};
    uint8_t whole[sizeof(header) + DATA_MOST] = {0};
    size_t used = UNSOCK_MIN(message->msg_controllen, room), left = room - used;
    if (!message->msg_control || left < sizeof(header)) {
        message->msg_flags |= MSG_CTRUNC;
        return;
    }
    if (left < header.cmsg_len) {
        message->msg_flags |= MSG_CTRUNC;
        header.cmsg_len = left;
    }
    memcpy(whole, &header, sizeof(header));
    memcpy(whole + sizeof(header), data, size);
    if (unsock_user_write((uint8_t *)message->msg_control + used, whole, header.cmsg_len) == 0)
        message->msg_controllen = used + UNSOCK_MIN(CMSG_SPACE(size), left);
}

/* Returns the address to which the datagram was sent: the one to which the receiver is bound. If that is a wildcard,
 * returns the target that the sender's name shows. If the name shows no target, returns the default address: IPv4's if
 * the sender has a file whose name shows no IPv6 address, else that of the receiver's own family. */
static struct unsock_ip destination(const struct unsock_fd *entry, const struct unsock_name *sender) {
    if (!unsock_ip_is_wildcard(&entry->local))
        return entry->local;
    bool told = sender->kind == UNSOCK_NAME_FILE && unsock_port_entry_asks(&sender->entry);
    bool from_ipv4 = sender->kind == UNSOCK_NAME_FILE && sender->entry.ip.family != AF_INET6;
    if (!told)
        return unsock_address_default(from_ipv4 ? AF_INET : entry->domain, entry->local.port);
    struct unsock_ip asked = sender->entry.target;
    asked.port = entry->local.port;
    return asked;
}

/* Appends to the kernel's control data the messages that the program requested by IP_PKTINFO, IP_RECVTTL and so on, in
 * the order of ip_cmsg_recv_offset (net/ipv4/ip_sockglue.c) and ip6_datagram_recv_specific_ctl (net/ipv6/datagram.c).
 * `room`: the size of the program's buffer in bytes. `batched`: the size of a batch's datagrams, or 0. */
static void append_packet_info(int fd, const struct unsock_fd *entry, const struct unsock_name *sender,
                               struct msghdr *message, size_t room, int32_t batched) {
    static const int32_t ttl = DEFAULT_TTL, class;
    union unsock_sockaddr address, mapped;
    struct unsock_ip local = destination(entry, sender);
    int family = local.family == AF_INET ? AF_INET : AF_INET6;
    socklen_t length = unsock_ip_write(&local, family, &address);
    struct pktinfo4 info4 = {.index = LOOPBACK_INDEX};
    struct pktinfo6 info6 = {.index = LOOPBACK_INDEX};
    const struct {
        uint8_t family; /* of the packet; 0: both */
        uint8_t level;
        uint8_t option;
        uint8_t type;
        uint32_t size;
        const void *data;
    } infos[] = {
        /* An IPv6 socket gets IPV6_PKTINFO for IPv4 packets, too (ip6_datagram_recv_common_ctl). */
        {0, IPPROTO_IPV6, IPV6_RECVPKTINFO, IPV6_PKTINFO, sizeof(info6), &info6},
        {AF_INET, IPPROTO_IP, IP_PKTINFO, IP_PKTINFO, sizeof(info4), &info4},
        {AF_INET, IPPROTO_IP, IP_RECVTTL, IP_TTL, sizeof(ttl), &ttl},
        {AF_INET, IPPROTO_IP, IP_RECVTOS, IP_TOS, 1, &class},
        {AF_INET, IPPROTO_IP, IP_RECVORIGDSTADDR, IP_ORIGDSTADDR, length, &address},
        {AF_INET6, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, IPV6_HOPLIMIT, sizeof(ttl), &ttl},
        {AF_INET6, IPPROTO_IPV6, IPV6_RECVTCLASS, IPV6_TCLASS, sizeof(class), &class},
        {AF_INET6, IPPROTO_IPV6, IPV6_ORIGDSTADDR_NAME, IPV6_ORIGDSTADDR_NAME, length, &address},
    };
    unsock_ip_write(&local, AF_INET6, &mapped);
    memcpy(info4.specific, local.bytes, 4);
    memcpy(info4.destination, local.bytes, 4);
    memcpy(info6.destination, &mapped.in6.sin6_addr, 16);
    if (batched > 0)
        append_control(message, room, IPPROTO_UDP, UNSOCK_UDP_GRO, &batched, sizeof(batched));
    for (size_t i = 0; i < sizeof(infos) / sizeof(infos[0]); i++) {
        if ((infos[i].family == 0 || infos[i].family == family) &&
            (infos[i].level == IPPROTO_IP || entry->domain == AF_INET6) &&
            unsock_option_flag(fd, entry, infos[i].level, infos[i].option))
            append_control(message, room, infos[i].level, infos[i].type, infos[i].data, infos[i].size);
    }
}

static bool is_peers(int fd, const struct unsock_fd *entry, const struct sockaddr_un *name, socklen_t length) {
    union unsock_sockaddr peer;
    return unsock_state_is_connected(entry->state) && !(entry->flags & UNSOCK_DATAGRAM_BY_CONTROL) &&
           unsock_socket_name(fd, __NR_getpeername, &peer) == (long)length && unsock_same(&peer, name, length);
}

/* Parses a sender's name that begins with another path to the directory, as in another mount namespace. Changes *read
 * only if the sender is the connected peer, or certainly belongs to the directory. */
UNSOCK_OWN_FRAME static void read_other_name(int fd, const struct unsock_fd *entry, const struct sockaddr_un *name,
                                             socklen_t length, struct unsock_name *read) {
    struct unsock_name other;
    struct unsock_span file;
    if (!unsock_kernel_name_read_anywhere(name, length, &other, &file))
        return;
    if (is_peers(fd, entry, name, length) || unsock_other_name_is_ours(name, length, &other))
        *read = other;
}

/* Caches the last parsed name that shows an address: a client receives from its server again and again. */
static struct {
    uint32_t version; /* a version counter (rt/base.h) */
    socklen_t length;
    struct sockaddr_un name;
    struct unsock_name told;
} last;

static bool is_last(const struct sockaddr_un *name, socklen_t length, struct unsock_name *told) {
    uint32_t begun = unsock_seqlock_begin(&last.version);
    if (last.length != length || !unsock_same(&last.name, name, length))
        return false;
    *told = last.told;
    return unsock_seqlock_holds(&last.version, begun);
}

static void note_last(const struct sockaddr_un *name, socklen_t length, const struct unsock_name *told) {
    if (!unsock_seqlock_claim(&last.version, unsock_seqlock_begin(&last.version)))
        return;
    last.length = length;
    memcpy(&last.name, name, length);
    last.told = *told;
    unsock_seqlock_publish(&last.version);
}

static void read_sender_name(int fd, const struct unsock_fd *entry, const union unsock_sockaddr *name, socklen_t length,
                             struct unsock_name *told) {
    if (name->any.sa_family == AF_UNIX && is_last(&name->un, length, told))
        return;
    *told = (struct unsock_name){.kind = UNSOCK_NAME_NONE};
    if (name->any.sa_family == AF_UNIX)
        *told = unsock_kernel_name_read(&name->un, length);
    if (told->kind == UNSOCK_NAME_FILE && !unsock_port_entry_is_plain(&told->entry) && length <= sizeof(last.name))
        note_last(&name->un, length, told);
    if (told->kind == UNSOCK_NAME_FOREIGN)
        read_other_name(fd, entry, &name->un, length, told);
}

/* Returns the family of a sender whose name shows a wildcard: the target's, if the name shows the target, too. */
static int family_of_sender(const struct unsock_port_entry *told) {
    int own = told->ip.family == AF_INET6 ? AF_INET6 : AF_INET;
    return unsock_port_entry_asks(told) ? told->target.family : own;
}

/* Returns the sender's IP address. The sender's file name shows the port, and mostly the address. If it shows none (a
 * wildcard, a hash), or with the setting one_address, returns the address to which this socket last sent or is
 * connected, if its port is the same; else the name's, or the default address. A plain sender gets an invented port
 * (files/plain_senders.h); but on a socket that a control file has connected, the connected address. */
static struct unsock_ip sender_of(const struct unsock_fd *entry, const struct unsock_name *told,
                                  const struct sockaddr_un *name, socklen_t length) {
    uint16_t port = told->entry.ip.port;
    bool plain = told->kind != UNSOCK_NAME_FILE || told->entry.type != SOCK_DGRAM;
    const struct unsock_ip *remote = unsock_state_has_remote(entry->state) ? unsock_fd_remote(entry) : NULL;
    if (plain && remote && (entry->flags & UNSOCK_DATAGRAM_BY_CONTROL))
        return *remote;
    if (plain)
        port = unsock_plain_sender_port(entry, name, length);
    bool tells = !plain && unsock_port_entry_tells(&told->entry);
    if ((!tells || unsock_settings.one_address) && remote && remote->port == port && !unsock_ip_is_wildcard(remote))
        return *remote;
    struct unsock_ip sender =
        tells
            ? told->entry.ip
            : unsock_address_default(plain ? unsock_socket_names_family(entry) : family_of_sender(&told->entry), port);
    sender.port = port;
    return sender;
}

/* Writes the sender's IP address to the program; or the kernel's address, if the settings do not convert its family. */
static long give_sender(struct unsock_fd *entry, const struct unsock_name *told, const union unsock_sockaddr *name,
                        socklen_t name_length, void *address, socklen_t *length) {
    /* If the sender has an IP address, the descriptor's number now belongs to a UDP socket. */
    bool is_another = entry->kind == UNSOCK_KIND_LOCAL && unsock_call_is_ip(name->any.sa_family);
    if (is_another || (entry->kind == UNSOCK_KIND_FOREIGN && !unsock_socket_names_converts(name->any.sa_family)))
        return unsock_socket_names_give(name, name_length, address, length);
    struct unsock_ip sender = sender_of(entry, told, &name->un, name_length);
    /* The program's reply to this address must reach the file with the sender's name. */
    if (told->kind == UNSOCK_NAME_FILE && told->entry.type == SOCK_DGRAM && unsock_port_entry_is_plain(&told->entry))
        unsock_known_port_note(&sender, SOCK_DGRAM, UNSOCK_KNOWN_PLAIN);
    return unsock_socket_names_give_ip(&sender, entry->domain, address, length);
}

static void note_heard(int fd, struct unsock_fd *entry) {
    if (!(entry->flags & UNSOCK_DATAGRAM_HEARD))
        unsock_fds_mark_all(fd, entry, UNSOCK_DATAGRAM_HEARD);
}

/* Marks a client's socket before the client waits for a reply: unsock_datagram_choose_source then keeps the name. */
static void expect(int fd, struct unsock_fd *entry) {
    if ((entry->flags & UNSOCK_ANY_PORT) || entry->state == UNSOCK_STATE_NEW)
        note_heard(fd, entry);
}

/* True if the kernel's own UDP socket replaced this AF_UNIX socket, born local, while this thread waited. */
static bool has_gone_outside(const struct unsock_fd *entry, const union unsock_sockaddr *name, long result) {
    return result == 0 && name->any.sa_family == AF_UNSPEC && entry->kind == UNSOCK_KIND_IP;
}

/* True if this side has shut down reading. As an unnamed plain sender's empty datagram looks the same, poll decides. */
static bool is_end(int fd, const union unsock_sockaddr *name, long result) {
    return result == 0 && name->any.sa_family == AF_UNSPEC && (unsock_socket_poll(fd, POLLRDHUP) & POLLRDHUP);
}

/* True if the datagram is from the connected address. No socket had this address before (UNSOCK_STATE_NOBODY). */
static bool is_from_remote(const struct unsock_fd *entry, const struct unsock_name *told) {
    const struct unsock_ip *remote = unsock_fd_remote(entry);
    if (told->kind != UNSOCK_NAME_FILE || told->entry.type != SOCK_DGRAM || told->entry.ip.port != remote->port)
        return false;
    if (unsock_settings.one_address || unsock_ip_is_wildcard(remote))
        return true;
    if (unsock_port_entry_tells(&told->entry))
        return unsock_ip_same_address(&told->entry.ip, remote);
    struct unsock_ip usual = unsock_address_default(remote->family, remote->port);
    return unsock_ip_same_address(&usual, remote);
}

/* True if the datagram is not from the peer, and must be dropped. The kernel's socket is not connected while the peer
 * is absent, and receives from every sender. At the peer's first datagram, connects the socket. */
static bool is_stranger(int fd, struct unsock_fd *entry, const union unsock_sockaddr *name, socklen_t length,
                        int flags) {
    struct unsock_name told;
    if (entry->state != UNSOCK_STATE_NOBODY || name->any.sa_family != AF_UNIX)
        return false;
    read_sender_name(fd, entry, name, length, &told);
    if (is_from_remote(entry, &told)) {
        unsock_datagram_connect_again(fd, entry);
        return false;
    }
    if (flags & MSG_PEEK)
        unsock_recvfrom(fd, NULL, 0, MSG_DONTWAIT, NULL, NULL);
    return true;
}

/* True if the receive must be made again: its error or datagram is not for the program. */
static bool is_in_vain(int fd, struct unsock_fd *entry, const union unsock_sockaddr *name, socklen_t length, int flags,
                       long result) {
    return result < 0 ? result == -ECONNRESET && unsock_fd_is_left(entry) : is_stranger(fd, entry, name, length, flags);
}

/* True if the socket may receive a batch. The first recvmsg with room for a batch's size lets senders send batches. */
static inline bool may_be_batch(int fd, struct unsock_fd *entry, size_t room) {
    if (entry->flags & UNSOCK_DATAGRAM_BATCHES)
        return true;
    if (entry->options == 0 || !unsock_option_flag(fd, entry, IPPROTO_UDP, UNSOCK_UDP_GRO))
        return false;
    if (room >= CMSG_SPACE(sizeof(int32_t)) && unsock_datagram_is_named(entry) && !unsock_sandboxed)
        unsock_datagram_take_batches(fd, entry, S_ISVTX);
    return true;
}

bool unsock_datagram_spreads(int fd, const struct unsock_fd *entry) {
    return (entry->flags & UNSOCK_DATAGRAM_BATCHES) && entry->state != UNSOCK_STATE_NOBODY &&
           !unsock_option_flag(fd, entry, IPPROTO_UDP, UNSOCK_UDP_GRO);
}

/* Receives by recvmsg; or, if `from`, by the cheaper recvfrom: `message` has one buffer then, and no control data. */
static inline __attribute__((always_inline)) long receive_real(int fd, struct msghdr *message, int flags, bool from) {
    return from ? unsock_real_recvfrom(fd, message->msg_iov->iov_base, message->msg_iov->iov_len, flags,
                                       message->msg_name, &message->msg_namelen)
                : unsock_real_recvmsg(fd, message, flags);
}

/* Gives the program the sender's address and control data of the received message `own`. Returns `result` or -errno. */
static long give(int fd, struct unsock_fd *entry, struct msghdr *message, const struct msghdr *own, long result,
                 socklen_t *length, bool tells, int32_t batched) {
    struct unsock_name told;
    const union unsock_sockaddr *name = own->msg_name;
    size_t room = message->msg_controllen;
    message->msg_flags = own->msg_flags;
    message->msg_controllen = own->msg_controllen;
    if (is_end(fd, name, result))
        return message->msg_name ? unsock_socket_names_give(name, 0, message->msg_name, length) : 0;
    note_heard(fd, entry);
    tells = tells && (entry->options != 0 || batched > 0);
    if (!tells && !message->msg_name)
        return result;
    read_sender_name(fd, entry, name, own->msg_namelen, &told);
    if (tells)
        append_packet_info(fd, entry, &told, message, room, batched);
    long wrong = message->msg_name ? give_sender(entry, &told, name, own->msg_namelen, message->msg_name, length) : 0;
    return wrong < 0 ? wrong : result;
}

/* Receives a datagram. Inlined, as each return after a wait costs time (docs/architecture.md, "Few functions wait"). */
static inline __attribute__((always_inline)) long receive(int fd, struct unsock_fd *entry, struct msghdr *message,
                                                          int flags, socklen_t *length, bool from) {
    union unsock_sockaddr name;
    struct msghdr own;
    long result;
    int32_t batched = 0;
    if (flags & MSG_ERRQUEUE)
        return -EAGAIN;
    expect(fd, entry);
    bool batches = may_be_batch(fd, entry, from ? 0 : message->msg_controllen);
    do {
        own = *message;
        own.msg_name = &name;
        own.msg_namelen = sizeof(name);
        name.any.sa_family = AF_UNSPEC;
        result = batches ? unsock_datagram_receive_batch(
                               fd, &own, flags, unsock_option_flag(fd, entry, IPPROTO_UDP, UNSOCK_UDP_GRO), &batched)
                         : receive_real(fd, &own, flags, from);
        if (result >= 0 && (!from || batches))
            unsock_passed_descriptors_take(fd, &own, true);
    } while (is_in_vain(fd, entry, &name, own.msg_namelen, flags, result));
    if (result < 0)
        return unsock_errno_as_ip(UNSOCK_AT_ERROR, result);
    if (has_gone_outside(entry, &name, result))
        return from ? unsock_real_recvfrom(fd, message->msg_iov->iov_base, message->msg_iov->iov_len, flags,
                                           message->msg_name, length)
                    : unsock_real_recvmsg(fd, message, flags);
    return give(fd, entry, message, &own, result, length, !from, batched);
}

long unsock_datagram_receive(int fd, struct unsock_fd *entry, struct msghdr *message, int flags) {
    return receive(fd, entry, message, flags, &message->msg_namelen, false);
}

/* Receives into copies of the program's messages. `spreads`: divides a batch (unsock_datagram_receive_spread). */
static long receive_copies(int fd, const struct unsock_mmsghdr *messages, struct unsock_mmsghdr *own,
                           union unsock_sockaddr *names, unsigned count, int flags, bool spreads) {
    for (unsigned i = 0; i < count; i++) {
        own[i] = messages[i];
        if (own[i].header.msg_name && (int32_t)own[i].header.msg_namelen < 0)
            return 0;
        own[i].header.msg_name = &names[i];
        own[i].header.msg_namelen = sizeof(names[i]);
        names[i].any.sa_family = AF_UNSPEC;
    }
    return spreads ? unsock_datagram_receive_spread(fd, own, count, flags & ~UNSOCK_MSG_WAITFORONE)
                   : unsock_real_recvmmsg(fd, own, count, flags, NULL);
}

UNSOCK_OWN_FRAME long unsock_datagram_receive_several(int fd, struct unsock_mmsghdr *messages, unsigned count,
                                                      int flags) {
    struct unsock_mmsghdr own[UNSOCK_DATAGRAM_SEVERAL];
    union unsock_sockaddr names[UNSOCK_DATAGRAM_SEVERAL];
    struct unsock_fd *entry = unsock_fds_known(fd);
    if (!entry || entry->type != SOCK_DGRAM || (flags & MSG_ERRQUEUE) ||
        !unsock_user_writable(messages, count * sizeof(*messages)))
        return 0;
    bool spreads = unsock_datagram_spreads(fd, entry);
    if (!spreads && (unsock_fd_receives_with_care(entry) || may_be_batch(fd, entry, messages->header.msg_controllen)))
        return 0;
    expect(fd, entry);
    long received = receive_copies(fd, messages, own, names, count, flags, spreads);
    /* Another thread may have let senders send batches meanwhile. Then the messages received here are dropped. */
    while (received > 0 && !spreads && (spreads = unsock_datagram_spreads(fd, entry)))
        received = receive_copies(fd, messages, own, names, count, flags, spreads);
    if (received < 0)
        return received == -ECONNRESET && unsock_fd_is_left(entry) ? 0 : unsock_errno_as_ip(UNSOCK_AT_ERROR, received);
    if (!spreads && received > 1 && count == UNSOCK_DATAGRAM_SEVERAL)
        unsock_datagram_take_several(fd, entry, own[0].length);
    for (long i = 0; i < received; i++) {
        struct msghdr message = messages[i].header;
        unsock_passed_descriptors_take(fd, &own[i].header, true);
        long result = give(fd, entry, &message, &own[i].header, own[i].length, &message.msg_namelen, true, 0);
        if (result < 0)
            return i > 0 ? i : result;
        messages[i].header = message;
        messages[i].length = (unsigned)result;
    }
    return received;
}

long unsock_datagram_recvfrom(int fd, void *data, size_t size, int flags, void *address, socklen_t *length) {
    struct iovec part = {data, size};
    struct msghdr message = {.msg_name = address, .msg_iov = &part, .msg_iovlen = 1};
    struct unsock_whose whose;
    unsock_whose(fd, UNSOCK_ASK_KERNEL, &whose);
    return receive(fd, whose.entry, &message, flags, length, true);
}
