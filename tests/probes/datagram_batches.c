/* Several datagrams that are sent by one call (UDP_SEGMENT), and received by one (UDP_GRO). */
#include "probe.h"

#include <netinet/udp.h>

static char bytes[65536], got[65536];

static void send_batch(int fd, const address *to, size_t size, uint16_t piece) {
    struct iovec part = {bytes, size};
    union {
        char room[CMSG_SPACE(sizeof(uint16_t))];
        struct cmsghdr header;
    } control = {.header = {CMSG_LEN(sizeof(uint16_t)), IPPROTO_UDP, UDP_SEGMENT}};
    memcpy(CMSG_DATA(&control.header), &piece, sizeof piece);
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    if (to)
        message.msg_name = (void *)&to->any, message.msg_namelen = to->length;
    fact_number("sent", sendmsg(fd, &message, 0));
}

static void tell(const char *name, const struct msghdr *message, ssize_t length) {
    char text[200] = "";
    for (struct cmsghdr *each = CMSG_FIRSTHDR(message); each; each = CMSG_NXTHDR((struct msghdr *)message, each)) {
        int32_t number;
        memcpy(&number, CMSG_DATA(each), sizeof number);
        snprintf(text + strlen(text), sizeof text - strlen(text), ", level %d type %d: %d", each->cmsg_level,
                 each->cmsg_type, number);
    }
    fact(name, "%zd bytes, %s, flags %x%s", length,
         length >= 0 && memcmp(got, bytes, (size_t)length) == 0 ? "right" : "wrong", (unsigned)message->msg_flags,
         text);
}

static void receive(const char *name, int fd, size_t first, size_t rest, int flags) {
    struct iovec parts[2] = {{got, first}, {got + first, rest}};
    char control[512];
    address from;
    struct msghdr message = {
        .msg_iov = parts, .msg_iovlen = 2, .msg_control = control, .msg_controllen = sizeof control};
    message.msg_name = &from.any;
    message.msg_namelen = sizeof from.space;
    memset(got, 0, sizeof got);
    ssize_t length = recvmsg(fd, &message, flags | MSG_DONTWAIT);
    if (length < 0)
        fact_number(name, length);
    else
        tell(name, &message, length);
}

static int receiver_at(const char *at) {
    int fd = bound(at, 0, SOCK_DGRAM);
    CHECK(set_option(fd, IPPROTO_UDP, UDP_GRO, 1));
    /* A receiver is known as one that takes batches once it has called recvmsg. */
    receive("nothing yet", fd, 1000, 0, 0);
    return fd;
}

static void batches(const char *at, bool connects) {
    int fd = receiver_at(at), sender = CHECK(socket(ip(at, 0).any.sa_family, SOCK_DGRAM, 0));
    address to = name_of(fd), *name = connects ? NULL : &to;
    if (connects)
        CHECK(connect(sender, &to.any, to.length));
    send_batch(sender, name, 250, 100);
    receive("three pieces, looked at", fd, 1000, 0, MSG_PEEK);
    receive("three pieces", fd, 1000, 0, 0);
    send_batch(sender, name, 250, 100);
    receive("into as many bytes", fd, 250, 0, 0);
    send_batch(sender, name, 250, 100);
    receive("into two parts", fd, 240, 1000, 0);
    send_batch(sender, name, 250, 100);
    receive("into a part of the same length, and one more", fd, 250, 7, 0);
    send_batch(sender, name, 50, 100);
    receive("one piece", fd, 1000, 0, 0);
    send_batch(sender, name, 1000, 1000);
    receive("one whole piece", fd, 990, 10, 0);
    send_batch(sender, name, 54 * 1200, 1200);
    receive("as many as fit", fd, sizeof got, 0, 0);
    CHECK(sendto(sender, bytes, 300, 0, name ? &to.any : NULL, name ? to.length : 0));
    send_batch(sender, name, 600, 200);
    receive("not a batch, too long", fd, 290, 0, 0);
    receive("the batch after it", fd, 1000, 0, 0);
    send_batch(sender, name, 600, 200);
    address from = {.length = sizeof from.space};
    fact_number("recvfrom", recvfrom(fd, got, sizeof got, MSG_DONTWAIT, &from.any, &from.length));
    send_batch(sender, name, 600, 200);
    fact_number("recv", recv(fd, got, sizeof got, MSG_DONTWAIT));
    CHECK(set_option(fd, IPPROTO_IP, IP_RECVTTL, 1));
    send_batch(sender, name, 600, 200);
    receive("with another control message", fd, 1000, 0, 0);
    close(sender);
    close(fd);
}

/* A client that is not bound has another kind of name; the server sends to it before it has answered that. */
static void answers(void) {
    int server = bound("127.0.0.1", 0, SOCK_DGRAM), client = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    address to = name_of(server), from;
    from.length = sizeof from.space;
    CHECK(set_option(client, IPPROTO_UDP, UDP_GRO, 1));
    CHECK(sendto(client, "ask", 3, 0, &to.any, to.length));
    receive("client, nothing yet", client, 1000, 0, 0);
    CHECK(recvfrom(server, got, sizeof got, 0, &from.any, &from.length));
    for (int i = 0; i < 3; i++) {
        send_batch(server, &from, 250, 100);
        receive("answer", client, 1000, 0, 0);
    }
    CHECK(set_option(client, IPPROTO_UDP, UDP_GRO, 0));
    close(client);
    close(server);
}

