/* What `expose --http` reads of its clients and of servers: at once or in two pieces, it must be the same. */
#include "../kernel.h"

#include "program/http.h"
#include "rt/mem.h"

#define ROOM 32

/* What is written on is read as the same request again, which ends the connection. */
static void look_at_written(const struct unsock_http_head *head, const char *bytes) {
    struct unsock_http_head again;
    struct unsock_text text;
    size_t seen = 0;
    char *buffer = malloc(head->size + ROOM);
    unsock_text_start(&text, buffer, head->size + ROOM);
    unsock_http_head_write(head, bytes, &text);
    HOLDS(!text.cut);
    HOLDS(unsock_http_head_read(buffer, text.length, &seen, &again) == 0 && again.size == text.length);
    HOLDS(unsock_http_same(again.host, head->host) && again.asks_upgrade == head->asks_upgrade);
    HOLDS(again.is_chunked == head->is_chunked && again.length == head->length);
    free(buffer);
}

static void look_at_head(const char *bytes, size_t size, size_t first) {
    struct unsock_http_head head, other;
    size_t seen = 0, at = 0;
    int wrong = unsock_http_head_read(bytes, size, &seen, &head);
    int early = unsock_http_head_read(bytes, first, &at, &other);
    int late = early == -EAGAIN ? unsock_http_head_read(bytes, size, &at, &other) : early;
    HOLDS(wrong == late && (wrong != 0 || head.size == other.size));
    if (wrong != 0)
        return;
    HOLDS(head.size <= size && unsock_http_host_name(head.host).length <= head.host.length);
    look_at_written(&head, bytes);
}

/* Lets the bytes through a gate, in one or two pieces, and returns what went on; -1: it was ended. */
static long let_pass(struct unsock_http_gate *gate, bool from_client, uint8_t *bytes, size_t size, size_t first) {
    size_t end = first, passed = 0;
    for (int i = 0; i < 2; i++) {
        size_t left = end - passed;
        long count = unsock_http_gate_pass(gate, from_client, bytes + passed, &left);
        HOLDS(count <= (long)left && left <= end - passed);
        if (count < 0)
            return -1;
        passed += (size_t)count;
        /* Bytes may have been taken out. */
        size_t out = end - (passed - (size_t)count + left);
        memmove(bytes + end - out, bytes + end, size - end);
        size -= out;
        end = size;
    }
    return (long)passed;
}

static void look_at_gate(const struct unsock_http_gate *start, bool from_client, const uint8_t *data, size_t size,
                         size_t first) {
    struct unsock_http_gate gate = *start, other = *start;
    uint8_t *one = fuzz_exact(data, size), *two = fuzz_exact(data, size);
    long whole = let_pass(&gate, from_client, one, size, size);
    long pieces = let_pass(&other, from_client, two, size, first);
    HOLDS(whole == pieces && (whole <= 0 || memcmp(one, two, (size_t)whole) == 0));
    free(one);
    free(two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct unsock_http_gate gate;
    struct unsock_http_head head = {.size = 0};
    if (size < 3)
        return 0;
    size_t first = (data[0] | (size_t)data[1] << 8) % (size - 2);
    unsigned kind = data[2] % 5;
    data += 3;
    size -= 3;
    first = first < size ? first : size;
    memset(&gate, 0, sizeof gate);
    gate.is_http2 = kind > 2;
    head.is_chunked = kind == 1;
    head.length = first * 2;
    head.asks_upgrade = kind == 2;
    if (gate.is_http2)
        unsock_http2_start(&gate.http2);
    else
        unsock_http_gate_request(&gate, &head, first / 2);
    void *bytes = fuzz_exact(data, size);
    look_at_head(bytes, size, first);
    free(bytes);
    look_at_gate(&gate, kind != 4, data, size, first);
    return 0;
}
