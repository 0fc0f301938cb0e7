/*
 * For CBMC: whatever is put into a text, no byte is written past its end, and a truncation is reported: so a record is
 * never written past unsock_port.text, however many entries there are.
 */
#include "rt/mem.h"
#include "rt/text.h"
#include "rules/port_name.h"
#include "rules/settings.h"

#define ROOM 8
#ifndef WRONG /* the test has another one, which must not hold */
#define WRONG 0
#endif

char nondet_char(void);
uint8_t nondet_byte(void);
size_t nondet_size(void);

struct unsock_settings unsock_settings;

int main(void) {
    char buffer[ROOM];
    struct unsock_text text = {buffer, nondet_size(), nondet_size(), false};
    struct unsock_port_entry entry = {.number = nondet_byte(), .marks = nondet_byte() & 7};
    for (size_t i = 0; i < ROOM; i++)
        entry.address[i] = nondet_char();
    /* As it is at any moment: anything that fits has been put into it. */
    __CPROVER_assume(text.size >= 1 && text.size <= ROOM && text.length < text.size);
    size_t before = text.length;
    unsock_text_char(&text, ' ');
    unsock_port_entry_put(&text, &entry);
    size_t wanted = 1 + strlen(entry.address);
    unsigned marks = entry.number != 0 && entry.marks == 0 ? 1 : entry.marks;
    wanted += (marks & 1) + (marks >> 1 & 1) + (marks >> 2 & 1);
    wanted += marks == 0 ? 0 : entry.number < 10 ? 1 : entry.number < 100 ? 2 : 3;
    __CPROVER_assert(text.length < text.size && buffer[text.length] == '\0', "it ends within its buffer");
    __CPROVER_assert(text.cut == (before + wanted + WRONG >= text.size), "it is cut where it does not fit");
    __CPROVER_assert(text.cut || text.length == before + wanted, "and has all of it where it does");
    return 0;
}
