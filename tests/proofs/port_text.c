/* For CBMC: an entry is written as long as it should be, and never longer than the room for one (port_write.c). */
#include "rt/mem.h"
#include "rules/port_name.h"
#include "rules/settings.h"

#ifndef WRONG /* the test has another one, which must not hold */
#define WRONG 0
#endif

bool nondet_bool(void);
uint8_t nondet_byte(void);

struct unsock_settings unsock_settings;

/* Any entry whose address is in five characters, a wildcard of IPv6, or one of IPv4. */
static struct unsock_port_entry any_entry(void) {
    struct unsock_port_entry entry = {.number = nondet_byte(), .marks = nondet_byte() & 7, .v6only = nondet_bool()};
    entry.form = nondet_byte();
    entry.ip.family = nondet_bool() ? AF_INET : AF_INET6;
    for (int i = 0; i < 4 && entry.ip.family == AF_INET; i++)
        entry.ip.bytes[i] = nondet_byte();
    __CPROVER_assume(entry.form <= UNSOCK_PORT_HASHED);
    return entry;
}

/* The bytes of a byte in decimal digits. */
static size_t digits(uint8_t number) {
    return number < 10 ? 1 : number < 100 ? 2 : 3;
}

static size_t address_length(const struct unsock_port_entry *entry) {
    const uint8_t *bytes = entry->ip.bytes;
    if (entry->form != UNSOCK_PORT_WHOLE)
        return 5;
    if (entry->ip.family == AF_INET6)
        return entry->v6only ? 2 : 3;
    return digits(bytes[0]) + digits(bytes[1]) + digits(bytes[2]) + digits(bytes[3]) + 3;
}

int main(void) {
    char written[UNSOCK_PORT_ENTRY_MOST];
    struct unsock_port_entry entry = any_entry();
    size_t length = (size_t)(unsock_port_entry_put(written, &entry) - written);
    unsigned marks = entry.number != 0 && entry.marks == 0 ? 1 : entry.marks;
    size_t wanted = address_length(&entry) + (marks & 1) + (marks >> 1 & 1) + (marks >> 2 & 1);
    wanted += marks == 0 ? 0 : digits(entry.number);
    __CPROVER_assert(length + WRONG == wanted, "it has its address, its marks and its number,");
    __CPROVER_assert(length < UNSOCK_PORT_ENTRY_MOST, "and fits in the room for one entry");
    return 0;
}