static void several(void) {
    int fd = receiver_at("127.0.0.1"), sender = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    address to = name_of(fd);
    char controls[3][64];
    struct iovec parts[3] = {{got, 1000}, {got + 1000, 1000}, {got + 2000, 1000}};
    struct mmsghdr messages[3] = {0};
    for (int i = 0; i < 3; i++) {
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1, .msg_control = controls[i]};
        messages[i].msg_hdr.msg_controllen = sizeof controls[i];
        send_batch(sender, &to, i == 1 ? 150 : 400, 150);
    }
    fact_number("recvmmsg", recvmmsg(fd, messages, 3, MSG_DONTWAIT, NULL));
    for (int i = 0; i < 3; i++) {
        memmove(got, got + 1000 * i, messages[i].msg_len);
        tell("of several", &messages[i].msg_hdr, messages[i].msg_len);
    }
    close(sender);
    close(fd);
}

/* Receives as quic-go: several datagrams by one call, each into a buffer of its own. */
static void divide(const char *name, int fd, const size_t *rooms, unsigned count) {
    static char space[16][2048];
    char controls[16][64];
    address from[16];
    struct iovec parts[16];
    struct mmsghdr messages[16];
    for (unsigned i = 0; i < count; i++) {
        memset(space[i], 0, sizeof space[i]);
        parts[i] = (struct iovec){space[i], rooms[i % 2]};
        messages[i].msg_hdr = (struct msghdr){&from[i].any, sizeof from[i].space, &parts[i], 1, controls[i], 64, 0};
    }
    int received = recvmmsg(fd, messages, count, 0, NULL);
    fact_number(name, received);
    for (int i = 0; i < received; i++) {
        memcpy(got, space[i], sizeof space[i]);
        fact("sender", "%s", from[i].any.sa_family == AF_INET || from[i].any.sa_family == AF_INET6 ? "IP" : "other");
        tell("one of them", &messages[i].msg_hdr, messages[i].msg_len);
    }
}

static int count_received(int fd, unsigned count) {
    struct iovec part = {got, 2048};
    struct mmsghdr messages[16] = {0};
    for (unsigned i = 0; i < count; i++)
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &part, .msg_iovlen = 1};
    return recvmmsg(fd, messages, count, 0, NULL);
}

/* More than the kernel's queue holds one by one (net.unix.max_dgram_qlen), for a receiver that takes them by eight. */
static void divided(const char *at, uint16_t piece) {
    int fd = bound(at, 0, SOCK_DGRAM), sender = CHECK(socket(ip(at, 0).any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    address to = name_of(fd);
    CHECK(fcntl(fd, F_SETFL, O_NONBLOCK));
    CHECK(set_option(fd, IPPROTO_UDP, UDP_SEGMENT, 0));
    CHECK(set_option(fd, IPPROTO_IP, IP_RECVTTL, 1));
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i % piece * 7 + 1);
    const size_t rooms[] = {1452, 2048}, tight[] = {piece, piece}, mixed[] = {1301, 1900};
    send_batch(sender, &to, 8ul * piece, piece);
    divide("the first eight", fd, rooms, 8);
    send_batch(sender, &to, 8ul * piece, piece);
    divide("eight", fd, tight, 8);
    send_batch(sender, &to, 40ul * piece - 3, piece);
    for (int i = 0; i < 5; i++)
        divide("of forty", fd, i < 3 ? rooms : mixed, 8);
    divide("nothing", fd, rooms, 8);
    CHECK(sendto(sender, bytes, 300, 0, &to.any, to.length));
    divide("one alone", fd, rooms, 8);
    CHECK(sendto(sender, bytes, 1700, 0, &to.any, to.length));
    divide("one too long", fd, rooms, 8);
    CHECK(sendto(sender, bytes, 0, 0, &to.any, to.length));
    divide("an empty one", fd, rooms, 8);
    send_batch(sender, &to, 9ul * piece, piece);
    divide("of nine", fd, rooms, 8);
    fact_number("the ninth", recv(fd, got, sizeof got, 0));
    send_batch(sender, &to, 12ul * piece, piece);
    divide("by sixteen", fd, rooms, 16);
    send_batch(sender, &to, 16ul * piece, piece);
    fact_number("by eleven, in all", count_received(fd, 11) + count_received(fd, 11));
    send_batch(sender, &to, 8ul * piece, piece);
    address from = {.length = sizeof from.space};
    fact_number("the first, by a longer buffer", recvfrom(fd, got, 2048, 0, &from.any, &from.length));
    while (recv(fd, got, 2048, 0) >= 0)
        ;
    send_batch(sender, &to, 8ul * piece, piece);
    divide("by three", fd, rooms, 3);
    while (recv(fd, got, 2048, 0) >= 0)
        ;
    divide("nothing more", fd, rooms, 8);
    close(sender);
    close(fd);
}

static void to_nobody(void) {
    int fd = bound("127.0.0.1", 0, SOCK_DGRAM), sender = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    address to = name_of(fd);
    close(fd);
    send_batch(sender, &to, 250, 100);
    CHECK(connect(sender, &to.any, to.length));
    for (int i = 0; i < 3; i++)
        send_batch(sender, NULL, 250, 100);
    close(sender);
}

int main(void) {
    probe_start();
    divided("127.0.0.1", 1252);
    divided("::1", 1300);
    divided("127.0.0.1", 512);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 7 + 1);
    batches("127.0.0.1", false);
    batches("127.0.0.1", true);
    batches("::1", false);
    answers();
    several();
    to_nobody();
}
