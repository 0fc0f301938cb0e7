/* Where the body of an HTTP/1 message ends (RFC 9112, section 6), byte by byte as they come. Pure. */
#ifndef UNSOCK_HTTP_BODY_H
#define UNSOCK_HTTP_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed: a body of `left` bytes. */
struct unsock_http_body {
    enum {
        UNSOCK_HTTP_BYTES, /* `left` of them */
        UNSOCK_HTTP_SIZE,  /* in the line with a chunk's size */
        UNSOCK_HTTP_CHUNK, /* in a chunk: `left` bytes, and CR LF behind them */
        UNSOCK_HTTP_TAIL,  /* behind the last chunk */
    } state;
    uint32_t line; /* bytes of the line, or of all lines behind the last chunk */
    bool is_size;  /* of the line nothing but digits has come */
    bool has_digit;
    bool had_return; /* the last byte was CR */
    bool is_empty;   /* the line at the tail has nothing yet */
    uint64_t left;
};

void unsock_http_body_start(struct unsock_http_body *body, bool is_chunked, uint64_t length);

bool unsock_http_body_is_over(const struct unsock_http_body *body);

/* Returns how many of these bytes are the body's; -1: they are none. */
long unsock_http_body_take(struct unsock_http_body *body, const uint8_t *bytes, size_t size);

#endif
