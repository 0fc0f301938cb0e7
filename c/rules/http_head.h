/*
 * The head of an HTTP/1 request: whom it is for, and how long what follows it is. Strict: what two readers could take
 * for different requests is refused (RFC 9112, section 11.2). Pure.
 */
#ifndef UNSOCK_HTTP_HEAD_H
#define UNSOCK_HTTP_HEAD_H

#include "rt/text.h"

struct unsock_http_head {
    size_t size; /* with the empty line that ends it */
    struct unsock_span method;
    struct unsock_span target;
    struct unsock_span host; /* as the client wrote it, with its port */
    bool asks_upgrade;       /* to another protocol, such as WebSocket */
    bool is_chunked;
    uint64_t length; /* of the body, where it is not chunked */
};

/*
 * Reads it from what has come so far. `seen`: 0 at first; what was found to have no end in it. Returns 0, -EAGAIN while
 * its end has not come, or the HTTP status that says what is wrong.
 */
int unsock_http_head_read(const char *bytes, size_t size, size_t *seen, struct unsock_http_head *head);

/*
 * Writes it as it goes on: the same, but that the server is to close the connection behind its answer, unless the
 * protocol is to change. `text` has room for 32 bytes more than the head has.
 */
void unsock_http_head_write(const struct unsock_http_head *head, const char *bytes, struct unsock_text *text);

/* How many bytes at the front are of empty lines. */
size_t unsock_http_blank(const char *bytes, size_t size);

/* The name that a host is of, without port and the dot at the end. Empty: it is none. */
struct unsock_span unsock_http_host_name(struct unsock_span host);

/* Are they the same, but for the case of ASCII letters? */
bool unsock_http_same(struct unsock_span span, struct unsock_span other);

#endif
