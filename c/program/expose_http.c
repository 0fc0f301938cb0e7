/*
 * A connection is this module's until its first request says for whom it is; then it is program/connection_pair's,
 * behind a gate. Nobody can hold it up: heads have 32 KiB and ten seconds, and where too many wait, who has waited the
 * longest goes.
 */
#include "program/expose.h"

#include "program/http.h"

#define REQUESTS_MOST 512
#define ACCEPTED_MOST 64
#define HEAD_MOST 32768
#define PAGE_MOST 65536
#define PATIENCE_MS 10000
#define ENDING_MS 1000 /* until who has been answered has read it */
#define ASK_AGAIN_MS 10
#define SEND_ROOM (4 * PAGE_MOST)

struct request {
    int fd; /* 0: there is none */
    enum { READING, WAITING, ENDING } state;
    int64_t until;
    struct unsock_ip client;
    size_t size, seen, passed; /* of `bytes`: what has come, was looked through, and was let pass */
    struct unsock_http_head head;
    struct unsock_http_gate *gate;
    char path[UNSOCK_HTTP_PATH_MOST]; /* of the directory */
    uint16_t port;
    char *bytes;
};

static struct web {
    long set;
    int fd;
    struct unsock_ip address;
    struct request *requests;
    char *bytes; /* HEAD_MOST for each request */
    char *page;
    unsigned count;
    struct unsock_http_places *places;
} web;

long unsock_expose_http_start(long set, const char *base, const char *extra, struct unsock_ip *address) {
    web = (struct web){.set = set};
    web.requests = unsock_map(REQUESTS_MOST * sizeof(*web.requests));
    web.bytes = unsock_map((size_t)REQUESTS_MOST * HEAD_MOST);
    web.page = unsock_map(PAGE_MOST);
    web.places = unsock_map(sizeof(*web.places));
    if (!web.requests || !web.bytes || !web.page || !web.places)
        return -ENOMEM;
    web.places->base = base;
    web.places->extra = extra;
    long fd = unsock_expose_listen_real(SOCK_STREAM, address);
    if (fd < 0)
        return fd;
    web.fd = (int)fd;
    web.address = *address;
    unsock_expose_watch(set, EPOLL_CTL_ADD, fd, EPOLLIN, UNSOCK_EXPOSE_WEB, 0);
    return 0;
}

/* It is somebody else's from here on, or closed. */
static void let_go(struct request *request) {
    request->fd = 0;
    request->gate = NULL;
    web.count--;
}

static void end(struct request *request) {
    unsock_http_gate_end(request->gate);
    unsock_close(request->fd);
    let_go(request);
}

