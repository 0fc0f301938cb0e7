/*
 * What of an HTTP connection may go on to who answers: of HTTP/1 one request, and what follows a change of the
 * protocol; of HTTP/2 requests for the first one's name. So nobody ever gets what was meant for another.
 */
#ifndef UNSOCK_HTTP_GATE_H
#define UNSOCK_HTTP_GATE_H

#include "rules/http2.h"
#include "rules/http_body.h"
#include "rules/http_head.h"

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

#endif
