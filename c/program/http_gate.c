/*
 * A request of HTTP/1 says that the server is to close behind its answer (rules/http_head), so that a client takes a
 * new connection for the next. To read answers, too, would save that, and be twice as much that can be misread. What
 * comes behind the request all the same is read and dropped: to close while something is unread would be a reset, by
 * which the client may lose its answer. A server that does not close is told then that nothing more comes.
 */
#include "program/http.h"

#include "program/expose.h"

static const char upgraded[] = "HTTP/1.1 101";
#define UPGRADED_SIZE (sizeof(upgraded) - 1)
#define DROPPED_MOST (64u << 20)

struct unsock_http_gate *unsock_http_gate_make(void) {
    return unsock_map(sizeof(struct unsock_http_gate));
}

void unsock_http_gate_end(struct unsock_http_gate *gate) {
    if (gate)
        unsock_unmap(gate, sizeof(*gate));
}

void unsock_http_gate_request(struct unsock_http_gate *gate, const struct unsock_http_head *head, size_t size) {
    gate->head_left = size;
    gate->asks_upgrade = head->asks_upgrade;
    unsock_http_body_start(&gate->body, head->is_chunked, head->length);
}

static long drop(struct unsock_http_gate *gate, size_t *size, size_t passed) {
    gate->is_over = true;
    gate->asks_end |= gate->answered > 0;
    gate->dropped += (uint32_t)(*size - passed);
    *size = passed;
    return gate->dropped <= DROPPED_MOST ? (long)passed : -1;
}

static long pass_request(struct unsock_http_gate *gate, const uint8_t *bytes, size_t *size) {
    if (gate->has_upgraded)
        return (long)*size;
    size_t head = UNSOCK_MIN(gate->head_left, *size);
    gate->head_left -= head;
    long body = unsock_http_body_take(&gate->body, bytes + head, *size - head);
    if (body < 0)
        return -1;
    size_t passed = head + (size_t)body;
    bool is_unknown = gate->asks_upgrade && !gate->is_another;
    if (is_unknown || passed == *size)
        return (long)passed;
    /* Some clients end a body with an empty line more than it has. */
    if (unsock_http_blank((const char *)bytes + passed, *size - passed) < *size - passed)
        return drop(gate, size, passed);
    *size = passed;
    return (long)passed;
}

static void see_answer(struct unsock_http_gate *gate, const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size && gate->answered < UPGRADED_SIZE; i++, gate->answered++)
        gate->is_another |= (char)bytes[i] != upgraded[gate->answered];
    gate->has_upgraded = gate->asks_upgrade && !gate->is_another && gate->answered == UPGRADED_SIZE;
}

long unsock_http_gate_pass(struct unsock_http_gate *gate, bool from_client, uint8_t *bytes, size_t *size) {
    if (from_client && gate->is_over)
        return drop(gate, size, 0);
    if (gate->is_http2 && from_client)
        return unsock_http2_from_client(&gate->http2, bytes, size);
    if (gate->is_http2)
        return unsock_http2_from_server(&gate->http2, bytes, *size);
    if (from_client)
        return pass_request(gate, bytes, size);
    see_answer(gate, bytes, *size);
    return (long)*size;
}
