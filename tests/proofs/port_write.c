/*
 * For CBMC: whatever sockets a port has, its record is never written past unsock_port.text, and one that is too long is
 * reported. An entry may have any length that another proof allows (port_text.c), and any two may be the same.
 */
#include "rules/port_record.h"

#ifndef WRONG /* the test has another one, which must not hold */
#define WRONG 0
#endif

bool nondet_bool(void);
uint8_t nondet_byte(void);
unsigned nondet_unsigned(void);

static struct unsock_port port;

bool unsock_port_same(const struct unsock_port_entry *a, const struct unsock_port_entry *b) {
    return a->number == b->number;
}

/* The length stands where an entry has its marks. */
char *unsock_port_entry_put(char *at, const struct unsock_port_entry *entry) {
    at[0] = at[entry->marks - 1] = 'x';
    return at + entry->marks;
}

static struct unsock_port_entry any_entry(void) {
    struct unsock_port_entry entry = {.marks = nondet_byte(), .number = nondet_byte()};
    __CPROVER_assume(entry.marks > 0 && entry.marks < UNSOCK_PORT_ENTRY_MOST);
    return entry;
}

int main(void) {
    struct unsock_port_entry me = any_entry();
    bool with_me = nondet_bool();
    size_t wanted = 0;
    port.count = nondet_unsigned();
    __CPROVER_assume(port.count <= UNSOCK_PORT_ENTRIES);
    for (unsigned i = 0; i < port.count; i++) {
        port.entries[i] = any_entry();
        port.life[i] = nondet_byte();
        __CPROVER_assume(port.life[i] <= UNSOCK_PORT_GONE);
        if (port.life[i] < UNSOCK_PORT_STALE && !(with_me && unsock_port_same(&port.entries[i], &me)))
            wanted += (wanted > 0) + port.entries[i].marks;
    }
    wanted += with_me ? (wanted > 0) + me.marks : 0;
    bool fits = unsock_port_write(&port, with_me ? &me : NULL);
    __CPROVER_assert(fits == (wanted + WRONG < UNSOCK_PORT_RECORD_MOST), "it says whether all of them fit");
    __CPROVER_assert(!fits || port.text[wanted] == '\0', "and where they do, it ends behind them");
    return 0;
}
