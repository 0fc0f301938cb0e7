/*
 * Memory that a call is given and that is not there, cannot be read or cannot be written: every pointer of every
 * intercepted call, with each kind of such memory, each in a process of its own. The kernel answers EFAULT, or does not
 * look at all.
 */
#include "probe.h"

#include <linux/sockios.h>
#include <net/if.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define PAGE 4096

/* Each process has its own. */
static int server, client, peer, fresh, listener_with_client, waiting;
static int receiver, asker, named, joined, fresh_datagram, informed;
static address at_server, at_receiver;

static void set_up(void) {
    server = listening("127.0.0.1", 0);
    at_server = name_of(server);
    client = connected("127.0.0.1", own_port(server));
    peer = CHECK(accept(server, NULL, NULL));
    CHECK(send(client, "stream", 6, 0));
    listener_with_client = listening("127.0.0.1", 0);
    waiting = connected("127.0.0.1", own_port(listener_with_client));
    fresh = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    receiver = bound("127.0.0.1", 0, SOCK_DGRAM);
    informed = bound("127.0.0.1", 0, SOCK_DGRAM);
    CHECK(set_option(informed, IPPROTO_IP, IP_PKTINFO, 1));
    CHECK(set_option(informed, IPPROTO_IP, IP_RECVTTL, 1));
    at_receiver = name_of(receiver);
    asker = bound("127.0.0.1", 0, SOCK_DGRAM);
    named = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    CHECK(sendto(named, "datagram", 8, 0, &at_receiver.any, at_receiver.length));
    address to = name_of(informed);
    CHECK(sendto(named, "datagram", 8, 0, &to.any, to.length));
    joined = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    CHECK(connect(joined, &at_receiver.any, at_receiver.length));
    fresh_datagram = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
}

/* What is behind the pointer where it can be read. */
static void give_nothing(void *at) {
    memset(at, 0, 1);
}
static void give_server(void *at) {
    memcpy(at, &at_server.v4, sizeof at_server.v4);
}
static void give_receiver(void *at) {
    memcpy(at, &at_receiver.v4, sizeof at_receiver.v4);
}
static void give_free(void *at) {
    address any = ip("127.0.0.1", 0);
    memcpy(at, &any.v4, sizeof any.v4);
}
static void give_16(void *at) {
    memcpy(at, &(socklen_t){16}, 4);
}
static void give_4(void *at) {
    memcpy(at, &(socklen_t){4}, 4);
}
static void give_1(void *at) {
    memcpy(at, &(int){1}, 4);
}
static void give_linger(void *at) {
    memcpy(at, &(struct linger){1, 5}, sizeof(struct linger));
}
static void give_time(void *at) {
    memcpy(at, &(struct timeval){1, 0}, sizeof(struct timeval));
}
static void give_name(void *at) {
    memcpy(at, "cubic", 5);
}
static void give_no_wait(void *at) {
    memset(at, 0, sizeof(struct timespec));
}

static char data[128];
static struct iovec part = {data, 4};

static void give_part(void *at) {
    memcpy(at, &part, sizeof part);
}

static struct msghdr message_to(const address *to) {
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (to != NULL)
        message.msg_name = (void *)&to->any, message.msg_namelen = to->length;
    return message;
}

static void give_message_to_receiver(void *at) {
    struct msghdr message = message_to(&at_receiver);
    memcpy(at, &message, sizeof message);
}

static void give_messages(void *at) {
    struct mmsghdr messages[2] = {{message_to(&at_receiver), 0}, {message_to(&at_receiver), 0}};
    memcpy(at, messages, sizeof messages);
}

static void give_plain_message(void *at) {
    struct msghdr message = message_to(NULL);
    memcpy(at, &message, sizeof message);
}

static void give_plain_messages(void *at) {
    struct mmsghdr messages[2] = {{message_to(NULL), 0}, {message_to(NULL), 0}};
    memcpy(at, messages, sizeof messages);
}

static void give_control(void *at) {
    struct {
        struct cmsghdr header;
        uint16_t size;
        char padding[6];
    } segment = {{CMSG_LEN(2), IPPROTO_UDP, 103}, 2, {0}};
    memcpy(at, &segment, sizeof segment);
}

