/* One connection of a guest's vsock and its stream in the host, as Firecracker's csm/connection.rs has it. */
#ifndef CONNECTION_H
#define CONNECTION_H

#include "device.h"

#include <stdbool.h>
#include <stdint.h>

#define HOST_CID 2
#define BUFFER 65536             /* CONN_TX_BUF_SIZE, csm/mod.rs */
#define UPDATE_BELOW 4096        /* CONN_CREDIT_UPDATE_THRESHOLD, csm/mod.rs */
#define REQUEST_TIMEOUT_MS 2000  /* CONN_REQUEST_TIMEOUT_MS, csm/mod.rs */
#define SHUTDOWN_TIMEOUT_MS 2000 /* CONN_SHUTDOWN_TIMEOUT_MS, csm/mod.rs */

/* ConnState, csm/mod.rs */
enum state { ASKED, LOCAL_INIT, PEER_INIT, ESTABLISHED, LOCAL_CLOSED, PEER_CLOSED, KILLED };

/* PendingRx, csm/mod.rs */
enum { REQUEST = 1, RESPONSE = 2, RST = 4, RW = 8, CREDIT_UPDATE = 16 };

struct connection {
    struct connection *next;
    int fd;
    enum state state;
    bool recv_off, send_off, gone;
    uint32_t local_port, peer_port, events;
    unsigned pending;
    int64_t expiry; /* 0: none */
    uint32_t forwarded, told, peer_room, peer_forwarded, sent;
    size_t begin, length; /* of the buffer: what the host has not taken yet */
    uint8_t buffer[BUFFER];
};

extern int connection_set;      /* the epoll set */
extern uint64_t connection_cid; /* the guest's */

int64_t connection_now(void);

/* Asks the epoll set for what the connection waits for. */
void connection_watch(struct connection *c);

/* Handles events of its stream. */
void connection_event(struct connection *c, uint32_t events);

/* It is over: the guest will be told by a reset. */
void connection_kill(struct connection *c);

/* Handle a packet of the guest: data, a shutdown, the answer to a request. */
void connection_pass(struct connection *c, const struct packet *packet, const struct iovec *parts, int parts_count);
void connection_shut(struct connection *c, const struct packet *packet);
void connection_establish(struct connection *c);

/* The next packet for the guest; `data` has room for `size` bytes. Returns whether there is one. */
bool connection_fill(struct connection *c, struct packet *packet, uint8_t *data, size_t size);

#endif
