/*
 * Pointers with a tag in their highest byte, as memory checkers make them. aarch64's kernel takes them once the program
 * has asked for that (tagged-address-abi.rst); until then, and on other machines, they are EFAULT in all calls.
 */
#include "probe.h"

#include <sys/prctl.h>

#ifndef PR_SET_TAGGED_ADDR_CTRL
#define PR_SET_TAGGED_ADDR_CTRL 55
#endif
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

static volatile uintptr_t tag = (uintptr_t)0x2a << 56;

static void *tagged(const void *pointer) {
    return (void *)((uintptr_t)pointer | tag);
}

struct letter {
    char data[8];
    struct iovec part;
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    struct msghdr header;
};

/* A message of eight bytes with one control message. All pointers to it have a tag. */
static struct msghdr *letter(struct letter *letter, const address *to, const struct cmsghdr *control,
                             const void *value) {
    *letter = (struct letter){.data = "12345678", .part = {tagged(letter->data), 8}};
    letter->header = (struct msghdr){.msg_name = to ? tagged(&to->space) : NULL,
                                     .msg_namelen = to ? to->length : 0,
                                     .msg_iov = tagged(&letter->part),
                                     .msg_iovlen = 1,
                                     .msg_control = tagged(letter->control),
                                     .msg_controllen = control->cmsg_len};
    memcpy(letter->control, control, sizeof *control);
    memcpy(letter->control + CMSG_LEN(0), value, control->cmsg_len - CMSG_LEN(0));
    return tagged(&letter->header);
}

static struct msghdr *empty(struct letter *in) {
    struct cmsghdr room = {.cmsg_len = CMSG_SPACE(sizeof(int))};
    return letter(in, NULL, &room, (char[sizeof in->control]){0});
}

static void streams(void) {
    int server = listening("127.0.0.1", 0), client = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    address to = name_of(server), from = unwritten();
    struct cmsghdr stamps = {.cmsg_len = CMSG_LEN(4), .cmsg_level = SOL_SOCKET, .cmsg_type = SO_TIMESTAMPING};
    struct letter out, in;
    if (!fact_call("connect", connect(client, tagged(&to.any), to.length)))
        CHECK(connect(client, &to.any, to.length));
    int peer = accept(server, tagged(&from.any), tagged(&from.length));
    if (fact_call("accept", peer))
        fact("accept: the peer's address", "%s", ip_text(&from));
    fact_number("sendmsg on a stream", sendmsg(client, letter(&out, NULL, &stamps, &(int){0}), 0));
    fact_number("recvmsg on a stream", recvmsg(peer, empty(&in), MSG_DONTWAIT));
    close(peer);
    close(client);
    close(server);
}

static void datagrams(void) {
    int server = bound("127.0.0.1", 0, SOCK_DGRAM), client = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    address to = name_of(server);
    struct cmsghdr halves = {.cmsg_len = CMSG_LEN(2), .cmsg_level = IPPROTO_UDP, .cmsg_type = UDP_SEGMENT};
    struct letter out, in;
    fact_number("sendto", sendto(client, tagged("four"), 4, 0, tagged(&to.any), to.length));
    fact_number("sendmsg of two datagrams", sendmsg(client, letter(&out, &to, &halves, &(int){4}), 0));
    for (int i = 0; i < 3; i++)
        fact_number("recvmsg", recvmsg(server, empty(&in), MSG_DONTWAIT));
    close(client);
    close(server);
}

static void passed(void) {
    int pair[2], sent = bound("127.0.0.1", 0, SOCK_DGRAM);
    struct cmsghdr rights = {.cmsg_len = CMSG_LEN(4), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    struct letter out, in;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    fact_number("sendmsg of a socket", sendmsg(pair[0], letter(&out, NULL, &rights, &sent), 0));
    fact_number("recvmsg of a socket", recvmsg(pair[1], empty(&in), MSG_DONTWAIT));
    int got;
    memcpy(&got, in.control + CMSG_LEN(0), sizeof got);
    if (got != 0)
        fact_yes("it has the name of the one that was sent", own_port(got) == own_port(sent));
    close(sent);
    close(pair[0]);
    close(pair[1]);
}

static void all(void) {
    streams();
    datagrams();
    passed();
}

int main(void) {
    probe_start();
    all();
    if (prctl(PR_SET_TAGGED_ADDR_CTRL, 1, 0, 0, 0) < 0)
        tag = 0;
    all();
    return 0;
}
