/* expose --http. */
#ifndef UNSOCK_PROGRAM_HTTP_H
#define UNSOCK_PROGRAM_HTTP_H

#include "rules/http.h"

/* http_places.c: Which loopbacks a user has, and who listens in them. */

#define UNSOCK_HTTP_NAME_MOST 64
#define UNSOCK_HTTP_PATH_MOST 96
#define UNSOCK_HTTP_PLACES_MOST 256
#define UNSOCK_HTTP_PORTS_MOST 64

struct unsock_http_place {
    char name[UNSOCK_HTTP_NAME_MOST];
    char path[UNSOCK_HTTP_PATH_MOST];
};

struct unsock_http_places {
    const char *base;  /* the default directory */
    const char *extra; /* the one that was named; it may be the same */
    unsigned count;
    struct unsock_http_place list[UNSOCK_HTTP_PLACES_MOST]; /* by name */
};

/*
 * Looks for all: those with a name of their own, the extra one and what is in it, the base and what is in that. Of two
 * with one name the first of these counts.
 */
void unsock_http_places_look(struct unsock_http_places *places);

/* NULL: none has this name, whatever the case of its letters. */
const struct unsock_http_place *unsock_http_places_find(const struct unsock_http_places *places,
                                                        struct unsock_span name);

/* The TCP ports at which somebody is, the least first. Returns how many. */
unsigned unsock_http_ports(const char *directory, uint16_t ports[UNSOCK_HTTP_PORTS_MOST]);

/* http_route.c: Whom a request is for, by the host that it names. */

struct unsock_http_route {
    enum {
        UNSOCK_HTTP_LEAD,   /* to the place's `port` */
        UNSOCK_HTTP_CHOOSE, /* the place has several */
        UNSOCK_HTTP_OWN,    /* this listener's own page */
        UNSOCK_HTTP_NOBODY, /* `status` and `sentence` */
    } kind;
    const struct unsock_http_place *place;
    uint16_t port;
    unsigned status;
    const char *sentence;
};

/* `places` are looked for. */
struct unsock_http_route unsock_http_route_of(struct unsock_http_places *places, struct unsock_span host);

/* http_page.c: What `expose --http` says itself, as whole answers of HTTP/1. */

/* One sentence. */
void unsock_http_page_say(struct unsock_text *text, unsigned status, const char *sentence);

/* All that is there, with links; `port`: this listener's. `only`: the ports of that place alone. */
void unsock_http_page_list(struct unsock_text *text, const struct unsock_http_places *places,
                           const struct unsock_http_place *only, uint16_t port);

/*
 * http_gate.c: What of an HTTP connection may go on to who answers: of HTTP/1 one request, and what follows a change of
 * the protocol; of HTTP/2 requests for the first one's name. So nobody ever gets what was meant for another.
 */

struct unsock_http_gate {
    bool is_http2;
    bool asks_upgrade;
    bool has_upgraded;
    bool is_another;   /* the answer begins otherwise than one that changes the protocol */
    bool is_over;      /* what comes from the client is for nobody */
    bool asks_end;     /* who answers is to be told that nothing more comes */
    uint32_t dropped;  /* bytes of the client's */
    unsigned answered; /* bytes of the beginning of the answer */
    size_t head_left;
    struct unsock_http_body body;
    struct unsock_http2 http2;
};

/* NULL: no memory. */
struct unsock_http_gate *unsock_http_gate_make(void);
void unsock_http_gate_end(struct unsock_http_gate *gate);

/* A request of HTTP/1, whose head, as it is written on, has `size` bytes. */
void unsock_http_gate_request(struct unsock_http_gate *gate, const struct unsock_http_head *head, size_t size);

/*
 * What has come from one side, and not been let pass. May take bytes out, and change them: *size is what is left.
 * Returns how many may go on, or -1: the connection is to end.
 */
long unsock_http_gate_pass(struct unsock_http_gate *gate, bool from_client, uint8_t *bytes, size_t *size);

/*
 * connection_pair.c: Two connections that are made one: what one end sends, the other is given, with half-closes and
 * resets. All of them in one process with one thread, in an epoll set of the caller's.
 */

/* Once. `epoll`: the set; `descriptors`: how many this process may have. Returns 0 or -errno. */
long unsock_connection_pair_start(long epoll, uint64_t descriptors);

/*
 * Joins two sockets, connected or about to be, non-blocking; they are closed when both sides have ended, or one breaks.
 * Their events in the set have the descriptor as data. `real`: TCP's. Where that is a client of HTTP's, there
 * is a `gate`, made by program/http_gate, which is given away; so are the bytes that have come from the client, of
 * which the gate has let pass the first `passed`. At most UNSOCK_JOINED_BEFORE of them.
 */
#define UNSOCK_JOINED_BEFORE 65536
void unsock_connection_pair_join(int real, int inside, struct unsock_http_gate *gate, const void *bytes, size_t size,
                                 size_t passed);

/*
 * Before that, where a control file leads. `holds`: the end of what the client says is kept back until the server's, or
 * until the client is gone. `asked` (calls/target.h; NULL, nobody): `inside`, of AF_UNIX, is a multiplexer's. Until it
 * has answered nothing passes; where it does not in time, or refuses, both ends break, and a client of HTTP/1 is told.
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