static void give_event(void *at) {
    memcpy(at, &(struct epoll_event){.events = EPOLLIN, .data.u64 = 7}, sizeof(struct epoll_event));
}
static void give_owner(void *at) {
    memcpy(at, &(struct f_owner_ex){F_OWNER_PID, getpid()}, sizeof(struct f_owner_ex));
}
static void give_interface(void *at) {
    struct ifreq request = {.ifr_ifindex = 1};
    memcpy(at, &request, sizeof request);
}

static socklen_t length_16 = 16;

#define CALL(name, body)                                                                                               \
    static long name(void *p) {                                                                                        \
        return (body);                                                                                                 \
    }
CALL(bind_stream, bind(fresh, p, 16))
CALL(bind_datagram, bind(fresh_datagram, p, 16))
CALL(connect_stream, connect(fresh, p, 16))
CALL(connect_connected, connect(client, p, 16))
CALL(connect_datagram, connect(fresh_datagram, p, 16))
CALL(connect_named, connect(named, p, 16))
CALL(accept_address, accept(listener_with_client, p, &length_16))
CALL(accept_length, accept(listener_with_client, &at_server.any, p))
CALL(accept4_address, accept4(listener_with_client, p, &length_16, SOCK_CLOEXEC))
CALL(accept4_length, accept4(listener_with_client, &at_server.any, p, SOCK_CLOEXEC))
CALL(name_stream, getsockname(client, p, &length_16))
CALL(name_stream_length, getsockname(client, &at_server.any, p))
CALL(name_fresh, getsockname(fresh, p, &length_16))
CALL(name_fresh_length, getsockname(fresh, &at_server.any, p))
CALL(name_receiver, getsockname(receiver, p, &length_16))
CALL(name_receiver_length, getsockname(receiver, &at_server.any, p))
CALL(peer_stream, getpeername(client, p, &length_16))
CALL(peer_stream_length, getpeername(client, &at_server.any, p))
CALL(peer_accepted, getpeername(peer, p, &length_16))
CALL(peer_joined, getpeername(joined, p, &length_16))
CALL(peer_joined_length, getpeername(joined, &at_server.any, p))
CALL(peer_fresh, getpeername(fresh, p, &length_16))
CALL(sendto_data, sendto(named, p, 4, 0, &at_receiver.any, 16))
CALL(sendto_address_fresh, sendto(fresh_datagram, data, 4, 0, p, 16))
CALL(sendto_address_named, sendto(named, data, 4, 0, p, 16))
CALL(sendto_address_bound, sendto(receiver, data, 4, 0, p, 16))
CALL(sendto_address_joined, sendto(joined, data, 4, 0, p, 16))
CALL(sendto_data_stream, sendto(client, p, 4, 0, NULL, 0))
CALL(sendto_address_stream, sendto(client, data, 4, 0, p, 16))
CALL(sendto_fastopen, sendto(fresh, data, 4, MSG_FASTOPEN, p, 16))
CALL(sendmsg_fresh, sendmsg(fresh_datagram, p, 0))
CALL(sendmsg_named, sendmsg(named, p, 0))
CALL(sendmsg_stream, sendmsg(client, p, 0))
CALL(sendmsg_joined, sendmsg(joined, p, 0))
CALL(recvfrom_data, recvfrom(receiver, p, 8, 0, NULL, NULL))
CALL(recvfrom_address, recvfrom(receiver, data, 8, 0, p, &length_16))
CALL(recvfrom_length, recvfrom(receiver, data, 8, 0, &at_server.any, p))
CALL(recvfrom_stream_data, recvfrom(peer, p, 6, 0, NULL, NULL))
CALL(recvfrom_stream_address, recvfrom(peer, data, 6, 0, p, &length_16))
CALL(recvfrom_stream_length, recvfrom(peer, data, 6, 0, &at_server.any, p))
CALL(recvmsg_datagram, recvmsg(receiver, p, 0))
CALL(recvmsg_stream, recvmsg(peer, p, 0))
CALL(recvmsg_fresh, recvmsg(fresh_datagram, p, MSG_DONTWAIT))
CALL(sendmmsg_named, sendmmsg(named, p, 2, 0))
CALL(sendmmsg_fresh, sendmmsg(fresh_datagram, p, 2, 0))
CALL(sendmmsg_stream, sendmmsg(client, p, 2, 0))
CALL(recvmmsg_datagram, recvmmsg(receiver, p, 2, MSG_DONTWAIT, NULL))
CALL(recvmmsg_stream, recvmmsg(peer, p, 2, MSG_DONTWAIT, NULL))
CALL(pair_array, socketpair(AF_UNIX, SOCK_STREAM, 0, p))
CALL(ioctl_readable, ioctl(receiver, FIONREAD, p))
CALL(ioctl_unsent, ioctl(client, SIOCOUTQ, p))
CALL(ioctl_nonblocking, ioctl(client, FIONBIO, p))
CALL(ioctl_interface, ioctl(client, SIOCGIFNAME, p))
CALL(fcntl_get_owner, fcntl(client, F_GETOWN_EX, p))
CALL(fcntl_set_owner, fcntl(client, F_SETOWN_EX, p))

