/* The command expose: ports of the real network that lead to servers in the directory, or with --in the other way. */
#ifndef UNSOCK_PROGRAM_EXPOSE_H
#define UNSOCK_PROGRAM_EXPOSE_H

#include "memory/epoll_memory.h"
#include "process/run_directory.h"
#include "program/options.h"
#include "rules/ip.h"
#include "unsock.h"

/* expose_ports.c: The state that all of it shares, and the ports. expose.c reads the words, and serves the events of
 * one epoll set. */

extern struct unsock_expose {
    struct unsock_run_directory directory;
    struct unsock_text *error;
    const char *control;      /* the control file that leads to where it listens; NULL: it listens at `address` */
    struct unsock_ip address; /* of the real network */
    bool is_in;               /* from the directory to the real network */
    bool is_all;              /* all ports that servers have in the directory */
    bool until_eof;           /* ends with standard input */
    int64_t idle;             /* milliseconds after which a client of UDP is forgotten */
    long set, signals;
} unsock_expose;

/* The subject of an event, in the upper half of its data. The lower half has its number. */
enum unsock_expose_kind {
    UNSOCK_EXPOSE_JOINED, /* program/connection_pair: the descriptor */
    UNSOCK_EXPOSE_SIGNALS,
    UNSOCK_EXPOSE_CHANGES, /* in the directory */
    UNSOCK_EXPOSE_PORT,    /* the number of the others from here on */
    UNSOCK_EXPOSE_SESSION,
    UNSOCK_EXPOSE_INPUT, /* standard input, with --until-eof */
};

static inline void unsock_expose_watch(int operation, long fd, uint32_t events, enum unsock_expose_kind kind,
                                       unsigned number) {
    struct unsock_epoll_event event = {events, (uint64_t)kind << 32 | number};
    unsock_epoll_ctl(unsock_expose.set, operation, fd, &event);
}

/* A port that is open: a listening socket of TCP, a bound one of UDP. */
struct unsock_expose_port {
    int fd;                   /* 0: it is closed, and another may have its place */
    uint32_t life;            /* which one it is that has this place */
    struct unsock_ip address; /* of the real network */
    uint16_t port;            /* in the directory */
    int type;                 /* SOCK_STREAM or SOCK_DGRAM */
    bool stays;               /* it was named, and is not of --all */
    struct sockaddr_un file;
    /* UDP's: a datagram that a full queue has not taken. */
    unsigned held_session;
    uint32_t held_size;
    int64_t held_until; /* 0: nothing is held */
    uint8_t *buffer;
};

/* True if it is still open, and the same one as when this was its `life`. */
static inline bool unsock_expose_is_open(const struct unsock_expose_port *port, uint32_t life) {
    return port->fd > 0 && port->life == life;
}

/* Once. Returns false: no memory. */
bool unsock_expose_ports_start(void);

/*
 * Makes a socket, and begins to connect it to the address; or binds it there, and listens if it is of streams.
 * `control` (NULL: none) has options for the socket. Returns the socket or -errno.
 */
struct unsock_control_file;
long unsock_expose_make_end(int type, bool connects, const void *address, socklen_t size,
                            const struct unsock_control_file *control);

/* Listens at port `real` of the real network for `port`, or with --in the other way round, and says so on standard
 * output. Returns its number, or -errno with one line in `error`: -EMFILE, there are too many. */
long unsock_expose_open(uint16_t port, uint16_t real, int type, struct unsock_text *error);

/* Closes the port; with --in removes its file. */
void unsock_expose_close(struct unsock_expose_port *port);

/* The port of this number, open or not; NULL: no more of them have been open. */
struct unsock_expose_port *unsock_expose_port_at(unsigned number);

/* Prints "ADDRESS[/udp] WORDS FILE" on standard output, with --control its file for the address. */
void unsock_expose_tell(const struct unsock_expose_port *port, const char *words);

/* expose_clients.c: The clients of the ports. Each has a socket of its own on the other side: one of TCP a connection,
 * one of UDP a session, by which the answers find back to it, until it has been idle for some time. */

/* Once. Returns false: no memory. */
bool unsock_expose_clients_start(void);

/* Reads what clients of the port have sent, or what a server has sent to a client of UDP. False: no server has the
 * port. */
bool unsock_expose_clients_event(unsigned number, struct unsock_expose_port *port);
void unsock_expose_clients_answer(unsigned session);

/* Goes on with what full queues have not taken, and forgets who is idle, or came to a port that is closed. Returns
 * after how many ms it is to be called again; -1: never. */
int64_t unsock_expose_clients_go_on(void);

/* expose_all.c: `expose --all`: whatever port comes and goes in the directory, as inotify(7) tells. */

/* Returns 0 or -errno. */
long unsock_expose_all_start(void);

/* Something has changed there. Returns false when the directory is gone. */
bool unsock_expose_all_event(void);

/* Somebody was led to nobody: a killed server's file tells nothing by itself. */
void unsock_expose_all_look(void);

/* Does what is to be done. Returns after how many ms it is to be called again; -1: never. */
int64_t unsock_expose_all_go_on(void);

/* connection_pair.c: Two connections that are made one: what one end sends, the other is given, with half-closes and
 * resets. All of them in one process with one thread. */

/* Once. `descriptors`: how many this process may have. Returns 0 or -errno. */
long unsock_connection_pair_start(uint64_t descriptors);

/* Joins two sockets, connected or about to be, non-blocking; they are closed when both sides have ended, or one breaks.
 * `real`: TCP's. */
void unsock_connection_pair_join(int real, int inside);

/*
 * Before that, where a control file leads. `holds`: the end of what the client says is kept back until the server's, or
 * until the client is gone. `asked` (calls/target.h; NULL, nobody): `inside`, of AF_UNIX, is a multiplexer's. Until it
 * has answered nothing passes; where it does not in time, or refuses, both ends break.
 */
struct unsock_firecracker;
void unsock_connection_pair_expect(int inside, const struct unsock_firecracker *asked, bool holds);

/* Something has happened at this one. */
void unsock_connection_pair_event(int fd);

/* Ends those whose multiplexer has not answered in time. Returns after how many ms it is to be called again; -1: never.
 */
int64_t unsock_connection_pair_go_on(void);

/* Closes a connection as if it broke: over TCP it is a reset. */
void unsock_connection_pair_reset(int fd);

#endif
