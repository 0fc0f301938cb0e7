/*
 * For CBMC: two entries show whether TCP or UDP lets both sockets be bound: for every pair of kinds of addresses, every
 * two addresses of a kind (here they differ in one character), all marks and every two numbers.
 */
#include "rt/mem.h"
#include "rules/port_name.h"
#include "rules/settings.h"

#ifndef WRONG /* the test has another one, which must not hold */
#define WRONG 0
#endif

bool nondet_bool(void);
char nondet_char(void);
uint8_t nondet_byte(void);

struct unsock_settings unsock_settings;

/* None of these is five characters that stand for an address. */
bool unsock_address_text_read(struct unsock_span text, struct unsock_ip *ip, bool *known) {
    (void)text, (void)ip, (void)known;
    __CPROVER_assert(false, "an address in words is not read");
    return false;
}

bool unsock_ip_is_wildcard(const struct unsock_ip *ip) {
    (void)ip;
    return false;
}

enum kind { FOUR, ANY_FOUR, SIX, ANY_SIX, ANY, CLIENT, KINDS };

static struct unsock_port_entry entry_of(uint8_t kind, char which, uint8_t number, uint8_t marks) {
    static const struct unsock_port_entry kinds[KINDS] = {{.address = "127.0.0."}, {.address = "0.0.0.0"},
                                                          {.address = "fe80--"},   {.address = "--"},
                                                          {.address = "any"},      {.address = "0.0.0.0,127.0.0.1"}};
    struct unsock_port_entry entry = kinds[kind];
    entry.number = number;
    entry.marks = marks;
    if (kind == FOUR || kind == SIX)
        entry.address[kind == FOUR ? 8 : 6] = which;
    return entry;
}

static bool is_four(uint8_t kind) {
    return kind == FOUR || kind == ANY_FOUR || kind == ANY || kind == CLIENT;
}

static bool is_six(uint8_t kind) {
    return kind == SIX || kind == ANY_SIX || kind == ANY || kind == CLIENT;
}

static bool is_any(uint8_t kind) {
    return kind == ANY_FOUR || kind == ANY_SIX || kind == ANY || kind == CLIENT;
}

int main(void) {
    uint8_t left = nondet_byte(), right = nondet_byte(), one = nondet_byte(), other = nondet_byte();
    char at_left = nondet_char(), at_right = nondet_char();
    __CPROVER_assume(left < KINDS && right < KINDS && one <= UNSOCK_PORT_NUMBERS && other <= UNSOCK_PORT_NUMBERS);
    __CPROVER_assume(at_left >= '1' && at_left <= '9' && at_right >= '1' && at_right <= '9');
    uint8_t lets = nondet_byte(), other_lets = nondet_byte();
    struct unsock_port_entry a = entry_of(left, at_left, one, lets), b = entry_of(right, at_right, other, other_lets);
    bool share = (lets & other_lets & (UNSOCK_PORT_REUSEPORT | (WRONG ? 0 : UNSOCK_PORT_REUSEADDR))) != 0;
    bool meet = (is_four(left) && is_four(right)) || (is_six(left) && is_six(right));
    bool overlap = meet && (is_any(left) || is_any(right) || at_left == at_right);
    __CPROVER_assert(unsock_port_conflict(&a, &b) == (overlap && !share), "it is TCP's rule");
    __CPROVER_assert(unsock_port_conflict(&a, &b) == unsock_port_conflict(&b, &a), "which is symmetric");
    return 0;
}
