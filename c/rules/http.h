/* HTTP, as far as a front has to read it. */
#ifndef UNSOCK_RULES_HTTP_H
#define UNSOCK_RULES_HTTP_H

#include "rt/text.h"

/* huffman.c: Text in the Huffman code of RFC 7541, appendix B. Pure. */

/* Writes as much of the text as there is room for. Returns its length; -1: it is none. */
long unsock_huffman_read(const uint8_t *bytes, size_t size, char *text, size_t room);

/*
 * hpack.c: For whom the requests of an HTTP/2 connection are, from its compressed headers (RFC 7541). Of the table of
 * fields that decoding needs, only sizes are kept, and whether a field says for whom: the values themselves decide
 * nothing. Pure.
 */

#define UNSOCK_HPACK_TABLE 4096 /* the size at first, and the most here: who answers must not allow more */
#define UNSOCK_HPACK_ENTRIES (UNSOCK_HPACK_TABLE / 32)
#define UNSOCK_HPACK_AUTHORITY_MOST 256

enum unsock_hpack_kind { UNSOCK_HPACK_NONE, UNSOCK_HPACK_SAME, UNSOCK_HPACK_ANOTHER };

struct unsock_hpack_entry {
    uint16_t size; /* with the 32 bytes that each counts more */
    uint16_t name_length;
    bool is_authority; /* its name is :authority or host */
    uint8_t kind;      /* what its value says of whom it is for */
};

/* `limit` is UNSOCK_HPACK_TABLE at first, all else zero. */
struct unsock_hpack {
    struct unsock_hpack_entry entries[UNSOCK_HPACK_ENTRIES];
    unsigned newest, count;
    uint32_t used, limit;
    size_t length; /* of `authority`, which the first request has said; 0: none has */
    char authority[UNSOCK_HPACK_AUTHORITY_MOST];
};

/*
 * Reads a whole block of headers, the next one of the connection. Returns false when it is none, or is for somebody
 * else than the first one.
 */
bool unsock_hpack_read(struct unsock_hpack *hpack, const uint8_t *block, size_t size);

/*
 * http_head.c: The head of an HTTP/1 request: whom it is for, and how long what follows it is. Strict: what two readers
 * could take for different requests is refused (RFC 9112, section 11.2). Pure.
 */

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

/* http_body.c: Where the body of an HTTP/1 message ends (RFC 9112, section 6), byte by byte as they come. Pure. */

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

/*
 * http2.c: HTTP/2 without TLS (RFC 9113) on its way through: frame by frame, so that each request is for whom the first
 * one was. Before who answers is known, the client has been sent empty settings, whose acknowledgement goes no further.
 * Pure.
 */

#define UNSOCK_HTTP2_PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define UNSOCK_HTTP2_PREFACE_SIZE 24
#define UNSOCK_HTTP2_FRAME 9 /* bytes of a frame's head */

struct unsock_http2 {
    struct unsock_hpack hpack;
    bool is_begun;        /* the preface has come */
    bool is_acknowledged; /* the empty settings */
    uint32_t client_left; /* bytes of a frame that go on as they are */
    uint32_t server_left;
};

/* Does a connection that begins so, as far as it has come, speak it? */
bool unsock_http2_may_begin(const char *bytes, size_t size);

void unsock_http2_start(struct unsock_http2 *http2);

/*
 * What has come from the client, and not been let pass. May take bytes out: *size is what is left. Returns how many may
 * go on, or -1: the connection is to end.
 */
long unsock_http2_from_client(struct unsock_http2 *http2, uint8_t *bytes, size_t *size);

/* The same from the server, whose settings may be made narrower. */
long unsock_http2_from_server(struct unsock_http2 *http2, uint8_t *bytes, size_t size);

#endif
