/*
 * For CBMC: an entry of a record is read within bounds, whatever bytes there are, and what is read is what would be
 * written; of the last MOST bytes of a record. It is a step of every loop over one: each takes something off the front
 * and leaves the rest as it is, so that all of them end.
 */
#include "rules/port_entry.h"
#include "rt/mem.h"
#include "rules/settings.h"

#ifndef MOST
#define MOST 16 /* bytes */
#endif
#ifndef WRONG /* the test has another one, which must not hold */
#define WRONG 0
#endif

char nondet_char(void);
size_t nondet_size(void);

struct unsock_settings unsock_settings;

int main(void) {
    size_t length = nondet_size();
    char bytes[MOST], written[UNSOCK_PORT_ENTRY_MOST];
    struct unsock_port_entry entry;
    struct unsock_text text;
    __CPROVER_assume(length <= MOST);
    for (size_t i = 0; i < MOST; i++)
        bytes[i] = nondet_char();
    /* What is read must be the last `length` bytes: one more would be past the end. */
    struct unsock_span all = {bytes + MOST - length, length}, rest = all;
    if (!unsock_port_entry_next(&rest, &entry)) {
        __CPROVER_assert(rest.at == all.at && rest.length == length, "what is no entry stays");
        return 0;
    }
    size_t taken = length - rest.length;
    __CPROVER_assert(rest.length < length && rest.at == all.at + taken, "an entry is taken off the front");
    __CPROVER_assert(entry.address[0] != '\0' && entry.number <= UNSOCK_PORT_NUMBERS - WRONG, "it is one");
    unsock_text_start(&text, written, sizeof(written));
    unsock_port_entry_put(&text, &entry);
    __CPROVER_assert(!text.cut && text.length == taken - (rest.length > 0), "it is written in as many bytes,");
    for (size_t i = 0; i < MOST && i < sizeof(written); i++)
        __CPROVER_assert(i >= text.length || written[i] == all.at[i], "and in the same");
    return 0;
}
