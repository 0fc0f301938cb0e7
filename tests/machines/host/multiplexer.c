/*
 * A guest's vsock as Firecracker shows it to the host: one Unix socket for connections to the guest, one for each port
 * that the guest connects to. Its rules are those of Firecracker's src/vmm/src/devices/virtio/vsock; comments below
 * name the function of that source for each rule. No code is copied from it.
 *
 *   multiplexer VHOST_USER_SOCKET UDS_PATH CID
 */
#include "connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECTIONS_MOST 1023 /* MAX_CONNECTIONS, unix/mod.rs */
#define LINE_MOST 32          /* read_local_stream_port, unix/muxer.rs */
#define LINE_LEAST 10         /* the same */
#define EVENTS 64

static struct connection *connections;
static unsigned count;
static const char *path;
static int listener;
static uint32_t last_port = (1u << 30) - 1;

/* Refusals that belong to no connection: enq_rst, unix/muxer.rs. */
static struct {
    uint32_t local_port, peer_port;
} refusals[256];
static unsigned refusal_count;

/* Freed later: an event of it may be among those at hand. */
static void drop(struct connection *c) {
    if (c->gone)
        return;
    close(c->fd);
    c->gone = true;
    count -= c->state != ASKED;
}

static void bury(void) {
    for (struct connection **link = &connections; *link;) {
        struct connection *c = *link;
        if (c->gone) {
            *link = c->next;
            free(c);
        } else {
            link = &c->next;
        }
    }
}

/* sweep_killq, unix/muxer.rs: only when another connection is added does anybody look whose time is up. */
static void sweep(void) {
    for (struct connection *c = connections; c; c = c->next)
        if (!c->gone && c->expiry != 0 && c->expiry <= connection_now())
            connection_kill(c);
}

static struct connection *new_connection(int fd, enum state state) {
    struct connection *c = calloc(1, sizeof(*c));
    if (!c)
        fail("memory");
    *c = (struct connection){.next = connections, .fd = fd, .state = state};
    connections = c;
    return c;
}

static void refuse(uint32_t local_port, uint32_t peer_port) {
    if (refusal_count < sizeof(refusals) / sizeof(refusals[0])) {
        refusals[refusal_count].local_port = local_port;
        refusals[refusal_count++].peer_port = peer_port;
    }
}

/* handle_peer_request_pkt, unix/muxer.rs: the connect waits, as there; who is not there is a reset. */
static void connect_to_host(const struct packet *packet) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof(name.sun_path), "%s_%u", path, packet->dst_port);
    sweep();
    int fd = count < CONNECTIONS_MOST ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&name, sizeof(name)) != 0) {
        close(fd);
        refuse(packet->dst_port, packet->src_port);
        return;
    }
    struct connection *c = new_connection(fd, PEER_INIT);
    count++;
    c->local_port = packet->dst_port;
    c->peer_port = packet->src_port;
    c->peer_room = packet->buf_alloc;
    c->pending = RESPONSE;
}

/* send_pkt, unix/muxer.rs and csm/connection.rs */
static void take_packet(const struct packet *packet, const struct iovec *parts, int parts_count) {
    struct connection *c = connections;
    if (packet->dst_cid != HOST_CID)
        return;
    while (c && (c->gone || c->state == ASKED || c->local_port != packet->dst_port || c->peer_port != packet->src_port))
        c = c->next;
    if (!c && packet->op == OP_REQUEST)
        connect_to_host(packet);
    else if (!c && packet->op != OP_RST)
        refuse(packet->dst_port, packet->src_port);
    if (!c)
        return;
    bool sends = c->state == ESTABLISHED || (c->state == PEER_CLOSED && !c->send_off);
    c->peer_room = packet->buf_alloc;
    c->peer_forwarded = packet->fwd_cnt;
    if (packet->op == OP_RST)
        return drop(c);
    if (packet->op == OP_RW && sends)
        connection_pass(c, packet, parts, parts_count);
    else if (packet->op == OP_RESPONSE && c->state == LOCAL_INIT)
        connection_establish(c);
    else if (packet->op == OP_SHUTDOWN && (c->state == ESTABLISHED || c->state == PEER_CLOSED))
        connection_shut(c, packet);
    else if (packet->op == OP_CREDIT_REQUEST && (sends || c->state == PEER_INIT))
        c->pending |= CREDIT_UPDATE;
    connection_watch(c);
}

