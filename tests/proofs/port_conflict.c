/*
 * For CBMC: two entries show whether TCP or UDP lets both sockets be bound: for every pair of kinds of addresses, every
 * two addresses of a kind, all marks and every two numbers.
 */
#include "rt/mem.h"
#include "rules/port_name.h"
#include "rules/settings.h"

#ifndef WRONG /* the test has another one, which must not hold */
#define WRONG 0
#endif

uint8_t nondet_byte(void);
uint32_t nondet_word(void);

struct unsock_settings unsock_settings;

enum kind { FOUR, ANY_FOUR, SIX, ANY_SIX, ANY, CLIENT, KINDS };

/* Of a kind, with any address: `which` tells two addresses of one kind apart. */
static struct unsock_port_entry entry_of(uint8_t kind, const uint32_t which[4], uint8_t number, uint8_t marks) {
    struct unsock_port_entry entry = {.number = number, .marks = marks, .v6only = kind == ANY_SIX};
    entry.ip.family = kind == FOUR || kind == ANY_FOUR || kind == CLIENT ? AF_INET : AF_INET6;
    for (int i = 0; i < (kind == FOUR ? 1 : kind == SIX ? 4 : 0); i++)
        entry.ip.words[i] = which[i];
    if (kind == CLIENT)
        entry.target = (struct unsock_ip){.family = AF_INET, .words = {which[0]}};
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

/* A SIX or FOUR that is no wildcard. */
static bool is_of_kind(uint8_t kind, const uint32_t which[4]) {
    return (kind != FOUR || which[0] != 0) && (kind != SIX || (which[0] | which[1] | which[2] | which[3]) != 0);
}

static bool is_same(uint8_t kind, const uint32_t a[4], const uint32_t b[4]) {
    return a[0] == b[0] && (kind == FOUR || (a[1] == b[1] && a[2] == b[2] && a[3] == b[3]));
}

int main(void) {
    uint8_t left = nondet_byte(), right = nondet_byte(), one = nondet_byte(), other = nondet_byte();
    uint32_t at_left[4], at_right[4];
    for (int i = 0; i < 4; i++) {
        at_left[i] = nondet_word();
        at_right[i] = nondet_word();
    }
    __CPROVER_assume(left < KINDS && right < KINDS && one <= UNSOCK_PORT_NUMBERS && other <= UNSOCK_PORT_NUMBERS);
    __CPROVER_assume(is_of_kind(left, at_left) && is_of_kind(right, at_right));
    uint8_t lets = nondet_byte(), other_lets = nondet_byte();
    struct unsock_port_entry a = entry_of(left, at_left, one, lets), b = entry_of(right, at_right, other, other_lets);
    bool share = (lets & other_lets & (UNSOCK_PORT_REUSEPORT | (WRONG ? 0 : UNSOCK_PORT_REUSEADDR))) != 0;
    bool meet = (is_four(left) && is_four(right)) || (is_six(left) && is_six(right));
    bool overlap = meet && (is_any(left) || is_any(right) || is_same(left, at_left, at_right));
    __CPROVER_assert(unsock_port_conflict(&a, &b) == (overlap && !share), "it is TCP's rule");
    __CPROVER_assert(unsock_port_conflict(&a, &b) == unsock_port_conflict(&b, &a), "which is symmetric");
    return 0;
}