static long recvmmsg_time(void *p) {
    struct mmsghdr messages[1] = {{message_to(NULL), 0}};
    return recvmmsg(receiver, messages, 1, 0, p);
}

static long epoll_event_add(void *p) {
    return epoll_ctl(CHECK(epoll_create1(0)), EPOLL_CTL_ADD, client, p);
}
static long epoll_event_fresh(void *p) {
    return epoll_ctl(CHECK(epoll_create1(0)), EPOLL_CTL_ADD, fresh, p);
}

/* Parts of a message that is there itself. */
static struct msghdr around(void *name, struct iovec *parts, void *control, size_t control_length) {
    struct msghdr message = {.msg_name = name, .msg_namelen = name == NULL ? 0 : 16, .msg_iov = parts, .msg_iovlen = 1};
    message.msg_control = control;
    message.msg_controllen = control_length;
    return message;
}

static long send_parts(int fd, void *name, struct iovec *parts, void *control) {
    struct msghdr message = around(name, parts, control, control == NULL ? 0 : CMSG_SPACE(2));
    return sendmsg(fd, &message, 0);
}

static long receive_parts(int fd, bool has_name, void *name, struct iovec *parts, bool has_control, void *control) {
    struct msghdr message = around(NULL, parts, control, has_control ? 64 : 0);
    message.msg_name = name;
    message.msg_namelen = has_name ? 16 : 0;
    return recvmsg(fd, &message, 0);
}

CALL(sendmsg_name_fresh, send_parts(fresh_datagram, p, &part, NULL))
CALL(sendmsg_name_named, send_parts(named, p, &part, NULL))
CALL(sendmsg_name_stream, send_parts(client, p, &part, NULL))
CALL(sendmsg_parts_fresh, send_parts(fresh_datagram, &at_receiver, p, NULL))
CALL(sendmsg_parts_named, send_parts(named, &at_receiver, p, NULL))
CALL(sendmsg_parts_joined, send_parts(joined, NULL, p, NULL))
CALL(sendmsg_parts_stream, send_parts(client, NULL, p, NULL))
CALL(sendmsg_data, send_parts(named, &at_receiver, &((struct iovec){p, 4}), NULL))
CALL(sendmsg_data_stream, send_parts(client, NULL, &((struct iovec){p, 4}), NULL))
CALL(sendmsg_control_fresh, send_parts(fresh_datagram, &at_receiver, &part, p))
CALL(sendmsg_control_named, send_parts(named, &at_receiver, &part, p))
CALL(recvmsg_name, receive_parts(receiver, true, p, &part, false, NULL))
CALL(recvmsg_name_stream, receive_parts(peer, true, p, &part, false, NULL))
CALL(recvmsg_parts, receive_parts(receiver, false, NULL, p, false, NULL))
CALL(recvmsg_parts_stream, receive_parts(peer, false, NULL, p, false, NULL))
CALL(recvmsg_data, receive_parts(receiver, false, NULL, &((struct iovec){p, 8}), false, NULL))
CALL(recvmsg_control, receive_parts(informed, false, NULL, &part, true, p))
CALL(recvmsg_control_stream, receive_parts(peer, false, NULL, &part, true, p))

struct slot {
    const char *name;
    size_t size;
    void (*give)(void *at);
    long (*call)(void *p);
};

static int *option_socket, option_level, option_name;
static socklen_t option_length;
CALL(get_value, getsockopt(*option_socket, option_level, option_name, p, &option_length))
CALL(get_length, getsockopt(*option_socket, option_level, option_name, data, p))
CALL(set_value, setsockopt(*option_socket, option_level, option_name, p, option_length))

