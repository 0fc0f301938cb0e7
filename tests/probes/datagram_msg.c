/* UDP with sendmsg, recvmsg, sendmmsg, recvmmsg, control data, the fortified recvfrom, and time-outs. */
#include "probe.h"

#include <sys/time.h>

static void line(const char *name, bool value) {
    fact_yes(name, value);
}

/* One message of two parts in and out of a msghdr. */
struct envelope {
    address peer;
    char part[2][8];
    struct iovec parts[2];
    char control[256];
    struct msghdr header;
};

static struct msghdr *prepare(struct envelope *envelope) {
    envelope->peer = unwritten();
    envelope->parts[0] = (struct iovec){envelope->part[0], 4};
    envelope->parts[1] = (struct iovec){envelope->part[1], 8};
    envelope->header = (struct msghdr){.msg_name = &envelope->peer.space,
                                       .msg_namelen = sizeof envelope->peer.space,
                                       .msg_iov = envelope->parts,
                                       .msg_iovlen = 2,
                                       .msg_control = envelope->control,
                                       .msg_controllen = sizeof envelope->control};
    return &envelope->header;
}

static struct msghdr *letter(struct envelope *envelope, const address *to, const char *first, const char *second) {
    prepare(envelope);
    envelope->header.msg_control = NULL;
    envelope->header.msg_controllen = 0;
    envelope->parts[0] = (struct iovec){(void *)(uintptr_t)first, strlen(first)};
    envelope->parts[1] = (struct iovec){(void *)(uintptr_t)second, strlen(second)};
    if (to != NULL)
        envelope->peer = *to;
    envelope->header.msg_name = to == NULL ? NULL : (void *)&envelope->peer.space;
    envelope->header.msg_namelen = to == NULL ? 0 : to->length;
    return &envelope->header;
}

static void messages(void) {
    int server = bound("127.0.0.1", 0, SOCK_DGRAM), client = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    address to = name_of(server);
    struct envelope in, out;
    fact_number("sendmsg", sendmsg(client, letter(&out, &to, "head", "tail"), 0));
    fact_number("recvmsg", recvmsg(server, prepare(&in), 0));
    in.peer.length = in.header.msg_namelen;
    fact("recvmsg: parts", "%.4s %.4s", in.part[0], in.part[1]);
    fact("recvmsg: flags, name length, control length", "0x%x %u %zu", (unsigned)in.header.msg_flags,
         in.header.msg_namelen, in.header.msg_controllen);
    line("recvmsg: sender is the client", port_of(&in.peer) == own_port(client));
    fact("recvmsg: sender's address", "%s", ip_text(&in.peer));
    address from = in.peer;
    fact_number("sendmsg back", sendmsg(server, letter(&out, &from, "an", "swer"), 0));
    fact_number("recvmsg of the answer", recvmsg(client, prepare(&in), 0));
    in.peer.length = in.header.msg_namelen;
    line("recvmsg: the answer is from the server", same_address(&in.peer, &to));

    CHECK(sendmsg(client, letter(&out, &to, "much too long", " for the buffers"), 0));
    fact_number("recvmsg of a long one", recvmsg(server, prepare(&in), 0));
    fact("recvmsg of a long one: flags", "0x%x", (unsigned)in.header.msg_flags);
    CHECK(sendmsg(client, letter(&out, &to, "much too long", " for the buffers"), 0));
    fact_number("recvmsg with MSG_TRUNC", recvmsg(server, prepare(&in), MSG_TRUNC));
    CHECK(sendmsg(client, letter(&out, &to, "a", "b"), 0));
    prepare(&in);
    in.header.msg_name = NULL;
    in.header.msg_namelen = 0;
    fact_number("recvmsg without a name", recvmsg(server, &in.header, 0));
    fact_number("sendmsg without a name, unconnected", sendmsg(client, letter(&out, NULL, "a", "b"), 0));
    CHECK(connect(client, &to.any, to.length));
    fact_number("sendmsg without a name, connected", sendmsg(client, letter(&out, NULL, "a", "b"), 0));
    fact_number("recvmsg of it", recvmsg(server, prepare(&in), 0));
    fact_number("sendmsg with a name, connected", sendmsg(client, letter(&out, &to, "c", "de"), 0));
    fact_number("recvmsg of it, too", recvmsg(server, prepare(&in), 0));
    letter(&out, &to, "a", "b")->msg_namelen = 3;
    fact_number("sendmsg with a short name", sendmsg(client, &out.header, 0));
    close(client);
    close(server);
}

