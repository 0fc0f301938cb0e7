/* Checks the control data of a message that a program sends, as TCP and UDP do. */
#include "calls/arguments.h"

#include "kernel/socket_info.h"
#include "rules/cmsg.h"

#define MSG_CONFIRM_FLAG 0x800
#define MSG_PROBE_FLAG 0x10 /* MSG_PROBE: with MSG_CONFIRM and no data, nothing is sent (udp_sendmsg, do_confirm) */

/* Control data that programs often send, checked without asking the kernel: an int in bounds, or any `size` bytes. A
 * UDP socket of either family takes the control data of both, and ignores those that do not fit the destination. */
static const struct {
    uint8_t level;
    uint8_t type;
    uint8_t size;
    int16_t least; /* the least value of an int */
    int16_t most;
} usual_controls[] = {
    {IPPROTO_IP, IP_PKTINFO, 12, 0, 0},     {IPPROTO_IP, IP_TOS, 4, 0, 255},
    {IPPROTO_IP, IP_TOS, 1, 0, 0},          {IPPROTO_IP, IP_TTL, 4, 1, 255},
    {IPPROTO_IPV6, IPV6_TCLASS, 4, 0, 255}, {IPPROTO_IPV6, IPV6_HOPLIMIT, 4, 0, 255},
    {IPPROTO_IPV6, IPV6_PKTINFO, 20, 0, 0}, {IPPROTO_UDP, UNSOCK_UDP_SEGMENT, 2, 0, 0},
};

static bool is_usual_control(const struct cmsghdr *header, const void *data) {
    int32_t number;
    for (size_t i = 0; i < sizeof(usual_controls) / sizeof(usual_controls[0]); i++) {
        if (usual_controls[i].level != header->cmsg_level || usual_controls[i].type != header->cmsg_type ||
            CMSG_LEN(usual_controls[i].size) != header->cmsg_len)
            continue;
        if (usual_controls[i].size != sizeof(number))
            return true;
        memcpy(&number, data, sizeof(number));
        return number >= usual_controls[i].least && number <= usual_controls[i].most;
    }
    return false;
}

/* Tries the control data on a temporary UDP socket, without sending. Returns UDP's -errno if it refuses them, or 0. */
static long ask_udp_socket(int domain, void *control, size_t length) {
    union unsock_sockaddr there = {0};
    struct iovec none = {NULL, 0};
    struct msghdr message = {.msg_name = &there, .msg_iov = &none, .msg_iovlen = 1};
    message.msg_namelen = domain == AF_INET6 ? sizeof(there.in6) : sizeof(there.in);
    message.msg_control = control;
    message.msg_controllen = length;
    there.any.sa_family = (sa_family_t)domain;
    there.in.sin_port = 0x0900; /* sin_port and sin6_port: port 9 */
    UNSOCK_CLOSED long socket = unsock_socket(domain, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0)
        return 0;
    long result = unsock_sendmsg(socket, &message, MSG_CONFIRM_FLAG | MSG_PROBE_FLAG | MSG_DONTWAIT);
    return result == -EINVAL || result == -EPERM || result == -ENOBUFS ? result : 0;
}

long unsock_send_control_check(const struct unsock_fd *entry, const struct msghdr *message) {
    struct cmsghdr header;
    size_t space, at = 0;
    bool all_usual = true;
    for (; (space = unsock_cmsg_read(message, at, &header)) > 0; at += space) {
        uint8_t *control = (uint8_t *)message->msg_control + at;
        /* TCP checks only control messages of SOL_SOCKET (sock_cmsg_send in net/core/sock.c). */
        bool asks = entry->type == SOCK_STREAM && header.cmsg_level == SOL_SOCKET;
        long wrong = asks ? ask_udp_socket(AF_INET, control, header.cmsg_len) : 0;
        if (wrong < 0)
            return wrong;
        all_usual &= is_usual_control(&header, control + CMSG_LEN(0));
    }
    /* Refuses a header whose length is beyond the control data, or below the header's own. */
    if (at + sizeof(header) <= message->msg_controllen)
        return -EINVAL;
    return all_usual || entry->type == SOCK_STREAM
               ? 0
               : ask_udp_socket(entry->domain, message->msg_control, message->msg_controllen);
}
