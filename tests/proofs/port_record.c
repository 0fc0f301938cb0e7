/*
 * For CBMC: the decisions of a bind and a close, and with CLIENTS of a client, for every state of up to MOST sockets of
 * a port and every combination of conflicts. Other proofs cover the reading of an entry (port_entry.c) and TCP's rules
 * of conflict (port_conflict.c): here any two entries may exclude each other, or share an address.
 */
#include "rules/port_record.h"
#include "rt/mem.h"

#ifndef MOST
#define MOST 3
#endif
#define EXACT 0 /* what a client looks for: the names of its address, of the wildcard, of both families' */
#define WILDCARD 1
#define BOTH 2
#define ADDRESSES 4
#define ASKS 0x40 /* in the place of an address: a datagram client */
#ifndef WRONG     /* the test has another one, which must not hold */
#define WRONG 0
#endif

bool nondet_bool(void);
uint8_t nondet_byte(void);
unsigned nondet_unsigned(void);

static struct unsock_port port;
static bool overlaps[ADDRESSES][ADDRESSES];

static unsigned address_of(const struct unsock_port_entry *entry) {
    return entry->ip.bytes[0] & (ADDRESSES - 1);
}

bool unsock_port_same_address(const struct unsock_port_entry *a, const struct unsock_port_entry *b) {
    return a->ip.bytes[0] == b->ip.bytes[0];
}

bool unsock_port_same(const struct unsock_port_entry *a, const struct unsock_port_entry *b) {
    return a->number == b->number && a->ip.bytes[0] == b->ip.bytes[0];
}

bool unsock_port_overlap(const struct unsock_port_entry *a, const struct unsock_port_entry *b) {
    return overlaps[address_of(a)][address_of(b)];
}

bool unsock_port_conflict(const struct unsock_port_entry *a, const struct unsock_port_entry *b) {
    return (a->marks & b->marks & UNSOCK_PORT_SHARES) == 0 && unsock_port_overlap(a, b);
}

bool unsock_ip_is_wildcard(const struct unsock_ip *ip) {
    return ip->port == 0;
}

/* The client's address is the one that has a port here. */
struct unsock_port_entry unsock_port_entry_of(const struct unsock_ip *ip, int type, bool v6only, uint8_t number) {
    struct unsock_port_entry entry = {.number = number, .type = (unsigned)type & 15};
    entry.ip.bytes[0] = !v6only ? BOTH : ip->port == 0 ? WILDCARD : EXACT;
    return entry;
}

char *unsock_port_entry_put(char *at, const struct unsock_port_entry *entry) {
    (void)entry;
    return at;
}

static struct unsock_port_entry any_entry(void) {
    struct unsock_port_entry entry = {.number = nondet_byte() & 3, .marks = nondet_byte() & 7};
    uint8_t address = nondet_byte();
    __CPROVER_assume(address < ADDRESSES || address == ASKS);
    entry.ip.bytes[0] = address;
    entry.target.family = address == ASKS ? AF_INET : 0;
    return entry;
}

/* As unsock_port_take leaves it: to whom PORT.sock leads is among them, and none is twice. */
static void read_any(void) {
    unsigned first = nondet_unsigned();
    port.holder = nondet_byte();
    port.count = nondet_unsigned();
    __CPROVER_assume(port.holder <= UNSOCK_PORT_FOREIGN && port.count <= MOST &&
                     (port.holder == UNSOCK_PORT_OURS) == (port.count > 0));
    for (unsigned i = 0; i < port.count; i++) {
        port.entries[i] = any_entry();
        port.life[i] = nondet_byte();
        __CPROVER_assume(port.life[i] <= UNSOCK_PORT_GONE);
        for (unsigned j = 0; j < i; j++)
            __CPROVER_assume(!unsock_port_same(&port.entries[i], &port.entries[j]));
    }
    if (port.count > 0) {
        __CPROVER_assume(first < port.count);
        port.first = port.entries[first];
    }
    for (unsigned i = 0; i < ADDRESSES; i++) {
        overlaps[i][i] = true;
        for (unsigned j = 0; j < i; j++)
            overlaps[i][j] = overlaps[j][i] = nondet_bool();
    }
}

#ifndef CLIENTS

static bool is_over(unsigned i) {
    return port.life[i] >= UNSOCK_PORT_STALE;
}

static bool is_first(unsigned i) {
    return unsock_port_same(&port.entries[i], &port.first);
}