/* recv_pkt, unix/muxer.rs */
static void deliver(void) {
    uint8_t *data;
    size_t size;
    struct packet *packet;
    while (refusal_count > 0 && (packet = device_room(&data, &size))) {
        refusal_count--;
        *packet = (struct packet){.src_cid = HOST_CID,
                                  .dst_cid = connection_cid,
                                  .type = 1,
                                  .op = OP_RST,
                                  .src_port = refusals[refusal_count].local_port,
                                  .dst_port = refusals[refusal_count].peer_port};
        device_receive(0);
    }
    for (struct connection *c = connections; c; c = c->next) {
        while (!c->gone && c->pending != 0 && (packet = device_room(&data, &size))) {
            if (!connection_fill(c, packet, data, size))
                break;
            device_receive(packet->len);
            if (packet->op == OP_RST)
                drop(c);
        }
        if (!c->gone)
            connection_watch(c);
    }
    device_signal();
    bury();
}

/* read_local_stream_port, unix/muxer.rs: the whole line is there, or the connection is over. */
static void read_request(struct connection *c) {
    char line[LINE_MOST + 1] = "", *end = NULL;
    ssize_t length = recv(c->fd, line, LINE_LEAST, MSG_DONTWAIT);
    while (length >= LINE_LEAST && length < LINE_MOST && line[length - 1] != '\n' &&
           recv(c->fd, line + length, 1, MSG_DONTWAIT) == 1)
        length++;
    unsigned long port = length >= LINE_LEAST ? strtoul(line + 8, &end, 10) : 0;
    sweep();
    if (length < LINE_LEAST || strncasecmp(line, "connect ", 8) != 0 || *end != '\n' || port > UINT32_MAX ||
        count >= CONNECTIONS_MOST) {
        drop(c);
        return;
    }
    c->state = LOCAL_INIT;
    count++;
    c->local_port = last_port = ((last_port + 1) & ~(1u << 31)) | (1u << 30);
    c->peer_port = (uint32_t)port;
    c->pending = REQUEST;
    connection_watch(c);
}

/* handle_event, unix/muxer.rs */
static void take_event(struct connection *c, uint32_t events) {
    if (!c->gone && c->state == ASKED)
        read_request(c);
    else if (!c->gone)
        connection_event(c, events);
}

/* handle_event, unix/muxer.rs */
static void accept_host(void) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0 && count == CONNECTIONS_MOST)
        close(fd);
    else if (fd >= 0)
        connection_watch(new_connection(fd, ASKED));
}

static void listen_for_host(void) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    strncpy(name.sun_path, path, sizeof(name.sun_path) - 1);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&name, sizeof(name)) != 0 || listen(listener, 128) != 0)
        fail(path);
}

static void watch_fd(int fd, void *what) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
    if (fd >= 0 && epoll_ctl(connection_set, EPOLL_CTL_ADD, fd, &event) != 0 && errno != EEXIST)
        fail("epoll_ctl");
}

static void take_packets(void) {
    struct packet packet;
    struct iovec parts[PARTS_MOST];
    int parts_count;
    while (device_sent(&packet, parts, &parts_count)) {
        take_packet(&packet, parts, parts_count);
        device_sent_done();
    }
}

static void clear(int fd) {
    uint64_t number;
    if (read(fd, &number, sizeof(number)) < 0 && errno != EAGAIN)
        fail("the guest's signal");
}

int main(int argc, char **argv) {
    static char of_guest, of_sent, of_room, of_host;
    if (argc != 4) {
        errno = EINVAL;
        fail("usage: multiplexer VHOST_USER_SOCKET UDS_PATH CID");
    }
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    path = argv[2];
    connection_cid = strtoull(argv[3], NULL, 10);
    connection_set = epoll_create1(EPOLL_CLOEXEC);
    listen_for_host();
    int guest = device_open(argv[1], connection_cid);
    watch_fd(guest, &of_guest);
    watch_fd(listener, &of_host);
    for (;;) {
        struct epoll_event events[EVENTS];
        int n = epoll_wait(connection_set, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            void *what = events[i].data.ptr;
            if (what == &of_guest && !device_message(guest))
                return 0;
            if (what == &of_guest) {
                watch_fd(device_sent_fd(), &of_sent);
                watch_fd(device_can_receive_fd(), &of_room);
            } else if (what == &of_sent) {
                clear(device_sent_fd());
            } else if (what == &of_room) {
                clear(device_can_receive_fd());
            } else if (what == &of_host) {
                accept_host();
            } else {
                take_event(what, events[i].events);
            }
        }
        take_packets();
        deliver();
    }
}
