/* MSG_ERRQUEUE: the error queue is always empty, even if data wait to be read. */
#include "probe.h"

static char data[16];

static void tell(const char *who, const char *call, long result) {
    char name[64];
    snprintf(name, sizeof name, "%s, %s", who, call);
    fact_number(name, result);
}

static void ask(const char *who, int fd, int more) {
    struct iovec part = {data, sizeof data};
    char control[64];
    address from = unwritten();
    int flags = MSG_ERRQUEUE | more;
    struct msghdr message = {.msg_name = &from.any,
                             .msg_namelen = sizeof from.space,
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    struct mmsghdr several[2] = {{.msg_hdr = message}, {.msg_hdr = message}};
    tell(who, "recv", recv(fd, data, sizeof data, flags));
    tell(who, "recv of nothing", recv(fd, data, 0, flags));
    tell(who, "recvfrom", recvfrom(fd, data, sizeof data, flags, NULL, NULL));
    tell(who, "recvfrom with address", recvfrom(fd, data, sizeof data, flags, &from.any, &from.length));
    tell(who, "recvmsg", recvmsg(fd, &message, flags));
    tell(who, "recvmmsg", recvmmsg(fd, several, 2, flags, NULL));
}

static void all(const char *who, int fd) {
    char name[64];
    snprintf(name, sizeof name, "%s, waiting", who);
    ask(name, fd, 0);
    snprintf(name, sizeof name, "%s, not waiting", who);
    ask(name, fd, MSG_DONTWAIT);
    snprintf(name, sizeof name, "%s, peeking", who);
    ask(name, fd, MSG_PEEK);
}

/* A received descriptor, of which nothing is known yet. */
static int passed(int fd) {
    int pair[2], got;
    char control[CMSG_SPACE(sizeof fd)] = {0}, byte = 'x';
    struct iovec part = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    CHECK(sendmsg(pair[0], &message, 0));
    CHECK(recvmsg(pair[1], &message, 0));
    memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof got);
    close(pair[0]);
    close(pair[1]);
    return got;
}

static void streams(const char *where) {
    int server = listening(where, 0), fd = connected(where, own_port(server)), peer = CHECK(accept(server, NULL, NULL));
    all("stream", fd);
    CHECK(send(peer, "hello", 5, 0));
    ready(fd, POLLIN, 5000);
    all("stream with data", fd);
    int other = passed(fd);
    ask("received stream", other, 0);
    close(other);
    fact_number("its data are still there", read(fd, data, sizeof data));
    close(peer);
    ready(fd, POLLIN, 5000);
    all("ended stream", fd);
    close(fd);
    all("listener", server);
    close(server);
    fd = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    all("new stream", fd);
    close(fd);
}

static void datagrams(const char *where) {
    int fd = bound(where, 0, SOCK_DGRAM), other = bound(where, 0, SOCK_DGRAM);
    all("datagrams", fd);
    address at = name_of(fd);
    CHECK(connect(other, &at.any, at.length));
    CHECK(send(other, "hello", 5, 0));
    ready(fd, POLLIN, 5000);
    all("datagrams with one", fd);
    int got = passed(fd);
    ask("received datagrams", got, 0);
    close(got);
    fact_number("it is still there", recv(fd, data, sizeof data, 0));
    all("connected datagrams", other);
    close(fd);
    close(other);
}

int main(void) {
    probe_start();
    streams("127.0.0.1");
    streams("::1");
    datagrams("127.0.0.1");
    datagrams("::1");
    int pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    CHECK(send(pair[0], "hello", 5, 0));
    fact_number("a Unix socket has no such queue", recv(pair[1], data, sizeof data, MSG_ERRQUEUE));
}
