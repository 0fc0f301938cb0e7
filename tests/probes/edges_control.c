/* Control data of every length from 0 to 200, at the end of a mapped page, received and sent. */
#include "edges.h"

static int informed_datagram(int domain) {
    int fd = edges_bound(domain == AF_INET ? "127.0.0.1" : "::1", SOCK_DGRAM);
    if (domain == AF_INET) {
        CHECK(set_option(fd, IPPROTO_IP, IP_PKTINFO, 1));
        CHECK(set_option(fd, IPPROTO_IP, IP_RECVTTL, 1));
        CHECK(set_option(fd, IPPROTO_IP, IP_RECVTOS, 1));
        CHECK(set_option(fd, IPPROTO_IP, IP_RECVORIGDSTADDR, 1));
    } else {
        CHECK(set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1));
        CHECK(set_option(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1));
        CHECK(set_option(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1));
    }
    return fd;
}

/* Control data that are told */

/* Receives once more when the last byte of a time is one that stands for "never written": one of its microseconds. */
static long receive_control(int fd, int from, struct msghdr *message) {
    struct msghdr asked = *message;
    long result;
    for (int tries = 0; tries < 10; tries++) {
        unsigned char *at = space((int)asked.msg_controllen);
        *message = asked;
        send_byte(from);
        result = recvmsg(fd, message, 0);
        if (message->msg_controllen == 0 || at[message->msg_controllen - 1] != untouched)
            break;
        usleep(300); /* until the second byte of them is another */
    }
    return result;
}

static void control_told(const char *what, int fd, int from, bool with_name) {
    char name[80];
    snprintf(name, sizeof name, "control data of %s", what);
    for (int given = 0; given <= MOST; given++) {
        char data[16], text[300] = "";
        address sender = unwritten();
        struct iovec part = {data, sizeof data};
        struct msghdr message = {
            .msg_iov = &part, .msg_iovlen = 1, .msg_control = space(given), .msg_controllen = (size_t)given};
        if (with_name)
            message.msg_name = &sender.any, message.msg_namelen = sizeof sender.space;
        long result = receive_control(fd, from, &message);
        size_t length = 0;
        for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL; header = CMSG_NXTHDR(&message, header))
            length += (size_t)snprintf(text + length, sizeof text - length, " %d/%d/%zu", header->cmsg_level,
                                       header->cmsg_type, (size_t)header->cmsg_len);
        outcome(name, given, "%s, flags %#x, controllen %zu, wrote %d,%s", said(result), (unsigned)message.msg_flags,
                (size_t)message.msg_controllen, written(given), text);
    }
    end_row();
}

/* The kernel begins to note times some moments after the first socket has asked for them (net_enable_timestamp). */
static void stream_with_time(void) {
    char data[16], control[64];
    struct iovec part = {data, sizeof data};
    bool told = false;
    CHECK(set_option(peer4, SOL_SOCKET, SO_TIMESTAMP, 1));
    for (int tries = 0; tries < 1000 && !told; tries++) {
        struct msghdr message = {
            .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
        send_byte(client4);
        CHECK(recvmsg(peer4, &message, 0));
        told = message.msg_controllen > 0;
        usleep(100);
    }
    fact_yes("a stream tells when it received", told);
}

static void controls_told(void) {
    int informed4 = informed_datagram(AF_INET), informed6 = informed_datagram(AF_INET6);
    int from4 = CHECK(socket(AF_INET, SOCK_DGRAM, 0)), from6 = CHECK(socket(AF_INET6, SOCK_DGRAM, 0));
    CHECK(connect_to(from4, "127.0.0.1", own_port(informed4)));
    CHECK(connect_to(from6, "::1", own_port(informed6)));
    control_told("an IPv4 stream", peer4, client4, false);
    control_told("an IPv4 stream, named", peer4, client4, true);
    control_told("an IPv4 datagram", receiver4, asker4, false);
    control_told("an IPv4 datagram, informed", informed4, from4, false);
    control_told("an IPv4 datagram, informed, named", informed4, from4, true);
    control_told("an IPv6 stream", peer6, client6, false);
    control_told("an IPv6 datagram", receiver6, asker6, false);
    control_told("an IPv6 datagram, informed", informed6, from6, false);
    CHECK(set_option(informed4, SOL_SOCKET, SO_TIMESTAMP, 1));
    control_told("an IPv4 datagram, informed, with time", informed4, from4, false);
    stream_with_time();
}

/* Control data that are given */

static void control_given(const char *what, int fd, const address *to, int receiver, int level, int type,
                          int length_kind) {
    static const char *const kinds[] = {"its own length", "16 too", "one more", "0"};
    char name[80];
    snprintf(name, sizeof name, "sendmsg %s, control %d/%d, cmsg_len %s", what, level, type, kinds[length_kind]);
    for (int given = 0; given <= MOST; given++) {
        struct cmsghdr header = {.cmsg_level = level, .cmsg_type = type};
        header.cmsg_len = length_kind == 0   ? (size_t)given
                          : length_kind == 1 ? 16
                          : length_kind == 2 ? (size_t)given + 1
                                             : 0;
        unsigned char *at = space(given);
        memset(at, 0, (size_t)given);
        memcpy(at, &header, (size_t)given < sizeof header ? (size_t)given : sizeof header);
        if (level == IPPROTO_IP && type == IP_TTL && given >= 20)
            memcpy(at + 16, &(int){9}, 4);
        if (level == IPPROTO_UDP && given >= 18)
            memcpy(at + 16, &(uint16_t){9}, 2);
        struct iovec part = {"x", 1};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = at, .msg_controllen = (size_t)given};
        if (to != NULL)
            message.msg_name = (void *)&to->any, message.msg_namelen = to->length;
        outcome(name, given, "%s", said(sendmsg(fd, &message, MSG_NOSIGNAL)));
        drain(receiver);
    }
    end_row();
}

static void controls_given(void) {
    static const int kinds[][2] = {{SOL_SOCKET, SCM_RIGHTS},
                                   {SOL_SOCKET, SCM_CREDENTIALS},
                                   {SOL_SOCKET, SO_MARK},
                                   {SOL_SOCKET, 99},
                                   {IPPROTO_IP, IP_TTL},
                                   {IPPROTO_IP, IP_TOS},
                                   {IPPROTO_IP, IP_PKTINFO},
                                   {IPPROTO_IP, 99},
                                   {IPPROTO_UDP, 103},
                                   {IPPROTO_UDP, 99},
                                   {IPPROTO_TCP, 1},
                                   {IPPROTO_IPV6, IPV6_HOPLIMIT},
                                   {IPPROTO_IPV6, IPV6_PKTINFO},
                                   {99, 1}};
    address to4 = name_of(receiver4), to6 = name_of(receiver6);
    int fresh4 = CHECK(socket(AF_INET, SOCK_DGRAM, 0)), fresh6 = CHECK(socket(AF_INET6, SOCK_DGRAM, 0));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (int length = 0; length < 4; length++) {
            int level = kinds[i][0], type = kinds[i][1];
            control_given("stream", client4, NULL, peer4, level, type, length);
            control_given("IPv4 datagram, connected", asker4, NULL, receiver4, level, type, length);
            control_given("IPv4 datagram, to", fresh4, &to4, receiver4, level, type, length);
            control_given("IPv6 datagram, to", fresh6, &to6, receiver6, level, type, length);
        }
}

int main(void) {
    edges_start();
    controls_told();
    controls_given();
    return 0;
}
