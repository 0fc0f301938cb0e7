/* The words of `expose`. */
#ifndef UNSOCK_EXPOSE_OPTIONS_H
#define UNSOCK_EXPOSE_OPTIONS_H

#include "rt/text.h"
#include "rules/ip.h"

#include <stdbool.h>
#include <stdint.h>

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
    bool is_in;  /* from the directory to the real network */
    bool is_all; /* whatever is there, and comes */
    bool has_http;
    uint16_t http; /* the port of the listener for all loopbacks; 0: any */
    uint32_t idle; /* seconds after which a client of UDP is forgotten */
    bool force;
    bool help;
    unsigned count;
    struct unsock_expose_port ports[UNSOCK_EXPOSE_PORTS_MOST];
};

/* Returns false with one line in `error`. */
bool unsock_expose_options_read(const char *const *words, struct unsock_expose_options *options,
                                struct unsock_text *error);

#endif
