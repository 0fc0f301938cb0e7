/* Address buffers that are too short, empty, NULL or without a length, in every call that fills one. */
#include "probe.h"

static int server, client, peer, receiver, sender;
static address sender_name;

enum call { ACCEPT, ACCEPT4, GETSOCKNAME, GETPEERNAME, RECVFROM, RECVMSG, RECVFROM_STREAM, CALLS };
static const char *const call_names[CALLS] = {"accept",   "accept4", "getsockname",         "getpeername",
                                              "recvfrom", "recvmsg", "recvfrom on a stream"};

/* Makes sure that the call has something to return. */
static void prepare(enum call call, int *extra) {
    *extra = -1;
    if (call == ACCEPT || call == ACCEPT4)
        *extra = connected("127.0.0.1", own_port(server));
    if (call == RECVFROM || call == RECVMSG) {
        address to = name_of(receiver);
        CHECK(sendto(sender, "datagram", 8, 0, &to.any, to.length));
    }
    if (call == RECVFROM_STREAM)
        send_byte(client);
}

static long perform(enum call call, struct sockaddr *space, socklen_t *length) {
    char data[16];
    struct iovec part = {data, sizeof data};
    struct msghdr message = {
        .msg_name = space, .msg_namelen = length == NULL ? 0 : *length, .msg_iov = &part, .msg_iovlen = 1};
    long result;
    switch (call) {
    case ACCEPT:
        result = accept(server, space, length);
        break;
    case ACCEPT4:
        result = accept4(server, space, length, 0);
        break;
    case GETSOCKNAME:
        return getsockname(client, space, length);
    case GETPEERNAME:
        return getpeername(client, space, length);
    case RECVFROM:
        return recvfrom(receiver, data, sizeof data, 0, space, length);
    case RECVFROM_STREAM:
        return recvfrom(peer, data, sizeof data, 0, space, length);
    default:
        result = recvmsg(receiver, &message, 0);
        if (length != NULL)
            *length = message.msg_namelen;
        return result;
    }
    if (result >= 0)
        close((int)result);
    return result >= 0 ? 0 : -1;
}

/* After a call that failed, what it should have taken away may still be there. */
static void drain(enum call call, int extra) {
    char data[16];
    if (extra >= 0)
        close(extra);
    if (call == ACCEPT || call == ACCEPT4)
        while (ready(server, POLLIN, 0) != 0)
            close(CHECK(accept(server, NULL, NULL)));
    if (call == RECVFROM || call == RECVMSG)
        while (recv(receiver, data, sizeof data, MSG_DONTWAIT) >= 0) {
        }
    if (call == RECVFROM_STREAM)
        while (recv(peer, data, sizeof data, MSG_DONTWAIT) > 0) {
        }
}

static void with_length(enum call call, int given) {
    unsigned char space[128];
    char text[80];
    int extra;
    memset(space, 0xee, sizeof space);
    prepare(call, &extra);
    socklen_t length = (socklen_t)given;
    long result = perform(call, (struct sockaddr *)space, &length);
    int number = errno;
    size_t touched = sizeof space;
    while (touched > 0 && space[touched - 1] == 0xee)
        touched--;
    snprintf(text, sizeof text, "%s, length %d", call_names[call], given);
    if (result < 0)
        fact(text, "%s, length now %d, wrote %zu", errno_name(number), (int)length, touched);
    else
        fact(text, "%ld, length now %d, wrote %s", result, (int)length,
             touched == 0               ? "nothing"
             : touched <= (size_t)given ? "within the buffer"
                                        : "beyond the buffer");
    if (result >= 0 && given >= 4 && length != 0) {
        struct sockaddr_in whole;
        memcpy(&whole, space, sizeof whole);
        snprintf(text, sizeof text, "%s, length %d: family and port right", call_names[call], given);
        int expected = call == GETPEERNAME ? own_port(server) : call == GETSOCKNAME ? own_port(client) : -1;
        if (call == RECVFROM || call == RECVMSG)
            expected = port_of(&sender_name);
        fact_yes(text, whole.sin_family == AF_INET && (expected < 0 || ntohs(whole.sin_port) == expected));
    }
    drain(call, extra);
}

static void with_pointers(enum call call, const char *what, bool space_there, bool length_there) {
    address space = unwritten();
    char text[80];
    int extra;
    prepare(call, &extra);
    snprintf(text, sizeof text, "%s, %s", call_names[call], what);
    errno = 0;
    fact_number(text, perform(call, space_there ? &space.any : NULL, length_there ? &space.length : NULL));
    drain(call, extra);
}

/* A length of 0 asks for the length alone: then the address is not looked at. */
static void names_without_room(void) {
    socklen_t length = 0;
    fact_call("getsockname, no address, length 0", getsockname(client, NULL, &length));
    fact("getsockname, length", "%u", (unsigned)length);
    length = 0;
    fact_call("getpeername, no address, length 0", getpeername(client, NULL, &length));
    fact("getpeername, length", "%u", (unsigned)length);
}

int main(void) {
    probe_start();
    server = listening("127.0.0.1", 0);
    client = connected("127.0.0.1", own_port(server));
    peer = CHECK(accept(server, NULL, NULL));
    receiver = bound("127.0.0.1", 0, SOCK_DGRAM);
    sender = bound("127.0.0.1", 0, SOCK_DGRAM);
    sender_name = name_of(sender);
    static const int lengths[] = {0, 1, 2, 4, 8, 15, 16, 17, 28, 128, -1};
    for (int call = ACCEPT; call < CALLS; call++) {
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
            if (!(call == RECVMSG && lengths[i] < 0))
                with_length((enum call)call, lengths[i]);
        if (call != GETSOCKNAME && call != GETPEERNAME) {
            with_pointers((enum call)call, "no address, no length", false, false);
            with_pointers((enum call)call, "no address, a length", false, true);
        }
        if (call != RECVMSG)
            with_pointers((enum call)call, "an address, no length", true, false);
    }
    names_without_room();
    return 0;
}
