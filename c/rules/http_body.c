/* Lines with a chunk's size are short, those behind the last chunk are not many. */
#include "rules/http.h"

#define LINE_MOST 1024
#define TAIL_MOST 8192
#define CHUNK_MOST ((uint64_t)1 << 56)

void unsock_http_body_start(struct unsock_http_body *body, bool is_chunked, uint64_t length) {
    *body = (struct unsock_http_body){
        .state = is_chunked ? UNSOCK_HTTP_SIZE : UNSOCK_HTTP_BYTES, .is_size = true, .left = is_chunked ? 0 : length};
}

bool unsock_http_body_is_over(const struct unsock_http_body *body) {
    return body->state == UNSOCK_HTTP_BYTES && body->left == 0;
}

static bool add_digit(struct unsock_http_body *body, uint8_t c) {
    unsigned letter = (unsigned)(c | 0x20) - 'a', digit = (unsigned)c - '0';
    unsigned value = digit < 10 ? digit : letter < 6 ? letter + 10 : 16;
    if (value == 16 || body->left >= CHUNK_MOST)
        return false;
    body->left = body->left * 16 + value;
    body->has_digit = true;
    return true;
}

static void start_line(struct unsock_http_body *body) {
    body->line = 0;
    body->is_size = body->is_empty = true;
    body->has_digit = body->had_return = false;
}

/* A byte of the line with the size: digits, and what may stand behind them says nothing here. */
static bool take_size(struct unsock_http_body *body, uint8_t c) {
    if (++body->line > LINE_MOST || (body->had_return && c != '\n'))
        return false;
    if (c == '\n') {
        bool whole = body->had_return && body->has_digit;
        body->state = body->left > 0 ? UNSOCK_HTTP_CHUNK : UNSOCK_HTTP_TAIL;
        body->left += body->left > 0 ? 2 : 0;
        start_line(body);
        return whole;
    }
    body->had_return = c == '\r';
    if (body->is_size && !body->had_return && !add_digit(body, c)) {
        body->is_size = false;
        return body->has_digit && (c == ';' || c == ' ' || c == '\t');
    }
    return body->had_return || c >= 0x20 || c == '\t';
}

/* A byte behind the last chunk: lines, until one is empty. */
static bool take_tail(struct unsock_http_body *body, uint8_t c) {
    if (++body->line > TAIL_MOST || (body->had_return && c != '\n'))
        return false;
    if (c == '\n') {
        bool whole = body->had_return;
        if (body->is_empty)
            body->state = UNSOCK_HTTP_BYTES;
        body->is_empty = true;
        body->had_return = false;
        return whole;
    }
    body->had_return = c == '\r';
    body->is_empty &= body->had_return;
    return true;
}

/* The two bytes behind a chunk are CR LF, or the next one is elsewhere for somebody else. */
static bool is_chunks(const struct unsock_http_body *body, const uint8_t *bytes, size_t size) {
    for (size_t i = body->left > 2 ? (size_t)UNSOCK_MIN(body->left - 2, (uint64_t)size) : 0; i < size; i++) {
        uint64_t behind = body->left - i;
        if ((behind == 2 && bytes[i] != '\r') || (behind == 1 && bytes[i] != '\n'))
            return false;
    }
    return true;
}

long unsock_http_body_take(struct unsock_http_body *body, const uint8_t *bytes, size_t size) {
    size_t at = 0;
    while (at < size && !unsock_http_body_is_over(body)) {
        if (body->state == UNSOCK_HTTP_SIZE || body->state == UNSOCK_HTTP_TAIL) {
            uint8_t c = bytes[at++];
            if (!(body->state == UNSOCK_HTTP_SIZE ? take_size(body, c) : take_tail(body, c)))
                return -1;
            continue;
        }
        size_t some = (size_t)UNSOCK_MIN(body->left, (uint64_t)(size - at));
        if (body->state == UNSOCK_HTTP_CHUNK && !is_chunks(body, bytes + at, some))
            return -1;
        at += some;
        body->left -= some;
        if (body->state == UNSOCK_HTTP_CHUNK && body->left == 0)
            body->state = UNSOCK_HTTP_SIZE;
    }
    return (long)at;
}
