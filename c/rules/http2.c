/* Headers must be in one frame: that bounds them to 16 KiB, and is what all clients do below that. */
#include "rules/http.h"

#define HEADERS 1
#define SETTINGS 4
#define PUSH_PROMISE 5
#define CONTINUATION 9
#define ACKNOWLEDGED 0x01
#define END_HEADERS 0x04
#define PADDED 0x08
#define PRIORITY 0x20
#define PRIORITY_SIZE 5
#define WHOLE_MOST 16384 /* of a frame that is looked into */
#define SETTING_SIZE 6
#define HEADER_TABLE_SIZE 1

static uint32_t length_of(const uint8_t *frame) {
    return (uint32_t)frame[0] << 16 | (uint32_t)frame[1] << 8 | frame[2];
}

bool unsock_http2_may_begin(const char *bytes, size_t size) {
    return unsock_same(bytes, UNSOCK_HTTP2_PREFACE, UNSOCK_MIN(size, (size_t)UNSOCK_HTTP2_PREFACE_SIZE));
}

void unsock_http2_start(struct unsock_http2 *http2) {
    memset(http2, 0, sizeof(*http2));
    http2->hpack.limit = UNSOCK_HPACK_TABLE;
}

static bool read_headers(struct unsock_http2 *http2, const uint8_t *frame) {
    uint32_t size = length_of(frame), padding = 0, before = 0;
    uint8_t flags = frame[4];
    const uint8_t *block = frame + UNSOCK_HTTP2_FRAME;
    if (flags & PADDED) {
        padding = size > 0 ? block[0] : 0;
        before++;
    }
    before += flags & PRIORITY ? PRIORITY_SIZE : 0;
    if (!(flags & END_HEADERS) || before + padding > size)
        return false;
    return unsock_hpack_read(&http2->hpack, block + before, size - before - padding);
}

/* One that is looked into. Returns how many bytes of it go on; 0: it is taken out; -1: the connection is to end. */
static long take_frame(struct unsock_http2 *http2, const uint8_t *frame) {
    uint8_t type = frame[3], flags = frame[4];
    if (type == HEADERS)
        return read_headers(http2, frame) ? (long)(UNSOCK_HTTP2_FRAME + length_of(frame)) : -1;
    if (type == CONTINUATION || type == PUSH_PROMISE)
        return -1;
    if (type == SETTINGS && (flags & ACKNOWLEDGED) && !http2->is_acknowledged) {
        http2->is_acknowledged = true;
        return length_of(frame) == 0 ? 0 : -1;
    }
    return UNSOCK_HTTP2_FRAME;
}

/* Returns false when more must come first. */
static bool begin(struct unsock_http2 *http2, size_t size, size_t *at) {
    if (http2->is_begun)
        return true;
    if (size < UNSOCK_HTTP2_PREFACE_SIZE)
        return false;
    *at = UNSOCK_HTTP2_PREFACE_SIZE;
    return http2->is_begun = true;
}

long unsock_http2_from_client(struct unsock_http2 *http2, uint8_t *bytes, size_t *size) {
    size_t at = 0;
    if (!begin(http2, *size, &at))
        return 0;
    while (at < *size) {
        size_t left = *size - at, some = UNSOCK_MIN((size_t)http2->client_left, left);
        if (some > 0) {
            at += some;
            http2->client_left -= (uint32_t)some;
            continue;
        }
        uint8_t *frame = bytes + at;
        bool is_whole = left >= UNSOCK_HTTP2_FRAME && left - UNSOCK_HTTP2_FRAME >= length_of(frame);
        bool is_read = left >= UNSOCK_HTTP2_FRAME && frame[3] == HEADERS;
        if (is_read && length_of(frame) > WHOLE_MOST)
            return -1;
        if (left < UNSOCK_HTTP2_FRAME || (is_read && !is_whole))
            break;
        long taken = take_frame(http2, frame);
        if (taken < 0)
            return -1;
        if (taken == 0) {
            memmove(frame, frame + UNSOCK_HTTP2_FRAME, left - UNSOCK_HTTP2_FRAME);
            *size -= UNSOCK_HTTP2_FRAME;
            continue;
        }
        at += (size_t)taken;
        http2->client_left = is_read ? 0 : length_of(frame);
    }
    return (long)at;
}

/* The client's table of fields may not become larger than the one that is read here. */
static void narrow(uint8_t *settings, uint32_t size) {
    for (uint32_t at = 0; at + SETTING_SIZE <= size; at += SETTING_SIZE) {
        uint8_t *one = settings + at, *value = one + 2;
        bool is_large = value[0] != 0 || value[1] != 0 || value[2] >= UNSOCK_HPACK_TABLE >> 8;
        if (one[0] != 0 || one[1] != HEADER_TABLE_SIZE || !is_large)
            continue;
        value[0] = value[1] = value[3] = 0;
        value[2] = UNSOCK_HPACK_TABLE >> 8;
    }
}

long unsock_http2_from_server(struct unsock_http2 *http2, uint8_t *bytes, size_t size) {
    size_t at = 0;
    while (at < size) {
        size_t left = size - at, some = UNSOCK_MIN((size_t)http2->server_left, left);
        if (some > 0) {
            at += some;
            http2->server_left -= (uint32_t)some;
            continue;
        }
        uint8_t *frame = bytes + at;
        if (left < UNSOCK_HTTP2_FRAME)
            break;
        if (frame[3] == SETTINGS && length_of(frame) > WHOLE_MOST)
            return -1;
        if (frame[3] == SETTINGS && left - UNSOCK_HTTP2_FRAME < length_of(frame))
            break;
        if (frame[3] == SETTINGS)
            narrow(frame + UNSOCK_HTTP2_FRAME, length_of(frame));
        http2->server_left = UNSOCK_HTTP2_FRAME + length_of(frame);
    }
    return (long)at;
}
