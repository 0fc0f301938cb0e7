/*
 * HTTP/2 without TLS (RFC 9113) on its way through: frame by frame, so that each request is for whom the first one was.
 * Before who answers is known, the client has been sent empty settings, whose acknowledgement goes no further. Pure.
 */
#ifndef UNSOCK_HTTP2_H
#define UNSOCK_HTTP2_H

#include "rules/hpack.h"

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
