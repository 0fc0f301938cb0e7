/* Packet information for receivers, and messages that are cut into several datagrams (UDP_SEGMENT). */
#include "probe.h"

#include <netinet/udp.h>

#ifndef IPV6_RECVORIGDSTADDR
#define IPV6_RECVORIGDSTADDR 74
#endif

static const struct {
    int level, option;
} told[] = {
    {IPPROTO_IP, IP_PKTINFO},         {IPPROTO_IP, IP_RECVTTL},
    {IPPROTO_IP, IP_RECVTOS},         {IPPROTO_IP, IP_RECVORIGDSTADDR},
    {IPPROTO_IPV6, IPV6_RECVPKTINFO}, {IPPROTO_IPV6, IPV6_RECVHOPLIMIT},
    {IPPROTO_IPV6, IPV6_RECVTCLASS},  {IPPROTO_IPV6, IPV6_RECVORIGDSTADDR},
};

static void print_control(const char *name, const struct cmsghdr *control) {
    char text[120], bytes[200] = "";
    const unsigned char *data = CMSG_DATA(control);
    size_t size = control->cmsg_len - CMSG_LEN(0);
    for (size_t i = 0; i < size && i < 40; i++) {
        /* Ports of addresses differ from run to run. */
        bool port = (i == 2 || i == 3) && size >= 16 && data[0] != 1 && data[0] != 0;
        snprintf(bytes + strlen(bytes), sizeof bytes - strlen(bytes), "%02x", port ? 0 : data[i]);
    }
    snprintf(text, sizeof text, "%s: level %d type %d", name, control->cmsg_level, control->cmsg_type);
    fact(text, "%s", bytes);
}

static void tell(const char *name, const char *at, const char *to, bool before) {
    char bytes[16], control[512];
    address bound_to = ip(at, 0), target;
    int fd = CHECK(socket(bound_to.any.sa_family, SOCK_DGRAM, 0));
    int sender = CHECK(socket(strchr(to, ':') ? AF_INET6 : AF_INET, SOCK_DGRAM, 0));
    if (!before)
        CHECK(bind(fd, &bound_to.any, bound_to.length));
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (told[i].level == IPPROTO_IP || bound_to.any.sa_family == AF_INET6)
            set_option(fd, told[i].level, told[i].option, 1);
    if (before)
        CHECK(bind(fd, &bound_to.any, bound_to.length));
    target = ip(to, own_port(fd));
    CHECK(sendto(sender, "packet", 6, 0, &target.any, target.length));
    struct iovec part = {bytes, sizeof bytes};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    fact_number(name, recvmsg(fd, &message, 0));
    for (struct cmsghdr *each = CMSG_FIRSTHDR(&message); each; each = CMSG_NXTHDR(&message, each))
        print_control(name, each);
    close(sender);
    close(fd);
}

/* Sends `size` bytes in two parts, in pieces of `piece` by the message or by the socket. */
static void segments(const char *name, size_t size, int piece, bool by_option, bool connects) {
    static char bytes[4096];
    char text[80], control[CMSG_SPACE(sizeof(uint16_t))] = "";
    int receiver = bound("127.0.0.1", 0, SOCK_DGRAM), fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    address to = name_of(receiver);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 7);
    struct iovec parts[2] = {{bytes, size / 3}, {bytes + size / 3, size - size / 3}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    if (connects)
        CHECK(connect(fd, &to.any, to.length));
    else
        message.msg_name = &to.any, message.msg_namelen = to.length;
    if (by_option)
        CHECK(set_option(fd, IPPROTO_UDP, UDP_SEGMENT, piece));
    else {
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        *header = (struct cmsghdr){CMSG_LEN(sizeof(uint16_t)), IPPROTO_UDP, UDP_SEGMENT};
        memcpy(CMSG_DATA(header), &(uint16_t){(uint16_t)piece}, sizeof(uint16_t));
    }
    fact_number(name, sendmsg(fd, &message, 0));
    char got[4096];
    size_t at = 0;
    for (int i = 1; at < size && ready(receiver, POLLIN, 2000) != 0; i++) {
        ssize_t length = CHECK(recv(receiver, got, sizeof got, 0));
        snprintf(text, sizeof text, "%s: datagram %d", name, i);
        fact(text, "%zd bytes, %s", length, memcmp(got, bytes + at, (size_t)length) == 0 ? "right" : "wrong");
        at += (size_t)length;
    }
    if (by_option) {
        fact_number("sendto", sendto(fd, bytes, size, 0, connects ? NULL : &to.any, connects ? 0 : to.length));
        fact("its first datagram", "%zd bytes", recv(receiver, got, sizeof got, 0));
    }
    close(fd);
    close(receiver);
}

int main(void) {
    probe_start();
    for (int before = 0; before < 2; before++) {
        tell(before ? "IPv4, set before" : "IPv4", "127.0.0.1", "127.0.0.1", before);
        tell(before ? "any IPv4, set before" : "any IPv4", "0.0.0.0", "127.0.0.1", before);
        tell(before ? "IPv6, set before" : "IPv6", "::1", "::1", before);
        tell(before ? "any IPv6, set before" : "any IPv6", "::", "::1", before);
        tell(before ? "IPv4 on IPv6, set before" : "IPv4 on IPv6", "::", "127.0.0.1", before);
    }
    segments("three pieces by message", 250, 100, false, false);
    segments("three pieces by message, connected", 250, 100, false, true);
    segments("three pieces by option", 250, 100, true, false);
    segments("three pieces by option, connected", 250, 100, true, true);
    segments("an even number of pieces", 800, 200, false, false);
    segments("less than a piece", 50, 100, false, false);
}
