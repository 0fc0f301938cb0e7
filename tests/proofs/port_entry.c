/*
 * For CBMC: an entry of a record is read within bounds, whatever the bytes are, and is written back as it was read.
 * This is the step of every loop over a record, and so the step of an induction: each step takes bytes off the front
 * and leaves the rest, which ends where the record ends, so all steps stay within the record.
 *
 * Here an address has at most five bytes, so a step reads fewer than WINDOW bytes. If the rest of the record is
 * shorter, the array has all of it; if it is longer, up to the length of a link, the array has only these first bytes.
 *
 * Functions of rules/ip.c are as its header says, no more: any text may be an address, and is written as it was read.
 * (Text of five bytes is no IPv4 address in four parts.) Of the five characters another proof shows that.
 */
#include "rt/mem.h"
#include "rules/port_name.h"
#include "rules/settings.h"

#define WINDOW 16
#define RECORD_MOST 4095
#ifndef WRONG /* the test has another one, which must not hold */
#define WRONG 0
#endif

bool nondet_bool(void);
char nondet_char(void);
size_t nondet_size(void);

struct unsock_settings unsock_settings;

/* The texts that were read as addresses: the bound one, the asked one, and one in five characters. */
static char read_texts[3][UNSOCK_PORT_ADDRESS_MOST];
static size_t read_lengths[3];
static unsigned read_count;

static bool keep_text(struct unsock_span text, unsigned place) {
    if (!nondet_bool() || text.length >= UNSOCK_PORT_ADDRESS_MOST)
        return false;
    for (size_t i = 0; i < text.length; i++)
        read_texts[place][i] = text.at[i];
    read_lengths[place] = text.length;
    return true;
}

static char *put_kept(char *at, unsigned place) {
    for (size_t i = 0; i < read_lengths[place]; i++)
        *at++ = read_texts[place][i];
    return at;
}

/* The last word tells whether it is a wildcard, the first one which text is the address's. */
bool unsock_ip_read_shown(struct unsock_span text, struct unsock_ip *ip, char colon) {
    if (read_count == 2 || text.length == 0 || !keep_text(text, read_count))
        return false;
    *ip = (struct unsock_ip){.family = AF_INET6};
    ip->words[0] = read_count++;
    ip->words[3] = nondet_bool();
    return true;
}

char *unsock_ip_show(char *at, const struct unsock_ip *ip, char colon) {
    return put_kept(at, ip->words[0]);
}

bool unsock_ip_is_wildcard(const struct unsock_ip *ip) {
    return ip->words[3] == 0;
}

bool unsock_short_address_read(struct unsock_span text, uint32_t *bits) {
    return text.length == 5 && keep_text(text, 2);
}

char *unsock_short_address_put(char *at, uint32_t bits) {
    return put_kept(at, 2);
}

uint32_t nondet_word(void);

uint32_t unsock_short_address(const struct unsock_ip *ip) {
    return nondet_word();
}

bool unsock_short_address_ip(uint32_t bits, struct unsock_ip *ip) {
    *ip = (struct unsock_ip){.family = nondet_bool() ? AF_INET : AF_INET6};
    return nondet_bool();
}

int main(void) {
    size_t length = nondet_size();
    bool short_one = nondet_bool();
    char bytes[WINDOW], written[UNSOCK_PORT_ENTRY_MOST];
    struct unsock_port_entry entry;
    for (size_t i = 0; i < WINDOW; i++)
        bytes[i] = nondet_char();
    __CPROVER_assume(short_one ? length <= WINDOW : length > WINDOW && length <= RECORD_MOST);
    /* A short rest must be the last `length` bytes: one more would be past the end. */
    struct unsock_span all = {short_one ? bytes + WINDOW - length : bytes, length}, rest = all;
    if (!unsock_port_entry_next(&rest, &entry)) {
        __CPROVER_assert(rest.at == all.at && rest.length == length, "what is no entry stays");
        return 0;
    }
    size_t taken = length - rest.length;
    __CPROVER_assert(rest.length < length && rest.at == all.at + taken, "an entry is taken off the front");
    __CPROVER_assert(taken < WINDOW - 1 || short_one, "and no more than was looked at");
    __CPROVER_assert(entry.ip.family != 0 && entry.number <= UNSOCK_PORT_NUMBERS - WRONG, "it is one");
    size_t put = (size_t)(unsock_port_entry_put(written, &entry) - written);
    __CPROVER_assert(put == taken - (rest.length > 0), "it is written in as many bytes,");
    for (size_t i = 0; i < WINDOW; i++)
        __CPROVER_assert(i >= put || written[i] == all.at[i], "and in the same");
    return 0;
}
