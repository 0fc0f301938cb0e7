/* What UDP tells about a received packet. */
#include "calls/packet_info.h"

#include "kernel/option_query.h"
#include "memory/fds.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/user.h"
#include "rules/address.h"
#include "rules/ip.h"
#include "rules/kernel_name.h"

#define LOOPBACK_INDEX 1 /* of lo, in every network namespace */
#define DEFAULT_TTL 64   /* a new socket's; the sender's own is not known */
#define IPV6_ORIGDSTADDR_NAME 74

#define DATA_MOST sizeof(struct sockaddr_in6) /* of the data that there are here */

struct pktinfo4 {
    int32_t index;
    uint8_t specific[4];
    uint8_t destination[4];
};

struct pktinfo6 {
    uint8_t destination[16];
    uint32_t index;
};

/* Where the control messages go. */
struct control {
    int fd;
    const struct unsock_fd *entry;
    struct msghdr *message;
    size_t room;
};

static bool wants(const struct control *control, int level, int option) {
    return unsock_option_flag(control->fd, control->entry, level, option);
}

/* As put_cmsg in net/core/scm.c does: what does not fit is cut, and what cannot be written is left out. */
static void append(const struct control *control, int level, int type, const void *data, size_t size) {
    struct msghdr *message = control->message;
    struct cmsghdr header = {.cmsg_len = CMSG_LEN(size), .cmsg_level = level, .cmsg_type = type};
    uint8_t whole[sizeof(header) + DATA_MOST] = {0};
    size_t used = UNSOCK_MIN(message->msg_controllen, control->room), left = control->room - used;
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

/* In the order of ip_cmsg_recv_offset (net/ipv4/ip_sockglue.c). */
static void append_ipv4(const struct control *control, const struct unsock_ip *local) {
    static const int32_t ttl = DEFAULT_TTL;
    static const uint8_t tos;
    union unsock_sockaddr address;
    if (wants(control, IPPROTO_IP, IP_PKTINFO)) {
        struct pktinfo4 info = {.index = LOOPBACK_INDEX};
        memcpy(info.specific, local->bytes, 4);
        memcpy(info.destination, local->bytes, 4);
        append(control, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
    }
    if (wants(control, IPPROTO_IP, IP_RECVTTL))
        append(control, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
    if (wants(control, IPPROTO_IP, IP_RECVTOS))
        append(control, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
    if (wants(control, IPPROTO_IP, IP_RECVORIGDSTADDR))
        append(control, IPPROTO_IP, IP_ORIGDSTADDR, &address, unsock_ip_write(local, AF_INET, &address));
}

/* In the order of ip6_datagram_recv_specific_ctl (net/ipv6/datagram.c). */
static void append_ipv6(const struct control *control, const struct unsock_ip *local) {
    static const int32_t hops = DEFAULT_TTL, class;
    union unsock_sockaddr address;
    if (wants(control, IPPROTO_IPV6, IPV6_RECVHOPLIMIT))
        append(control, IPPROTO_IPV6, IPV6_HOPLIMIT, &hops, sizeof(hops));
    if (wants(control, IPPROTO_IPV6, IPV6_RECVTCLASS))
        append(control, IPPROTO_IPV6, IPV6_TCLASS, &class, sizeof(class));
    if (wants(control, IPPROTO_IPV6, IPV6_ORIGDSTADDR_NAME))
        append(control, IPPROTO_IPV6, IPV6_ORIGDSTADDR_NAME, &address, unsock_ip_write(local, AF_INET6, &address));
}

/*
 * The address that was asked: the bound one, on a wildcard the one that a client's name tells, or that of the sender's
 * family which local peers have.
 */
static struct unsock_ip destination(const struct unsock_fd *entry, const struct unsock_name *sender) {
    if (!unsock_ip_is_wildcard(&entry->local))
        return entry->local;
    bool told = sender->kind == UNSOCK_NAME_FILE && sender->target.family != 0;
    bool from_ipv4 = sender->kind == UNSOCK_NAME_FILE && (!sender->own || sender->address.family == AF_INET);
    if (!told)
        return unsock_address_default(from_ipv4 ? AF_INET : entry->domain, entry->local.port);
    struct unsock_ip asked = sender->target;
    asked.port = entry->local.port;
    return asked;
}

void unsock_packet_info_append(int fd, const struct unsock_fd *entry, const struct unsock_name *sender,
                               struct msghdr *message, size_t room) {
    union unsock_sockaddr address;
    struct control control = {fd, entry, message, room};
    struct unsock_ip local = destination(entry, sender);
    /* An IPv6 socket tells this of IPv4 packets too (ip6_datagram_recv_common_ctl). */
    if (entry->domain == AF_INET6 && wants(&control, IPPROTO_IPV6, IPV6_RECVPKTINFO)) {
        struct pktinfo6 info = {.index = LOOPBACK_INDEX};
        unsock_ip_write(&local, AF_INET6, &address);
        memcpy(info.destination, &address.in6.sin6_addr, 16);
        append(&control, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
    }
    if (local.family == AF_INET)
        append_ipv4(&control, &local);
    else
        append_ipv6(&control, &local);
}
