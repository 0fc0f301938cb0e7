/* The command `expose`: forwards ports of the real network to servers in the directory, or, with --in, the reverse. */
#ifndef UNSOCK_PROGRAM_EXPOSE_H
#define UNSOCK_PROGRAM_EXPOSE_H

#include "memory/epoll_memory.h"
#include "program/options.h"
#include "unsock.h"

/* expose_ports.c: The state that all files of `expose` share, and the ports. */

extern struct unsock_expose {
    struct unsock_run_directory directory;
    struct unsock_text *error;
    const char *control;      /* --control: listens at this control file's target; NULL: at `address` */
    struct unsock_ip address; /* of the real network */
    bool is_in;               /* --in: forwards from the directory to the real network */
    bool is_all;              /* --all: exposes every port that has a server in the directory */
    bool until_eof;           /* --until-eof: ends when standard input ends */
    int64_t idle;             /* milliseconds after which an idle UDP session ends */
    long set, signals;        /* the epoll set and the signalfd */
} unsock_expose;

/* The source of an event, in the upper half of the event's data. The lower half is a descriptor or number. */
enum unsock_expose_kind {
    UNSOCK_EXPOSE_JOINED, /* a connection of connection_pair.c, by descriptor */
    UNSOCK_EXPOSE_SIGNALS,
    UNSOCK_EXPOSE_CHANGES, /* of the directory, by inotify */
    UNSOCK_EXPOSE_PORT,    /* a port, by number */
    UNSOCK_EXPOSE_SESSION, /* a UDP session, by number */
    UNSOCK_EXPOSE_ASKED,   /* a connection to a multiplexer (calls/firecracker.c), by descriptor */
    UNSOCK_EXPOSE_INPUT,   /* standard input, for --until-eof */
};

static inline void unsock_expose_watch(int operation, long fd, uint32_t events, enum unsock_expose_kind kind,
                                       unsigned number) {
    struct unsock_epoll_event event = {events, (uint64_t)kind << 32 | number};
    unsock_epoll_ctl(unsock_expose.set, operation, fd, &event);
}

struct unsock_expose_port {
    int fd;                   /* 0: closed; another port may reuse this element */
    uint32_t life;            /* counts the ports that have used this element */
    struct unsock_ip address; /* of the real network */
    uint16_t port;            /* in the directory */
    int type;                 /* SOCK_STREAM or SOCK_DGRAM */
    bool stays;               /* the user named it: --all does not close it */
    struct sockaddr_un file;
    /* UDP: the datagram in `buffer`, if the server's full queue has refused it. */
    unsigned held_session;
    uint32_t held_size;
    int64_t held_until; /* 0: nothing is held */
    uint8_t *buffer;
};

/* True if the port that had this `life` is still open. A port that reuses the element has another `life`. */
static inline bool unsock_expose_is_open(const struct unsock_expose_port *port, uint32_t life) {
    return port->fd > 0 && port->life == life;
}

bool unsock_expose_ports_start(void);

/* Opens port `real` of the real network for the directory's `port`; with --in, the directory's `port` for `real`.
 * Prints a line (unsock_expose_tell). Returns the number for unsock_expose_port_at, or -errno with `error`. */
long unsock_expose_open(uint16_t port, uint16_t real, int type, struct unsock_text *error);

/* Closes the port. With --in, also removes its socket file, unless another socket has taken the file's name. */
void unsock_expose_close(struct unsock_expose_port *port);

/* Returns the port of this number, open or closed; NULL if no port has had this number. */
struct unsock_expose_port *unsock_expose_port_at(unsigned number);

/* Prints "ADDRESS[/udp] WORDS FILE" on standard output; with --control, ADDRESS is the control file's path. */
void unsock_expose_tell(const struct unsock_expose_port *port, const char *words);

/* expose_clients.c: The clients of the ports. Each TCP connection and each UDP client (a session) has its own socket on
 * the other side, so that answers reach the right client. A session ends after `idle` ms without a datagram. */

bool unsock_expose_clients_start(void);

/* Accepts the port's TCP connections, or forwards its clients' datagrams. False if a server could not be reached. */
bool unsock_expose_clients_event(unsigned number, struct unsock_expose_port *port);

/* Forwards the datagrams of a server to the client of this UDP session. */
void unsock_expose_clients_answer(unsigned session);

/* Reads more of a multiplexer's answer on the connection `inside`. When it is complete, joins or resets the client. */
void unsock_expose_clients_asked(int inside);

/* Retries connects and datagrams that full queues have refused. Resets clients whose multiplexer has not answered in
 * time, or whose port is closed. Ends sessions that are idle, or whose port is closed. Returns after how many ms the
 * caller must call again; -1: never. */
int64_t unsock_expose_clients_go_on(void);

/* expose_all.c: `expose --all`: opens and closes ports as servers in the directory start and end (inotify(7)). */

long unsock_expose_all_start(void);

/* Reads inotify's events. Returns false if the directory was removed. */
bool unsock_expose_all_event(void);

/* Schedules another look at the directory after a client found no server: inotify does not report a killed server. */
void unsock_expose_all_look(void);

/* Reads the directory if it has changed. Returns after how many ms the caller must call again; -1: never. */
int64_t unsock_expose_all_go_on(void);

/* connection_pair.c: Joins pairs of connections: forwards data, half-closes and resets of each to the other. */

/* Called once, at the start. `descriptors`: this process's limit of descriptors. Returns 0 or -errno. */
long unsock_connection_pair_start(uint64_t descriptors);

/* Joins two non-blocking sockets, connected or connecting. Closes both when both directions have ended, and resets both
 * when one connection breaks. `real` is the socket on the real network. With `holds`, does not pass on the client's
 * half-close until the server has shut down sending, or the client is gone. */
void unsock_connection_pair_join(int real, int inside, bool holds);

/* Moves data in both directions of a pair, after an event at its socket `fd`. */
void unsock_connection_pair_event(int fd);

/* Closes a connection as if it broke: over TCP, with a reset. */
void unsock_connection_pair_reset(int fd);

#endif