static const struct slot slots[] = {
    {"bind, stream: address", 16, give_free, bind_stream},
    {"bind, datagram: address", 16, give_free, bind_datagram},
    {"connect, stream: address", 16, give_server, connect_stream},
    {"connect, connected: address", 16, give_server, connect_connected},
    {"connect, datagram: address", 16, give_receiver, connect_datagram},
    {"connect, has sent: address", 16, give_receiver, connect_named},
    {"accept: address", 16, give_nothing, accept_address},
    {"accept: length", 4, give_16, accept_length},
    {"accept4: address", 16, give_nothing, accept4_address},
    {"accept4: length", 4, give_16, accept4_length},
    {"getsockname, stream: address", 16, give_nothing, name_stream},
    {"getsockname, stream: length", 4, give_16, name_stream_length},
    {"getsockname, new: address", 16, give_nothing, name_fresh},
    {"getsockname, new: length", 4, give_16, name_fresh_length},
    {"getsockname, datagram: address", 16, give_nothing, name_receiver},
    {"getsockname, datagram: length", 4, give_16, name_receiver_length},
    {"getpeername, stream: address", 16, give_nothing, peer_stream},
    {"getpeername, stream: length", 4, give_16, peer_stream_length},
    {"getpeername, accepted: address", 16, give_nothing, peer_accepted},
    {"getpeername, datagram: address", 16, give_nothing, peer_joined},
    {"getpeername, datagram: length", 4, give_16, peer_joined_length},
    {"getpeername, new: address", 16, give_nothing, peer_fresh},
    {"sendto: data", 4, give_1, sendto_data},
    {"sendto, new: address", 16, give_receiver, sendto_address_fresh},
    {"sendto, has sent: address", 16, give_receiver, sendto_address_named},
    {"sendto, bound: address", 16, give_receiver, sendto_address_bound},
    {"sendto, connected: address", 16, give_receiver, sendto_address_joined},
    {"sendto, stream: data", 4, give_1, sendto_data_stream},
    {"sendto, stream: address", 16, give_server, sendto_address_stream},
    {"sendto, MSG_FASTOPEN: address", 16, give_server, sendto_fastopen},
    {"sendmsg, new: message", sizeof(struct msghdr), give_message_to_receiver, sendmsg_fresh},
    {"sendmsg, has sent: message", sizeof(struct msghdr), give_message_to_receiver, sendmsg_named},
    {"sendmsg, stream: message", sizeof(struct msghdr), give_plain_message, sendmsg_stream},
    {"sendmsg, connected: message", sizeof(struct msghdr), give_plain_message, sendmsg_joined},
    {"sendmsg, new: name", 16, give_receiver, sendmsg_name_fresh},
    {"sendmsg, has sent: name", 16, give_receiver, sendmsg_name_named},
    {"sendmsg, stream: name", 16, give_receiver, sendmsg_name_stream},
    {"sendmsg, new: parts", sizeof(struct iovec), give_part, sendmsg_parts_fresh},
    {"sendmsg, has sent: parts", sizeof(struct iovec), give_part, sendmsg_parts_named},
    {"sendmsg, connected: parts", sizeof(struct iovec), give_part, sendmsg_parts_joined},
    {"sendmsg, stream: parts", sizeof(struct iovec), give_part, sendmsg_parts_stream},
    {"sendmsg: data", 4, give_1, sendmsg_data},
    {"sendmsg, stream: data", 4, give_1, sendmsg_data_stream},
    {"sendmsg, new: control", CMSG_SPACE(2), give_control, sendmsg_control_fresh},
    {"sendmsg, has sent: control", CMSG_SPACE(2), give_control, sendmsg_control_named},
    {"sendmmsg, has sent: messages", 2 * sizeof(struct mmsghdr), give_messages, sendmmsg_named},
    {"sendmmsg, new: messages", 2 * sizeof(struct mmsghdr), give_messages, sendmmsg_fresh},
    {"sendmmsg, stream: messages", 2 * sizeof(struct mmsghdr), give_plain_messages, sendmmsg_stream},
    {"recvfrom: data", 8, give_nothing, recvfrom_data},
    {"recvfrom: address", 16, give_nothing, recvfrom_address},
    {"recvfrom: length", 4, give_16, recvfrom_length},
    {"recvfrom, stream: data", 6, give_nothing, recvfrom_stream_data},
    {"recvfrom, stream: address", 16, give_nothing, recvfrom_stream_address},
    {"recvfrom, stream: length", 4, give_16, recvfrom_stream_length},
    {"recvmsg: message", sizeof(struct msghdr), give_plain_message, recvmsg_datagram},
    {"recvmsg, stream: message", sizeof(struct msghdr), give_plain_message, recvmsg_stream},
    {"recvmsg, new: message", sizeof(struct msghdr), give_plain_message, recvmsg_fresh},
    {"recvmsg: name", 16, give_nothing, recvmsg_name},
    {"recvmsg, stream: name", 16, give_nothing, recvmsg_name_stream},
    {"recvmsg: parts", sizeof(struct iovec), give_part, recvmsg_parts},
    {"recvmsg, stream: parts", sizeof(struct iovec), give_part, recvmsg_parts_stream},
    {"recvmsg: data", 8, give_nothing, recvmsg_data},
    {"recvmsg: control", 64, give_nothing, recvmsg_control},
    {"recvmsg, stream: control", 64, give_nothing, recvmsg_control_stream},
    {"recvmmsg: messages", 2 * sizeof(struct mmsghdr), give_plain_messages, recvmmsg_datagram},
    {"recvmmsg, stream: messages", 2 * sizeof(struct mmsghdr), give_plain_messages, recvmmsg_stream},
    {"recvmmsg: time", sizeof(struct timespec), give_no_wait, recvmmsg_time},
    {"socketpair: array", 8, give_nothing, pair_array},
    {"epoll_ctl, stream: event", sizeof(struct epoll_event), give_event, epoll_event_add},
    {"epoll_ctl, new: event", sizeof(struct epoll_event), give_event, epoll_event_fresh},
    {"ioctl FIONREAD", 4, give_nothing, ioctl_readable},
    {"ioctl SIOCOUTQ", 4, give_nothing, ioctl_unsent},
    {"ioctl FIONBIO", 4, give_1, ioctl_nonblocking},
    {"ioctl SIOCGIFNAME", sizeof(struct ifreq), give_interface, ioctl_interface},
    {"fcntl F_GETOWN_EX", sizeof(struct f_owner_ex), give_nothing, fcntl_get_owner},
    {"fcntl F_SETOWN_EX", sizeof(struct f_owner_ex), give_owner, fcntl_set_owner},
};

