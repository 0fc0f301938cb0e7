/* Addresses of every length from 0 to 200, at the end of a mapped page, through every call that takes or gives them. */
#include "edges.h"

enum giving { BIND, CONNECT, SENDTO, SENDMSG, GIVINGS };
static const char *const giving_names[GIVINGS] = {"bind", "connect", "sendto", "sendmsg"};

static long give(enum giving call, int fd, void *at, int length) {
    struct iovec part = {"x", 1};
    struct msghdr message = {.msg_name = at, .msg_namelen = (socklen_t)length, .msg_iov = &part, .msg_iovlen = 1};
    switch (call) {
    case BIND:
        return bind(fd, at, (socklen_t)length);
    case CONNECT:
        return connect(fd, at, (socklen_t)length);
    case SENDTO:
        return sendto(fd, "x", 1, MSG_NOSIGNAL, at, (socklen_t)length);
    default:
        return sendmsg(fd, &message, MSG_NOSIGNAL);
    }
}

static address target(enum giving call, int family, int type) {
    address to = ip(family == AF_INET6 ? "::1" : "127.0.0.1", 0);
    if (call != BIND && type == SOCK_STREAM)
        to = name_of(family == AF_INET6 ? server6 : server4);
    if (call != BIND && type == SOCK_DGRAM)
        to = name_of(family == AF_INET6 ? receiver6 : receiver4);
    to.any.sa_family = (sa_family_t)family;
    return to;
}

enum state { NEW, BOUND, JOINED, STATES };
static const char *const state_names[STATES] = {"new", "bound", "connected"};

static int socket_in(int domain, int type, enum state state) {
    int fd =
        state == BOUND ? edges_bound(domain == AF_INET ? "127.0.0.1" : "::1", type) : CHECK(socket(domain, type, 0));
    address to = target(CONNECT, domain, type);
    if (state == JOINED)
        CHECK(connect(fd, &to.any, to.length));
    return fd;
}

static void tidy(void) {
    drain(receiver4);
    drain(receiver6);
    while (ready(server4, POLLIN, 0) != 0)
        close(CHECK(accept(server4, NULL, NULL)));
    while (ready(server6, POLLIN, 0) != 0)
        close(CHECK(accept(server6, NULL, NULL)));
}

static void giving(enum giving call, int domain, int type, enum state state, int family) {
    char name[80];
    address to = target(call, family, type);
    snprintf(name, sizeof name, "%s %s, IPv%d %s, family %d", giving_names[call], state_names[state],
             domain == AF_INET ? 4 : 6, type == SOCK_STREAM ? "stream" : "datagram", family);
    int fd = -1;
    alarm(PROBE_SECONDS);
    for (int length = 0; length <= MOST; length++) {
        /* All lengths on a new socket; on others those near the sizes of addresses, and some. */
        if (state != NEW && length > 40 && length < MOST && (length < 124 || length > 132))
            continue;
        /* A call that fails changes nothing. */
        if (fd < 0)
            fd = socket_in(domain, type, state);
        unsigned char *at = space(length);
        memset(at, 0, (size_t)length);
        memcpy(at, &to.any, (size_t)length < sizeof to.v6 ? (size_t)length : sizeof to.v6);
        long result = give(call, fd, at, length);
        outcome(name, length, "%s", said(result));
        if (result >= 0 || length == MOST) {
            close(fd);
            fd = -1;
        }
        if (result >= 0)
            tidy();
    }
    end_row();
    tidy();
}

static void given(void) {
    static const int families[] = {AF_UNSPEC, AF_UNIX, AF_INET, AF_INET6, 99};
    for (int call = 0; call < GIVINGS; call++)
        for (int domain = 0; domain < 2; domain++)
            for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++)
                for (int state = 0; state < STATES; state++)
                    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
                        giving((enum giving)call, domain == 0 ? AF_INET : AF_INET6, type, (enum state)state,
                               families[i]);
}

enum telling { GETSOCKNAME, GETPEERNAME, ACCEPT, ACCEPT4, RECVFROM, RECVMSG, TELLINGS };
static const char *const telling_names[TELLINGS] = {"getsockname", "getpeername", "accept",
                                                    "accept4",     "recvfrom",    "recvmsg"};

static long tell(enum telling call, bool v6, bool stream, void *at, socklen_t *length) {
    char data[16];
    struct iovec part = {data, sizeof data};
    struct msghdr message = {.msg_name = at, .msg_namelen = *length, .msg_iov = &part, .msg_iovlen = 1};
    int fd = stream ? (v6 ? peer6 : peer4) : (v6 ? receiver6 : receiver4);
    if (!stream && call == GETPEERNAME)
        fd = v6 ? asker6 : asker4;
    long result;
    switch (call) {
    case GETSOCKNAME:
        return getsockname(fd, at, length);
    case GETPEERNAME:
        return getpeername(fd, at, length);
    case ACCEPT:
    case ACCEPT4:
        fd = v6 ? server6 : server4;
        result = call == ACCEPT ? accept(fd, at, length) : accept4(fd, at, length, SOCK_CLOEXEC);
        if (result >= 0)
            close((int)result);
        return result >= 0 ? 0 : -1;
    case RECVFROM:
        return recvfrom(fd, data, sizeof data, 0, at, length);
    default:
        result = recvmsg(fd, &message, 0);
        *length = message.msg_namelen;
        return result;
    }
}

static void told_one(enum telling call, bool v6, bool stream) {
    char name[80];
    snprintf(name, sizeof name, "%s, IPv%d %s", telling_names[call], v6 ? 6 : 4, stream ? "stream" : "datagram");
    for (int given = 0; given <= MOST; given++) {
        int fd = -1;
        if (call == ACCEPT || call == ACCEPT4)
            fd = connected(v6 ? "::1" : "127.0.0.1", own_port(v6 ? server6 : server4));
        if (call == RECVFROM || call == RECVMSG)
            send_byte(stream ? (v6 ? client6 : client4) : (v6 ? asker6 : asker4));
        address whole = unwritten();
        if (fd >= 0)
            whole = name_of(fd);
        else if (call == GETPEERNAME)
            whole = stream ? name_of(v6 ? client6 : client4) : name_of(v6 ? receiver6 : receiver4);
        else if (call == GETSOCKNAME)
            whole = stream ? name_of(v6 ? server6 : server4) : name_of(v6 ? receiver6 : receiver4);
        else
            whole = name_of(v6 ? asker6 : asker4);
        unsigned char *at = space(given);
        socklen_t length = (socklen_t)given;
        long result = tell(call, v6, stream, at, &length);
        int count = written(given);
        /* All that there is, the padding of an IPv4 address too; what it ends with may look untouched. */
        int all = result < 0 || (stream && call >= RECVFROM) ? 0 : v6 ? 28 : 16;
        int due = given < all ? given : all;
        bool right = count <= due && memcmp(at, &whole.any, (size_t)due) == 0;
        outcome(name, given, "%s, length now %u, %s", said(result), (unsigned)length,
                right ? "as it should be" : "wrong");
        if (fd >= 0)
            close(fd);
    }
    end_row();
}

static void told(void) {
    for (int call = 0; call < TELLINGS; call++)
        for (int v6 = 0; v6 < 2; v6++) {
            told_one((enum telling)call, v6, true);
            if (call != ACCEPT && call != ACCEPT4)
                told_one((enum telling)call, v6, false);
        }
}

int main(void) {
    edges_start();
    told();
    given();
    return 0;
}