static void check_bind(void) {
    struct unsock_port_entry me = any_entry();
    bool first_is_over = port.holder != UNSOCK_PORT_OURS, beside = false;
    port.unreadable = port.holder == UNSOCK_PORT_OURS && nondet_bool();
    if (nondet_bool())
        unsock_port_forget(&port, &me); /* it is bound */
    struct unsock_port_joining joining = unsock_port_decide_bind(&port, &me);
    unsigned which = (unsigned)joining.which;
    __CPROVER_assert(!port.unreadable || joining.verdict == UNSOCK_PORT_REFUSE,
                     "nobody joins those that are not known");
    if (joining.verdict == UNSOCK_PORT_ASK)
        __CPROVER_assert(which < port.count && port.life[which] == UNSOCK_PORT_UNKNOWN, "what is known is not asked");
    if (joining.verdict == UNSOCK_PORT_REFUSE && !port.unreadable)
        __CPROVER_assert(which < port.count && port.life[which] == UNSOCK_PORT_ALIVE - WRONG &&
                             unsock_port_conflict(&port.entries[which], &me),
                         "only a living one that excludes it refuses it");
    if (joining.verdict != UNSOCK_PORT_JOIN)
        return;
    for (unsigned i = 0; i < port.count; i++) {
        bool over = is_over(i), excludes = unsock_port_conflict(&port.entries[i], &me);
        __CPROVER_assert(!excludes || over || port.life[i] == UNSOCK_PORT_OWN, "none that lives excludes who joins");
        __CPROVER_assert(!is_first(i) || over || port.life[i] != UNSOCK_PORT_UNKNOWN, "the first one has been asked");
        bool shares = !excludes && unsock_port_overlap(&port.entries[i], &me) && port.life[i] == UNSOCK_PORT_ALIVE;
        __CPROVER_assert(!shares || over || joining.shares, "who shares an address with a living one gets a number");
        first_is_over |= is_first(i) && (over || port.life[i] == UNSOCK_PORT_OWN);
        beside |= !over;
    }
    __CPROVER_assert(joining.be_first == first_is_over,
                     "and is the first where that one is over, or its place is taken");
    __CPROVER_assert(joining.beside == beside && (!beside || joining.records), "several have a record");
}

static void check_leave(void) {
    struct unsock_port_entry me = any_entry();
    for (unsigned i = 0; i < port.count; i++)
        __CPROVER_assume(port.life[i] != UNSOCK_PORT_OWN);
    struct unsock_port_leaving leaving = unsock_port_decide_leave(&port, &me);
    unsigned which = (unsigned)leaving.which;
    bool stays = port.holder != UNSOCK_PORT_OURS, others = false;
    for (unsigned i = 0; i < port.count; i++) {
        stays |= is_first(i) && !is_over(i) && !unsock_port_same(&port.entries[i], &me);
        others |= !is_over(i) && !unsock_port_same(&port.entries[i], &me);
    }
    if (leaving.ask)
        __CPROVER_assert(which < port.count && port.life[which] == UNSOCK_PORT_UNKNOWN, "what is known is not asked");
    else if (leaving.heir >= 0)
        __CPROVER_assert((unsigned)leaving.heir < port.count && port.life[leaving.heir] == UNSOCK_PORT_ALIVE &&
                             !unsock_port_same(&port.entries[leaving.heir], &me),
                         "the heir lives, and is another one");
    __CPROVER_assert(stays == (!leaving.ask && leaving.heir == UNSOCK_PORT_HEIR_STAYS),
                     "PORT.sock stays with a living one");
    __CPROVER_assert(leaving.ask || leaving.heir != UNSOCK_PORT_HEIR_NONE || !others, "and goes with the last one");
}

#else

static unsigned rank_of(const struct unsock_port_entry *entry) {
    return unsock_port_entry_asks(entry) ? ADDRESSES : entry->ip.bytes[0];
}

static void check_candidates(void) {
    struct unsock_ip ip = {.port = 1};
    struct unsock_port_entry tried[MOST + 1];
    unsigned spread = nondet_byte() & 3, found = 0, fitting = 0;
    while (found <= MOST && unsock_port_candidate(&port, &ip, spread, false, found, &tried[found])) {
        __CPROVER_assert(rank_of(&tried[found]) != ADDRESSES - 1, "nobody on another address");
        for (unsigned i = 0; i < found; i++) {
            __CPROVER_assert(!unsock_port_same(&tried[i], &tried[found]), "nobody twice");
            __CPROVER_assert(rank_of(&tried[i]) <= rank_of(&tried[found]), "the nearest address first");
        }
        found++;
    }
    for (unsigned i = 0; i < port.count; i++)
        fitting += rank_of(&port.entries[i]) != ADDRESSES - 1;
    __CPROVER_assert(found == fitting + WRONG, "and all that there are");
}

#endif

int main(void) {
    read_any();
#ifdef CLIENTS
    check_candidates();
#else
    if (nondet_bool())
        check_bind();
    else
        check_leave();
#endif
    return 0;
}
