/* Whom a request is for, by the host that it names. */
#ifndef UNSOCK_HTTP_ROUTE_H
#define UNSOCK_HTTP_ROUTE_H

#include "program/http_places.h"

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

#endif