enum kind { AT_ZERO, AT_ONE, AT_KERNEL, NO_ACCESS, READ_ONLY, AT_END, CUT, KINDS };
static const char *const kind_names[KINDS] = {"NULL", "1", "kernel's", "no access", "read-only", "at the end", "cut"};

/* Memory of a kind, with what is given in it as far as it can be. The page behind it cannot be accessed. */
static void *memory(enum kind kind, const struct slot *slot) {
    unsigned char given[256] = {0};
    char *pages = mmap(NULL, (size_t)2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        die("mmap");
    slot->give(given);
    memset(pages, 0xee, PAGE);
    CHECK(mprotect(pages + PAGE, PAGE, PROT_NONE));
    char *at = pages + PAGE - slot->size;
    switch (kind) {
    case AT_ZERO:
        return NULL;
    case AT_ONE:
        return (void *)1;
    case AT_KERNEL:
        return (void *)0xffff880000000000;
    case NO_ACCESS:
        CHECK(mprotect(pages, PAGE, PROT_NONE));
        return pages;
    case READ_ONLY:
        memcpy(at, given, slot->size);
        CHECK(mprotect(pages, PAGE, PROT_READ));
        return at;
    case AT_END:
        memcpy(at, given, slot->size);
        return at;
    default:
        at += slot->size / 2;
        memcpy(at, given, slot->size - slot->size / 2);
        return at;
    }
}

static int count_descriptors(void) {
    int count = 0;
    for (int fd = 0; fd < 100; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* What the call says, how many descriptors it made, and what is left to receive. */
static void tell(const struct slot *slot, enum kind kind) {
    char name[120];
    int ends[2];
    CHECK(pipe2(ends, O_CLOEXEC));
    snprintf(name, sizeof name, "%s, %s", slot->name, kind_names[kind]);
    pid_t pid = CHECK(fork());
    if (pid == 0) {
        alarm(PROBE_SECONDS);
        set_up();
        void *volatile at = memory(kind, slot);
        int before = count_descriptors();
        errno = 0;
        long result = slot->call(at);
        int number = errno;
        int left = (ready(listener_with_client, POLLIN, 0) != 0) + 2 * (ready(receiver, POLLIN, 0) != 0) +
                   4 * (ready(informed, POLLIN, 0) != 0) + 8 * (ready(peer, POLLIN, 0) != 0);
        char text[80];
        int length = snprintf(text, sizeof text, "%s, %d more, left %d", result < 0 ? errno_name(number) : "ok",
                              count_descriptors() - before, left);
        CHECK(write(ends[1], text, (size_t)length));
        exit(0);
    }
    close(ends[1]);
    char text[80];
    ssize_t got = CHECK(read(ends[0], text, sizeof text - 1));
    text[got] = '\0';
    close(ends[0]);
    int status = ended(pid);
    if (status == 0)
        fact(name, "%s", text);
    else
        fact(name, "ended by %d", status);
}

/* Getting with a pointer to each, and setting; by the state of the socket. */
static void options(void) {
    static const struct {
        const char *name;
        int *socket, level, option;
        socklen_t length;
        void (*give)(void *at);
    } all[] = {
        {"TCP_NODELAY", &client, IPPROTO_TCP, TCP_NODELAY, 4, give_1},
        {"TCP_NODELAY, new", &fresh, IPPROTO_TCP, TCP_NODELAY, 4, give_1},
        {"TCP_KEEPIDLE", &client, IPPROTO_TCP, TCP_KEEPIDLE, 4, give_1},
        {"TCP_CONGESTION", &client, IPPROTO_TCP, TCP_CONGESTION, 5, give_name},
        {"TCP_INFO", &client, IPPROTO_TCP, TCP_INFO, 104, give_nothing},
        {"TCP_MAXSEG", &client, IPPROTO_TCP, TCP_MAXSEG, 4, give_nothing},
        {"TCP_DEFER_ACCEPT", &client, IPPROTO_TCP, TCP_DEFER_ACCEPT, 4, give_1},
        {"SO_TYPE", &client, SOL_SOCKET, SO_TYPE, 4, give_1},
        {"SO_DOMAIN", &client, SOL_SOCKET, SO_DOMAIN, 4, give_1},
        {"SO_ERROR", &client, SOL_SOCKET, SO_ERROR, 4, give_1},
        {"SO_KEEPALIVE", &client, SOL_SOCKET, SO_KEEPALIVE, 4, give_1},
        {"SO_REUSEPORT", &client, SOL_SOCKET, SO_REUSEPORT, 4, give_1},
        {"SO_LINGER", &client, SOL_SOCKET, SO_LINGER, 8, give_linger},
        {"SO_RCVTIMEO", &client, SOL_SOCKET, SO_RCVTIMEO, 16, give_time},
        {"SO_PEERCRED", &client, SOL_SOCKET, SO_PEERCRED, 12, give_nothing},
        {"SO_SNDTIMEO, datagram", &receiver, SOL_SOCKET, SO_SNDTIMEO, 16, give_time},
        {"SO_SNDBUF, datagram", &receiver, SOL_SOCKET, SO_SNDBUF, 4, give_1},
        {"SO_BROADCAST, datagram", &receiver, SOL_SOCKET, SO_BROADCAST, 4, give_1},
        {"SO_PEEK_OFF, datagram", &receiver, SOL_SOCKET, SO_PEEK_OFF, 4, give_1},
        {"IP_TOS", &client, IPPROTO_IP, IP_TOS, 4, give_4},
        {"IP_PKTINFO, datagram", &receiver, IPPROTO_IP, IP_PKTINFO, 4, give_1},
        {"IP_MTU", &client, IPPROTO_IP, IP_MTU, 4, give_1},
        {"nonsense", &client, IPPROTO_TCP, 9999, 4, give_1},
    };
    static char value[64], length[64], setting[64];
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        snprintf(value, sizeof value, "getsockopt %s: value", all[i].name);
        snprintf(length, sizeof length, "getsockopt %s: length", all[i].name);
        snprintf(setting, sizeof setting, "setsockopt %s: value", all[i].name);
        const struct slot three[] = {
            {value, all[i].length, give_nothing, get_value},
            {length, 4, give_4, get_length},
            {setting, all[i].length, all[i].give, set_value},
        };
        option_level = all[i].level;
        option_name = all[i].option;
        for (int j = 0; j < 3; j++)
            for (int kind = 0; kind < KINDS; kind++) {
                option_length = all[i].length;
                option_socket = all[i].socket;
                tell(&three[j], (enum kind)kind);
            }
    }
}

int main(void) {
    probe_start();
    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++)
        for (int kind = 0; kind < KINDS; kind++)
            tell(&slots[i], (enum kind)kind);
    options();
    return 0;
}
