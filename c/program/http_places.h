/* Which loopbacks a user has, and who listens in them. */
#ifndef UNSOCK_HTTP_PLACES_H
#define UNSOCK_HTTP_PLACES_H

#include "rt/text.h"

#include <stdint.h>

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

#endif
