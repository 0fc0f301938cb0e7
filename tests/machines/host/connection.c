/* The state of a connection, and what each side may still send. */
#include "connection.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int connection_set;
uint64_t connection_cid;

int64_t connection_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static uint32_t room_of_peer(const struct connection *c) {
    return c->peer_room - (c->sent - c->peer_forwarded);
}

/* get_polled_evset, csm/connection.rs */
void connection_watch(struct connection *c) {
    uint32_t events = c->length > 0 ? EPOLLOUT : 0;
    bool still = c->state == KILLED || c->state == LOCAL_CLOSED || (c->state == PEER_CLOSED && c->recv_off);
    bool early = c->state == LOCAL_INIT || c->state == PEER_INIT;
    if (c->state == ASKED || (!still && !early && room_of_peer(c) > 0 && !(c->pending & RW)))
        events |= EPOLLIN;
    if (events == c->events)
        return;
    struct epoll_event event = {.events = events, .data.ptr = c};
    int how = events == 0 ? EPOLL_CTL_DEL : c->events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    epoll_ctl(connection_set, how, c->fd, &event);
    c->events = events;
}

/* kill, csm/connection.rs */
void connection_kill(struct connection *c) {
    c->state = KILLED;
    c->pending |= RST;
    c->length = 0;
}

static void keep(struct connection *c, const uint8_t *bytes, size_t size) {
    if (c->length + size > BUFFER) {
        connection_kill(c);
        return;
    }
    memmove(c->buffer, c->buffer + c->begin, c->length);
    c->begin = 0;
    memcpy(c->buffer + c->length, bytes, size);
    c->length += size;
}

/* send_bytes, csm/connection.rs */
void connection_pass(struct connection *c, const struct packet *packet, const struct iovec *parts, int parts_count) {
    size_t left = packet->len;
    for (int i = 0; i < parts_count && left > 0; i++) {
        size_t size = parts[i].iov_len < left ? parts[i].iov_len : left;
        ssize_t n = c->length > 0 ? 0 : send(c->fd, parts[i].iov_base, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN) {
            connection_kill(c);
            return;
        }
        n = n < 0 ? 0 : n;
        c->forwarded += (uint32_t)n;
        if ((size_t)n < size)
            keep(c, (const uint8_t *)parts[i].iov_base + n, size - (size_t)n);
        left -= size;
    }
    if (BUFFER - (c->forwarded - c->told) < UPDATE_BELOW)
        c->pending |= CREDIT_UPDATE;
}

/* The end of what a guest sends is told to nobody in the host: only when it also reads no more does the connection end
 * (send_pkt, csm/connection.rs). */
void connection_shut(struct connection *c, const struct packet *packet) {
    c->recv_off |= (packet->flags & SHUTDOWN_RCV) != 0;
    c->send_off |= (packet->flags & SHUTDOWN_SEND) != 0;
    bool both = c->recv_off && c->send_off;
    if (both && c->length == 0)
        c->pending |= RST;
    else if (both && c->state == ESTABLISHED)
        c->expiry = connection_now() + SHUTDOWN_TIMEOUT_MS;
    c->state = PEER_CLOSED;
}

/* apply_conn_mutation, unix/muxer.rs */
void connection_establish(struct connection *c) {
    char line[32];
    int length = snprintf(line, sizeof(line), "OK %u\n", c->local_port);
    c->state = ESTABLISHED;
    c->expiry = 0;
    if (send(c->fd, line, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL) != length)
        connection_kill(c);
}

/* The end of what the host sends is the end of the connection, both ways (recv_pkt, csm/connection.rs). */
static bool bring(struct connection *c, struct packet *packet, uint8_t *data, size_t size) {
    if (c->state != ESTABLISHED && !(c->state == PEER_CLOSED && !c->recv_off)) {
        packet->op = OP_RST;
        return true;
    }
    uint32_t room = room_of_peer(c);
    if (room == 0) {
        c->told = c->forwarded;
        packet->op = OP_CREDIT_REQUEST;
        return true;
    }
    ssize_t n = recv(c->fd, data, size < room ? size : room, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN)
        return false;
    packet->op = n > 0 ? OP_RW : n == 0 ? OP_SHUTDOWN : OP_RST;
    if (n > 0) {
        packet->len = (uint32_t)n;
        c->sent += (uint32_t)n;
        c->pending |= RW;
    }
    if (n == 0) {
        packet->flags = SHUTDOWN_RCV | SHUTDOWN_SEND;
        c->state = LOCAL_CLOSED;
        c->expiry = connection_now() + SHUTDOWN_TIMEOUT_MS;
    }
    c->told = c->forwarded;
    return true;
}

/* recv_pkt, csm/connection.rs. Returns whether there is a packet. */
bool connection_fill(struct connection *c, struct packet *packet, uint8_t *data, size_t size) {
    *packet = (struct packet){.src_cid = HOST_CID,
                              .dst_cid = connection_cid,
                              .src_port = c->local_port,
                              .dst_port = c->peer_port,
                              .type = 1,
                              .buf_alloc = BUFFER,
                              .fwd_cnt = c->forwarded};
    if (c->pending & RST) {
        packet->op = OP_RST;
        return true;
    }
    if (c->pending & RESPONSE) {
        c->pending &= ~RESPONSE;
        c->state = ESTABLISHED;
        packet->op = OP_RESPONSE;
        return true;
    }
    if (c->pending & REQUEST) {
        c->pending &= ~REQUEST;
        c->expiry = connection_now() + REQUEST_TIMEOUT_MS;
        packet->op = OP_REQUEST;
        return true;
    }
    if (c->pending & RW) {
        c->pending &= ~RW;
        if (bring(c, packet, data, size))
            return true;
    }
    if (!(c->pending & CREDIT_UPDATE))
        return false;
    c->pending &= ~CREDIT_UPDATE;
    c->told = c->forwarded;
    packet->op = OP_CREDIT_UPDATE;
    return true;
}

/* notify, csm/connection.rs */
void connection_event(struct connection *c, uint32_t events) {
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        c->pending |= c->events & EPOLLIN ? RW : 0;
    if ((events & EPOLLOUT) && c->length > 0) {
        ssize_t n = send(c->fd, c->buffer + c->begin, c->length, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN)
            connection_kill(c);
        n = n < 0 ? 0 : n;
        c->begin += (size_t)n;
        c->length -= n > 0 ? (size_t)n : 0;
        c->forwarded += (uint32_t)n;
        if (c->state == PEER_CLOSED && c->recv_off && c->send_off && c->length == 0)
            c->pending |= RST;
        else if (BUFFER - (c->forwarded - c->told) < UPDATE_BELOW)
            c->pending |= CREDIT_UPDATE;
    }
    connection_watch(c);
}
