/* Receiving on datagram sockets: who sent it, and the control data that UDP would give. */
#include "datagram.h"

#include "names.h"
#include "options.h"
#include "rights.h"
#include "rt/libc.h"
#include "rt/mem.h"
#include "strangers.h"

#define LOOPBACK_INDEX 1 /* of lo, in every network namespace */

struct pktinfo4 {
    int32_t index;
    uint8_t specific[4];
    uint8_t destination[4];
};

struct pktinfo6 {
    uint8_t destination[16];
    uint32_t index;
};

/*
 * The sender's IP address. Its port is in the name of its file; its address is the one that we sent to, for a reply
 * from that port, and otherwise the address that local peers have.
 */
static struct unsock_ip sender_of(const struct unsock_fd *entry, const struct sockaddr_un *name, socklen_t length) {
    struct unsock_name read = unsock_address_read_name(name, length);
    uint16_t port = read.port;
    bool stranger = read.kind != UNSOCK_NAME_FILE || read.type != SOCK_DGRAM;
    if (stranger && (entry->flags & UNSOCK_BY_CONTROL))
        return entry->remote;
    if (stranger)
        port = unsock_strangers_port(name, length);
    if ((entry->flags & (UNSOCK_CONNECTED | UNSOCK_SENT)) && entry->remote.port == port &&
        !unsock_ip_is_wildcard(&entry->remote))
        return entry->remote;
    struct unsock_ip sender = read.view.ip;
    if (stranger || unsock_ip_is_wildcard(&sender))
        sender = unsock_address_default(stranger ? unsock_names_family(entry) : read.view.domain, port);
    sender.port = port;
    return sender;
}

/* Appends one control message after what the kernel gave, as put_cmsg in net/core/scm.c does. */
static void append(struct msghdr *message, size_t room, int level, int type, const void *data, size_t size) {
    struct cmsghdr header = {.cmsg_len = CMSG_LEN(size), .cmsg_level = level, .cmsg_type = type};
    size_t used = CMSG_ALIGN(message->msg_controllen);
    if (used + CMSG_LEN(size) > room) {
        message->msg_flags |= MSG_CTRUNC;
        return;
    }
    memcpy((uint8_t *)message->msg_control + used, &header, sizeof(header));
    memcpy((uint8_t *)message->msg_control + used + CMSG_LEN(0), data, size);
    message->msg_controllen = used + UNSOCK_MIN(CMSG_SPACE(size), room - used);
}

static void append_pktinfo(int fd, const struct unsock_fd *entry, struct msghdr *message, size_t room) {
    union unsock_sockaddr address;
    struct unsock_ip local = entry->local;
    if (unsock_ip_is_wildcard(&local))
        local = unsock_address_default(entry->domain, local.port);
    if (local.family == AF_INET && unsock_options_flag(fd, entry, IPPROTO_IP, IP_PKTINFO)) {
        struct pktinfo4 info = {.index = LOOPBACK_INDEX};
        memcpy(info.specific, local.bytes, 4);
        memcpy(info.destination, local.bytes, 4);
        append(message, room, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
    }
    if (entry->domain == AF_INET6 && unsock_options_flag(fd, entry, IPPROTO_IPV6, IPV6_RECVPKTINFO)) {
        struct pktinfo6 info = {.index = LOOPBACK_INDEX};
        unsock_ip_write(&local, AF_INET6, &address);
        memcpy(info.destination, &address.in6.sin6_addr, 16);
        append(message, room, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
    }
}

/* A family that the settings leave alone is shown as it is. */
static void give_sender(struct unsock_fd *entry, const union unsock_sockaddr *name, socklen_t name_length,
                        void *address, socklen_t *length) {
    if (entry->kind == UNSOCK_KIND_FOREIGN && !unsock_names_converts(name->any.sa_family)) {
        unsock_names_give(name, name_length, address, length);
        return;
    }
    struct unsock_ip sender = sender_of(entry, &name->un, name_length);
    unsock_names_give_ip(&sender, entry->domain, address, length);
}

/* Who waits on a client's socket must find it still there when the answer comes (unsock_datagram_choose_source). */
static void expect(struct unsock_fd *entry) {
    if (entry->flags & UNSOCK_ANY_PORT)
        unsock_fds_mark(entry, UNSOCK_HEARD);
}

long unsock_datagram_receive(int fd, struct unsock_fd *entry, struct msghdr *message, int flags) {
    union unsock_sockaddr name;
    struct msghdr own = *message;
    if (flags & MSG_ERRQUEUE)
        return -EAGAIN;
    own.msg_name = &name;
    own.msg_namelen = sizeof(name);
    name.any.sa_family = AF_UNSPEC;
    expect(entry);
    long result = unsock_real_recvmsg(fd, &own, flags);
    if (result < 0)
        return result;
    unsock_fds_mark(entry, UNSOCK_HEARD);
    unsock_rights_refuse(&own);
    message->msg_flags = own.msg_flags;
    size_t room = message->msg_controllen;
    message->msg_controllen = own.msg_controllen;
    if (message->msg_control && entry->options != 0)
        append_pktinfo(fd, entry, message, room);
    if (message->msg_name)
        give_sender(entry, &name, own.msg_namelen, message->msg_name, &message->msg_namelen);
    return result;
}

long unsock_datagram_recvfrom(int fd, struct unsock_fd *entry, void *data, size_t size, int flags, void *address,
                              socklen_t *length) {
    union unsock_sockaddr name;
    socklen_t name_length = sizeof(name);
    if (flags & MSG_ERRQUEUE)
        return -EAGAIN;
    name.any.sa_family = AF_UNSPEC;
    expect(entry);
    long result = unsock_real_recvfrom(fd, data, size, flags, &name, &name_length);
    if (result < 0)
        return result;
    unsock_fds_mark(entry, UNSOCK_HEARD);
    if (address)
        give_sender(entry, &name, name_length, address, length);
    return result;
}
