/* The command expose. */
#ifndef UNSOCK_PROGRAM_EXPOSE_H
#define UNSOCK_PROGRAM_EXPOSE_H

#include "memory/epoll_memory.h"
#include "program/options.h"
#include "rules/ip.h"
#include "unsock.h"

/* expose_options.c: The words of `expose`. */

#define UNSOCK_EXPOSE_PORTS_MOST 64

struct unsock_expose_port {
    uint16_t port; /* in the directory */
    uint16_t real; /* of the real network; 0: any */
    int type;      /* SOCK_STREAM or SOCK_DGRAM */
};

struct unsock_expose_options {
    const char *directory; /* NULL: not given */
    const char *control;   /* of whose place it listens, not at an address; NULL: not given */
    struct unsock_ip address;
    bool is_in;     /* from the directory to the real network */
    bool is_all;    /* whatever is there, and comes */
    bool until_eof; /* ends with standard input */
    uint32_t idle;  /* seconds after which a client of UDP is forgotten */
    bool force;
    unsigned count;
    struct unsock_expose_port ports[UNSOCK_EXPOSE_PORTS_MOST];
};

/* What the words say. Returns false with one line in `error`. */
bool unsock_expose_options_take(const struct unsock_options *given, struct unsock_expose_options *options,
                                struct unsock_text *error);

/* expose_ends.c, too: What `expose` says on its standard output: a line for what leads where. */

#define UNSOCK_EXPOSE_LINE_MOST 512

/* Writes where in the directory plain Unix programs reach a port. */
void unsock_expose_path(struct unsock_text *path, const char *directory, uint16_t port, int type);

/* Prints "FILE WORDS PATH" for a control file, else (`file` NULL) "ADDRESS[/udp] WORDS PATH". */
void unsock_expose_tell(const char *file, const struct unsock_ip *address, int type, const char *words,
                        const char *path);

/* "expose: WHAT: WHY", for an address (`path` NULL) or a path. */
void unsock_expose_why_not(struct unsock_text *error, const struct unsock_ip *address, const char *path, long result);

/* expose_ends.c: The two ends of what `expose` joins: in the directory, and in the real network. */

/* A listening TCP or bound UDP socket; `address` becomes what it is bound to. Returns -errno where it cannot be. */
long unsock_expose_listen_real(int type, struct unsock_ip *address);

/* A listening socket where the control file at `path` leads. Returns -errno where it cannot be. */
long unsock_expose_listen_control(const char *path);

/* A TCP or UDP socket, connected or about to be. Returns -errno where it cannot be. */
long unsock_expose_connect_real(int type, const struct unsock_ip *address);

/* The address of a file in the directory. False: the path is too long. */
bool unsock_expose_name_inside(const char *path, struct sockaddr_un *name);

/*
 * A listening socket, or one for datagrams, with the port's file, in the place of one that is left over. Returns -errno
 * where it cannot be.
 */
long unsock_expose_bind_inside(int type, const char *path);

/*
 * A socket that is connected to who has the port's file, or to where a control file leads. A server of unsock's sees
 * `client`, and that it asked for `asked`. Returns -errno: -EAGAIN, its queue is full.
 */
long unsock_expose_connect_inside(const char *path, const struct unsock_ip *client, const struct unsock_ip *asked);

/* What an event in `expose`'s one epoll set is about. */

/* In the upper half of an event's data; in the lower half stands which one. */
enum unsock_expose_kind {
    UNSOCK_EXPOSE_JOINED, /* program/connection_pair: the descriptor */
    UNSOCK_EXPOSE_SIGNALS,
    UNSOCK_EXPOSE_CHANGES,  /* in the directory */
    UNSOCK_EXPOSE_LISTENER, /* the number of the others from here on */
    UNSOCK_EXPOSE_DATAGRAMS,
    UNSOCK_EXPOSE_SESSION,
    UNSOCK_EXPOSE_INPUT, /* standard input, with --until-eof */
};

static inline void unsock_expose_watch(long set, int operation, long fd, uint32_t events, enum unsock_expose_kind kind,
                                       unsigned number) {
    struct unsock_epoll_event event = {events, (uint64_t)kind << 32 | number};
    unsock_epoll_ctl(set, operation, fd, &event);
}

/* The earlier one of two moments, or waits; -1: never. */
static inline int64_t unsock_expose_sooner(int64_t one, int64_t other) {
    return one < 0 ? other : other < 0 ? one : UNSOCK_MIN(one, other);
}

/* expose_streams.c: Ports of `expose` for TCP: listeners on one side, and for each client a connection on the other. */

/* Once. `set`: the epoll set. Returns false: no memory. */
bool unsock_expose_streams_start(long set, const struct unsock_expose_options *options);

/*
 * Listens at `real` of the real network for the port whose file is at `path`, or with --in the other way round.
 * `address` becomes where. Returns a number, or -errno: -EMFILE, there are too many.
 */
long unsock_expose_streams_open(const char *path, const struct unsock_expose_port *port, struct unsock_ip *address);

/* Nobody is led on from there any more; with --in the file goes. */
void unsock_expose_streams_close(unsigned number);

/* Something has come to the listener. Returns false when somebody was led to nobody. */
bool unsock_expose_streams_event(unsigned number);

/* Goes on with those whose server's queue is full. Returns after how many ms it is to be called again; -1: never. */
int64_t unsock_expose_streams_go_on(void);

/*
 * expose_datagrams.c: Ports of `expose` for UDP. Each client has a socket of its own on the other side, by which the
 * answers find back to it, until it has been idle for some time.
 */

/* As those of program/expose.h. */
bool unsock_expose_datagrams_start(long set, const struct unsock_expose_options *options);
long unsock_expose_datagrams_open(const char *path, const struct unsock_expose_port *port, struct unsock_ip *address);

void unsock_expose_datagrams_close(unsigned number);

/* All of them. */
void unsock_expose_datagrams_end(void);

/* Something has come from clients, or back for one. The first returns false when somebody was led to nobody. */
bool unsock_expose_datagrams_event(unsigned number);
void unsock_expose_datagrams_answer(unsigned number);

/*
 * Forgets who is idle, and goes on with what a server's full queue did not take. Returns after how many ms it is to be
 * called again; -1: never.
 */
int64_t unsock_expose_datagrams_go_on(void);

/* expose_all.c: `expose --all`: whatever port comes and goes in the directory, as inotify(7) tells. */

/* `directory` stays the caller's. Returns 0 or -errno. */
long unsock_expose_all_start(long set, const char *directory, const struct unsock_expose_options *options);

/* Something has changed there. Returns false when the directory is gone. */
bool unsock_expose_all_event(void);

/* Somebody was led to nobody: a killed server's file tells nothing by itself. */
void unsock_expose_all_look(void);

/* Does what is to be done. Returns after how many ms it is to be called again; -1: never. */
int64_t unsock_expose_all_go_on(void);

/*
 * connection_pair.c: Two connections that are made one: what one end sends, the other is given, with half-closes and
 * resets. All of them in one process with one thread, in an epoll set of the caller's.
 */

/* Once. `epoll`: the set; `descriptors`: how many this process may have. Returns 0 or -errno. */
long unsock_connection_pair_start(long epoll, uint64_t descriptors);

/*
 * Joins two sockets, connected or about to be, non-blocking; they are closed when both sides have ended, or one breaks.
 * Their events in the set have the descriptor as data. `real`: TCP's.
 */
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