/* Closing at once would be a reset for who still sends, and lose the answer. */
static void answer(struct request *request, const void *bytes, size_t size) {
    int room = SEND_ROOM;
    if (request->state == WAITING)
        unsock_expose_watch(web.set, EPOLL_CTL_ADD, request->fd, EPOLLIN, UNSOCK_EXPOSE_REQUEST,
                            (unsigned)(request - web.requests));
    unsock_setsockopt(request->fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    unsock_sendto(request->fd, bytes, size, MSG_NOSIGNAL, NULL, 0);
    unsock_shutdown(request->fd, SHUT_WR);
    request->state = ENDING;
    request->until = unsock_clock_ms() + ENDING_MS;
}

static void say(struct request *request, unsigned status, const char *sentence) {
    static const uint8_t go_away[] = {0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13 /* HTTP_1_1_REQUIRED */};
    struct unsock_text text;
    unsock_text_start(&text, web.page, PAGE_MOST);
    unsock_http_page_say(&text, status, sentence);
    if (request->gate && request->gate->is_http2)
        answer(request, go_away, sizeof(go_away));
    else
        answer(request, web.page, text.length);
}

static void list(struct request *request, const struct unsock_http_place *only) {
    struct unsock_text text;
    unsock_text_start(&text, web.page, PAGE_MOST);
    unsock_http_page_list(&text, web.places, only, web.address.port);
    answer(request, web.page, text.length);
}

/* Gives it to program/connection_pair. Where the server's queue is full it waits. */
static void lead_on(struct request *request) {
    struct unsock_text text;
    struct unsock_ip asked = web.address;
    asked.port = request->port;
    long server = unsock_expose_connect_elsewhere(request->path, &request->client, &asked);
    if (request->state == READING)
        unsock_epoll_ctl(web.set, EPOLL_CTL_DEL, request->fd, NULL);
    request->state = WAITING;
    if (server == -EAGAIN)
        return;
    if (server < 0) {
        say(request, 502, "Nobody listens there any more.");
        return;
    }
    const char *bytes = request->bytes;
    size_t size = request->size;
    if (!request->gate->is_http2) {
        unsock_text_start(&text, web.page, PAGE_MOST);
        unsock_http_head_write(&request->head, request->bytes, &text);
        unsock_http_gate_request(request->gate, &request->head, text.length);
        unsock_text_span(&text, (struct unsock_span){bytes + request->head.size, size - request->head.size});
        bytes = web.page;
        size = text.length;
    }
    int fd = request->fd;
    struct unsock_http_gate *gate = request->gate;
    let_go(request);
    unsock_connection_pair_join(fd, (int)server, gate, bytes, size, request->passed);
}

/* This listener's own page. */
static void answer_own(struct request *request) {
    if (!unsock_span_is(request->head.method, "GET"))
        say(request, 405, "There is nothing here but a list.");
    else if (!unsock_span_is(request->head.target, "/"))
        say(request, 404, "There is nothing here but a list, at /.");
    else
        list(request, NULL);
}

static void route(struct request *request, struct unsock_span host) {
    struct unsock_http_route route = unsock_http_route_of(web.places, host);
    bool has_page = !request->gate->is_http2;
    if (route.kind == UNSOCK_HTTP_LEAD) {
        memcpy(request->path, route.place->path, sizeof(request->path));
        request->port = route.port;
        lead_on(request);
    } else if (route.kind == UNSOCK_HTTP_CHOOSE && has_page) {
        list(request, route.place);
    } else if (route.kind == UNSOCK_HTTP_OWN && has_page) {
        answer_own(request);
    } else {
        say(request, route.status, route.sentence ? route.sentence : "");
    }
}

/* The client is sent settings, for which some wait before they ask. */
static void start_http2(struct request *request) {
    static const uint8_t settings[UNSOCK_HTTP2_FRAME] = {0, 0, 0, 4, 0, 0, 0, 0, 0};
    request->gate->is_http2 = true;
    unsock_http2_start(&request->gate->http2);
    unsock_sendto(request->fd, settings, sizeof(settings), MSG_NOSIGNAL, NULL, 0);
}

static void look_at_http2(struct request *request) {
    struct unsock_http2 *http2 = &request->gate->http2;
    if (request->size < UNSOCK_HTTP2_PREFACE_SIZE)
        return;
    if (!request->gate->is_http2)
        start_http2(request);
    size_t left = request->size - request->passed;
    long count = unsock_http_gate_pass(request->gate, true, (uint8_t *)request->bytes + request->passed, &left);
    if (count < 0) {
        say(request, 400, "");
        return;
    }
    request->size = request->passed + left;
    request->passed += (size_t)count;
    if (http2->hpack.length > 0)
        route(request, (struct unsock_span){http2->hpack.authority, http2->hpack.length});
    else if (request->size == HEAD_MOST)
        say(request, 431, "");
}

/* An empty line before a request is none of it (RFC 9112, section 2.2). */
static void skip_blank(struct request *request) {
    size_t blank = request->seen > 0 ? 0 : unsock_http_blank(request->bytes, request->size);
    memmove(request->bytes, request->bytes + blank, request->size - blank);
    request->size -= blank;
}

static void look_at(struct request *request) {
    skip_blank(request);
    if (request->gate->is_http2 || unsock_http2_may_begin(request->bytes, request->size)) {
        look_at_http2(request);
        return;
    }
    int wrong = unsock_http_head_read(request->bytes, request->size, &request->seen, &request->head);
    if (wrong == 0)
        route(request, request->head.host);
    else if (wrong != -EAGAIN)
        say(request, (unsigned)wrong, "This is no request that can be led on.");
    else if (request->size == HEAD_MOST)
        say(request, 431, "The head of the request is too large.");
}

void unsock_expose_http_request(unsigned number) {
    struct request *request = &web.requests[number];
    if (request->fd <= 0)
        return;
    bool is_read = request->state == READING;
    size_t at = is_read ? request->size : 0;
    long count = unsock_read(request->fd, request->bytes + at, HEAD_MOST - at);
    if (count == -EAGAIN)
        return;
    if (count <= 0) {
        end(request);
    } else if (is_read) {
        request->size += (size_t)count;
        look_at(request);
    }
}

/* A free place, or that of who has waited the longest. */
static struct request *place_for_one(void) {
    struct request *oldest = NULL;
    for (unsigned i = 0; i < REQUESTS_MOST; i++) {
        struct request *one = &web.requests[i];
        if (one->fd == 0)
            return one;
        if (!oldest || one->until < oldest->until)
            oldest = one;
    }
    end(oldest);
    return oldest;
}

void unsock_expose_http_event(void) {
    for (int i = 0; i < ACCEPTED_MOST; i++) {
        union unsock_sockaddr name;
        uint32_t length = sizeof(name);
        long fd = unsock_accept4(web.fd, &name, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        struct unsock_http_gate *gate = unsock_http_gate_make();
        if (!gate) {
            unsock_connection_pair_reset((int)fd);
            return;
        }
        struct request *request = place_for_one();
        unsigned number = (unsigned)(request - web.requests);
        *request = (struct request){.fd = (int)fd,
                                    .until = unsock_clock_ms() + PATIENCE_MS,
                                    .gate = gate,
                                    .bytes = web.bytes + (size_t)number * HEAD_MOST};
        unsock_ip_read(&name, length, &request->client);
        web.count++;
        unsock_expose_watch(web.set, EPOLL_CTL_ADD, fd, EPOLLIN, UNSOCK_EXPOSE_REQUEST, number);
    }
}

/* Returns when it is to be looked at again. */
static int64_t go_on_with(struct request *request, int64_t now) {
    if (request->fd <= 0)
        return -1;
    if (now < request->until) {
        if (request->state == WAITING)
            lead_on(request);
        return request->state == WAITING ? ASK_AGAIN_MS : request->until - now;
    }
    if (request->state == READING && request->size > 0)
        say(request, 408, "The request did not come in time.");
    else if (request->state == WAITING)
        say(request, 503, "The server has too many connections waiting.");
    else
        end(request);
    return request->fd > 0 ? ENDING_MS : -1;
}

int64_t unsock_expose_http_go_on(void) {
    int64_t now = web.count > 0 ? unsock_clock_ms() : 0, next = -1;
    for (unsigned i = 0; web.count > 0 && i < REQUESTS_MOST; i++)
        next = unsock_expose_sooner(next, go_on_with(&web.requests[i], now));
    return next;
}
