/* One client of a server that the test has started. Arguments: `stream` or `datagram`, the address, the port. */
#include "probe.h"

int main(int count, char **arguments) {
    if (count != 4)
        return 1;
    probe_start();
    bool stream = strcmp(arguments[1], "stream") == 0;
    address to = ip(arguments[2], atoi(arguments[3]));
    int fd = socket(to.any.sa_family, stream ? SOCK_STREAM : SOCK_DGRAM, 0);
    if (!fact_call("socket", fd))
        return 0;
    if (!stream) {
        fact_call("sendto", sendto(fd, "x", 1, 0, &to.any, to.length));
        struct iovec part = {"x", 1};
        struct msghdr message = {.msg_name = &to.any, .msg_namelen = to.length, .msg_iov = &part, .msg_iovlen = 1};
        fact_call("sendmsg", sendmsg(fd, &message, 0));
    }
    if (!fact_call("connect", connect(fd, &to.any, to.length)))
        return 0;
    address own = name_of(fd), peer = peer_of(fd);
    fact("own address", "%s", ip_text(&own));
    fact("own port", "%d", port_of(&own));
    fact("peer", "%s %d", ip_text(&peer), port_of(&peer));
    char byte;
    if (stream)
        fact_number("read", read(fd, &byte, 1));
    return 0;
}