static void many(void) {
    int server = bound("127.0.0.1", 0, SOCK_DGRAM), client = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    address to = name_of(server);
    struct envelope in[4], out[4];
    struct mmsghdr vector[4];
    for (unsigned i = 0; i < 3; i++)
        vector[i].msg_hdr = *letter(&out[i], &to, "xxxxx" + i, "y");
    fact_number("sendmmsg", sendmmsg(client, vector, 3, 0));
    fact("sendmmsg: lengths", "%u %u %u", vector[0].msg_len, vector[1].msg_len, vector[2].msg_len);
    for (unsigned i = 0; i < 4; i++)
        vector[i].msg_hdr = *prepare(&in[i]);
    if (ready(server, POLLIN, 5000) == 0)
        die("nothing");
    fact_number("recvmmsg with MSG_WAITFORONE", recvmmsg(server, vector, 4, MSG_WAITFORONE, NULL));
    fact("recvmmsg: lengths", "%u %u %u", vector[0].msg_len, vector[1].msg_len, vector[2].msg_len);
    for (unsigned i = 0; i < 3; i++) {
        in[i].peer.length = vector[i].msg_hdr.msg_namelen;
        line("recvmmsg: sender is the client",
             port_of(&in[i].peer) == own_port(client) && in[i].peer.length == sizeof to.v4);
    }
    address from = in[0].peer;
    for (unsigned i = 0; i < 2; i++)
        vector[i].msg_hdr = *letter(&out[i], &from, "answer", "");
    fact_number("sendmmsg back", sendmmsg(server, vector, 2, 0));
    for (unsigned i = 0; i < 2; i++)
        vector[i].msg_hdr = *prepare(&in[i]);
    struct timespec patience = {5, 0};
    fact_number("recvmmsg of two with a time-out", recvmmsg(client, vector, 2, 0, &patience));
    in[1].peer.length = vector[1].msg_hdr.msg_namelen;
    line("recvmmsg: the answer is from the server", same_address(&in[1].peer, &to));
    fact_number("recvmmsg of nothing", recvmmsg(client, vector, 2, MSG_DONTWAIT, NULL));
    fact_number("recvmmsg of no messages", recvmmsg(client, vector, 0, MSG_DONTWAIT, NULL));
    vector[0].msg_hdr = *letter(&out[0], &to, "good", "");
    vector[1].msg_hdr = *letter(&out[1], &to, "bad", "");
    vector[1].msg_hdr.msg_namelen = 2;
    fact_number("sendmmsg, the second bad", sendmmsg(client, vector, 2, 0));
    fact_number("sendmmsg, the first bad", sendmmsg(client, vector + 1, 1, 0));
    close(client);
    close(server);
}

/* More messages than the library receives by one call of the kernel. */
static void many_more(void) {
    int server = bound("127.0.0.1", 0, SOCK_DGRAM), client = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    address to = name_of(server);
    struct envelope in[20], out;
    struct mmsghdr vector[20];
    for (unsigned waiting = 0; waiting <= 10; waiting++)
        for (int exact = 0; exact < 2; exact++) {
            char name[60], text[80] = "";
            unsigned right = 0;
            for (unsigned i = 0; i < waiting; i++)
                CHECK(sendmsg(client, letter(&out, &to, "abcdefghij" + i, "z"), 0));
            for (unsigned i = 0; i < 20; i++) {
                vector[i] = (struct mmsghdr){*prepare(&in[i]), 99};
                if (i % 4 == 3) {
                    vector[i].msg_hdr.msg_name = NULL;
                    vector[i].msg_hdr.msg_namelen = 0; /* the kernel leaves another length; qemu's emulation does not */
                }
            }
            snprintf(name, sizeof name, "recvmmsg of %u of %u", waiting, exact ? waiting : 20);
            fact_number(name, recvmmsg(server, vector, exact ? waiting : 20, exact ? 0 : MSG_DONTWAIT, NULL));
            for (unsigned i = 0; i < waiting + 1; i++) {
                in[i].peer.length = vector[i].msg_hdr.msg_namelen;
                right += i < waiting && i % 4 != 3 && port_of(&in[i].peer) == own_port(client);
                snprintf(text + strlen(text), sizeof text - strlen(text), " %u/%u", vector[i].msg_len,
                         vector[i].msg_hdr.msg_namelen);
            }
            strcat(name, ": lengths");
            fact(name, "%s, right %u", text, right);
        }
    CHECK(shutdown(server, SHUT_RD) == 0 || errno == ENOTCONN);
    fact_number("recvmmsg after shutdown", recvmmsg(server, vector, 20, 0, NULL));
    close(client);
    close(server);
}

static void packet_info(const char *prefix, const char *to_text, int level, int option, int type) {
    char text[80];
#define NAME(what) (snprintf(text, sizeof text, "%s: " what, prefix), text)
    bool six = strchr(to_text, ':') != NULL;
    int server = bound(six ? "::" : "0.0.0.0", 0, SOCK_DGRAM),
        client = CHECK(socket(six ? AF_INET6 : AF_INET, SOCK_DGRAM, 0));
    address to = ip(to_text, own_port(server));
    fact_call(NAME("ask for it"), set_option(server, level, option, 1));
    struct envelope in, out;
    CHECK(sendmsg(client, letter(&out, &to, "a", "b"), 0));
    fact_number(NAME("recvmsg"), recvmsg(server, prepare(&in), 0));
    struct cmsghdr *header = CMSG_FIRSTHDR(&in.header);
    fact_yes(NAME("came"), header != NULL && header->cmsg_level == level && header->cmsg_type == type);
    if (header != NULL) {
        address told = ip(six ? "::" : "0.0.0.0", 0);
        if (six)
            told.v6.sin6_addr = ((struct in6_pktinfo *)CMSG_DATA(header))->ipi6_addr;
        else
            told.v4.sin_addr = ((struct in_pktinfo *)CMSG_DATA(header))->ipi_addr;
        fact(NAME("address"), "%s", ip_text(&told));
        fact_yes(NAME("is the only one"), CMSG_NXTHDR(&in.header, header) == NULL);
        /* As dnsmasq does: the answer goes out with the same control data, to leave from the address asked. */
        address from = in.peer;
        from.length = in.header.msg_namelen;
        letter(&out, &from, "re", "ply");
        out.header.msg_control = in.control;
        out.header.msg_controllen = in.header.msg_controllen;
        if (!six)
            ((struct in_pktinfo *)CMSG_DATA(header))->ipi_spec_dst = told.v4.sin_addr;
        fact_number(NAME("answer with it"), sendmsg(server, &out.header, 0));
        fact_number(NAME("the answer"), recvmsg(client, prepare(&in), 0));
        in.peer.length = in.header.msg_namelen;
        fact_yes(NAME("answer is from where the request went"), same_address(&in.peer, &to));
    }
    CHECK(sendmsg(client, letter(&out, &to, "a", "b"), 0));
    prepare(&in)->msg_controllen = 4;
    fact_number(NAME("no room for it"), recvmsg(server, &in.header, 0));
    fact(NAME("no room: flags"), "0x%x, control length %zu", (unsigned)in.header.msg_flags, in.header.msg_controllen);
    fact_call(NAME("ask no more"), set_option(server, level, option, 0));
    CHECK(sendmsg(client, letter(&out, &to, "a", "b"), 0));
    CHECK(recvmsg(server, prepare(&in), 0));
    fact_yes(NAME("comes no more"), in.header.msg_controllen == 0);
    close(client);
    close(server);
}

/* The size of the buffer is known to the compiler and the length is not: glibc's header calls __recvfrom_chk. */
static void fortified(size_t length) {
    int server = bound("127.0.0.1", 0, SOCK_DGRAM), client = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    char buffer[16];
    address to = name_of(server), from = unwritten();
    CHECK(sendto(client, "checked", 7, 0, &to.any, to.length));
    fact_number("fortified recvfrom", recvfrom(server, buffer, length, 0, &from.any, &from.length));
    line("fortified recvfrom: sender is the client",
         port_of(&from) == own_port(client) && from.length == sizeof from.v4);
    struct timeval patience = {0, 30000};
    CHECK(setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience));
    fact_number("recvfrom times out", recvfrom(server, buffer, length, 0, &from.any, &from.length));
    struct envelope in;
    fact_number("recvmsg times out", recvmsg(server, prepare(&in), 0));
    close(client);
    close(server);
}

/* A socket that is not connected says ENOTCONN to that, and ends all the same: it is how threads are woken. */
static void shut(const char *host, bool used) {
    int fd = bound(host, 0, SOCK_DGRAM);
    address from = unwritten(), to = ip(host, 4000);
    char byte, control[64];
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_name = &from.any, .msg_control = control};
    if (used)
        CHECK(sendto(fd, "x", 1, 0, &to.any, to.length));
    CHECK(
        set_option(fd, host[0] == ':' ? IPPROTO_IPV6 : IPPROTO_IP, host[0] == ':' ? IPV6_RECVPKTINFO : IP_PKTINFO, 1));
    fact_call("shut down", shutdown(fd, SHUT_RD));
    fact_number("recvfrom then", recvfrom(fd, &byte, 1, 0, &from.any, &from.length));
    fact("its sender", "%u", from.length);
    message.msg_namelen = sizeof from.space;
    message.msg_controllen = sizeof control;
    fact_number("recvmsg then", recvmsg(fd, &message, 0));
    fact("its sender", "%u, control %zu, flags %#x", message.msg_namelen, message.msg_controllen, message.msg_flags);
    close(fd);
}

int main(int count, char **arguments) {
    (void)arguments;
    probe_start();
    messages();
    many();
    many_more();
    packet_info("IP_PKTINFO", "127.0.0.1", IPPROTO_IP, IP_PKTINFO, IP_PKTINFO);
    packet_info("IP_PKTINFO to another address", "127.0.0.9", IPPROTO_IP, IP_PKTINFO, IP_PKTINFO);
    packet_info("IPV6_PKTINFO", "::1", IPPROTO_IPV6, IPV6_RECVPKTINFO, IPV6_PKTINFO);
    packet_info("IPV6_PKTINFO of IPv4", "::ffff:127.0.0.9", IPPROTO_IPV6, IPV6_RECVPKTINFO, IPV6_PKTINFO);
    shut("127.0.0.1", false);
    shut("0.0.0.0", true);
    shut("::1", true);
    fortified((size_t)count * 16);
    return 0;
}
