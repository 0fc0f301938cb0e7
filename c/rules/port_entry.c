/* Writes, reads and compares the entries of a port's sockets. Pure. */
#include "rules/port_name.h"

#include "rules/settings.h"

#define ANY4 "0.0.0.0"
#define ANY6 "--"
#define BOTH "any"
#define ASKS ','
#define NUMBER_MOST 4 /* digits to read: a number with so many is too large */
#define FAMILY4 1u
#define FAMILY6 2u
/* The other bytes of a path: "/.65535@", "+109" and the NUL. For datagrams one 'u' more, and one digit less. */
#define AROUND (8 + 4 + 1)

static const struct {
    char character;
    uint8_t mark;
} entry_marks[] = {{'+', UNSOCK_PORT_REUSEPORT}, {'*', UNSOCK_PORT_REUSEADDR}, {'!', UNSOCK_PORT_CONNECTED}};

static bool is_address(const char *address, const char *text) {
    return unsock_span_is(unsock_span_of(address), text);
}

/* True for an address in five characters: any other text has a dot or a '-', or is "any". */
static bool is_short(const char *address) {
    return !is_address(address, BOTH) && !unsock_contains(address, '.') && !unsock_contains(address, '-');
}

bool unsock_port_entry_fits(size_t length) {
    return unsock_settings.directory_length + AROUND + length <= sizeof(((struct sockaddr_un *)0)->sun_path);
}

static void put_bound(struct unsock_text *text, const struct unsock_ip *ip, bool v6only) {
    if (ip->family == AF_INET6 && unsock_ip_is_wildcard(ip))
        unsock_text_put(text, v6only ? ANY6 : BOTH);
    else
        unsock_address_text_put(text, ip, false);
}

static uint8_t marks_of(uint8_t number) {
    return number > 0 && number <= UNSOCK_PORT_SHARERS ? UNSOCK_PORT_REUSEPORT : 0;
}

struct unsock_port_entry unsock_port_entry_of(const struct unsock_ip *ip, bool v6only, uint8_t number) {
    struct unsock_port_entry entry = {.number = number, .marks = marks_of(number)};
    struct unsock_text text = unsock_text_in(entry.address, sizeof(entry.address));
    put_bound(&text, ip, v6only);
    if (!unsock_port_entry_fits(text.length) && text.length > sizeof(BOTH)) {
        unsock_text_start(&text, entry.address, sizeof(entry.address));
        unsock_address_text_put(&text, ip, true);
    }
    return entry;
}

bool unsock_port_entry_asking(const struct unsock_ip *any, bool v6only, const struct unsock_ip *target,
                              struct unsock_port_entry *entry) {
    *entry = (struct unsock_port_entry){.number = 0};
    if (target->family == 0 || unsock_ip_is_wildcard(target))
        return false;
    struct unsock_text text = unsock_text_in(entry->address, sizeof(entry->address));
    put_bound(&text, any, v6only);
    unsock_text_char(&text, ASKS);
    unsock_address_text_put(&text, target, false);
    return !text.cut && unsock_port_entry_fits(text.length);
}

bool unsock_port_entry_asks(const struct unsock_port_entry *entry) {
    return unsock_contains(entry->address, ASKS);
}

bool unsock_port_entry_target(const struct unsock_port_entry *entry, struct unsock_ip *target) {
    struct unsock_span rest = unsock_span_of(entry->address);
    bool known;
    unsock_span_next(&rest, ASKS);
    return rest.length > 0 && unsock_address_text_read(rest, target, &known) && known;
}

bool unsock_port_same_address(const struct unsock_port_entry *a, const struct unsock_port_entry *b) {
    return unsock_same(a->address, b->address, strlen(a->address) + 1);
}

bool unsock_port_same(const struct unsock_port_entry *a, const struct unsock_port_entry *b) {
    return a->number == b->number && unsock_port_same_address(a, b);
}

bool unsock_port_entry_ip(const struct unsock_port_entry *entry, struct unsock_ip *ip, bool *v6only) {
    struct unsock_span rest = unsock_span_of(entry->address), bound = unsock_span_next(&rest, ASKS);
    bool known = true;
    *v6only = unsock_span_is(bound, ANY6);
    *ip = (struct unsock_ip){.family = AF_INET6};
    if (!*v6only && !unsock_span_is(bound, BOTH) && !unsock_address_text_read(bound, ip, &known))
        ip->family = 0;
    return known && ip->family != 0;
}

/* A client's port excludes all other addresses, of both families. */
static unsigned families(const struct unsock_port_entry *entry) {
    struct unsock_ip ip;
    bool known;
    const char *address = entry->address;
    if (is_address(address, BOTH) || unsock_port_entry_asks(entry))
        return FAMILY4 | FAMILY6;
    if (!is_short(address))
        return unsock_contains(address, '-') ? FAMILY6 : FAMILY4;
    return unsock_address_text_read(unsock_span_of(address), &ip, &known) && ip.family == AF_INET6 ? FAMILY6 : FAMILY4;
}

static bool is_wildcard(const struct unsock_port_entry *entry) {
    struct unsock_ip ip;
    bool known;
    const char *address = entry->address;
    if (unsock_port_entry_asks(entry))
        return true;
    if (!is_short(address))
        return is_address(address, ANY4) || is_address(address, ANY6) || is_address(address, BOTH);
    return unsock_address_text_read(unsock_span_of(address), &ip, &known) && known && unsock_ip_is_wildcard(&ip);
}

bool unsock_port_overlap(const struct unsock_port_entry *a, const struct unsock_port_entry *b) {
    return (families(a) & families(b)) != 0 && (is_wildcard(a) || is_wildcard(b) || unsock_port_same_address(a, b));
}

bool unsock_port_conflict(const struct unsock_port_entry *a, const struct unsock_port_entry *b) {
    return (a->marks & b->marks & UNSOCK_PORT_SHARES) == 0 && unsock_port_overlap(a, b);
}

/* A word with one bit for each of 64 characters: those from `from` to `to` are set. */
#define BITS(from, to) ((((uint64_t)2 << (to) % 64) - 1) ^ (((uint64_t)1 << (from) % 64) - 1))
#define BIT(character) BITS(character, character)

static bool is_address_character(char c) {
    uint64_t bits = c & 64 ? BITS('a', 'z') | BITS('A', 'Z') | BIT('_')
                           : BITS('0', '9') | BIT('.') | BIT('-') | BIT('=') | BIT(ASKS);
    return !(c & 128) && (bits >> c % 64 & 1);
}

/* Cuts off the marks, in their order, and the number. A '+' before a number from UNSOCK_PORT_WAITING on is no mark. */
static bool cut_number(struct unsock_span *rest, struct unsock_port_entry *entry) {
    uint64_t value;
    size_t at = 0;
    for (size_t i = 0; i < sizeof(entry_marks) / sizeof(entry_marks[0]); i++) {
        bool marked = at < rest->length && rest->at[at] == entry_marks[i].character;
        entry->marks |= marked ? entry_marks[i].mark : 0;
        at += marked;
    }
    size_t end = at;
    while (end < rest->length && end < at + NUMBER_MOST && rest->at[end] != ' ')
        end++;
    struct unsock_span text = {rest->at + at, end - at};
    if (entry->marks == 0 || !unsock_span_number(text, 10, UNSOCK_PORT_NUMBERS, &value) ||
        (text.at[0] == '0' && text.length > 1))
        return false;
    entry->number = (uint8_t)value;
    bool waits = value >= UNSOCK_PORT_WAITING;
    if (waits && entry->marks != UNSOCK_PORT_REUSEPORT && entry->marks != UNSOCK_PORT_REUSEADDR)
        return false;
    entry->marks &= waits ? UNSOCK_PORT_REUSEADDR : entry->marks;
    *rest = (struct unsock_span){rest->at + end, rest->length - end};
    return true;
}

bool unsock_port_entry_next(struct unsock_span *rest, struct unsock_port_entry *entry) {
    struct unsock_span left = *rest;
    size_t length = 0;
    *entry = (struct unsock_port_entry){.number = 0};
    while (length < left.length && length < sizeof(entry->address) && is_address_character(left.at[length]))
        length++;
    if (length == 0 || length >= sizeof(entry->address))
        return false;
    memcpy(entry->address, left.at, length);
    left = (struct unsock_span){left.at + length, left.length - length};
    if (left.length > 0 && left.at[0] != ' ' && !cut_number(&left, entry))
        return false;
    /* An entry must follow a blank. */
    if (left.length == 1)
        return false;
    if (left.length > 0)
        left = (struct unsock_span){left.at + 1, left.length - 1};
    *rest = left;
    return true;
}

void unsock_port_entry_put(struct unsock_text *text, const struct unsock_port_entry *entry) {
    uint8_t shown = entry->number != 0 && entry->marks == 0 ? UNSOCK_PORT_REUSEPORT : entry->marks;
    unsock_text_put(text, entry->address);
    for (size_t i = 0; i < sizeof(entry_marks) / sizeof(entry_marks[0]); i++) {
        if (shown & entry_marks[i].mark)
            unsock_text_char(text, entry_marks[i].character);
    }
    if (shown != 0)
        unsock_text_number(text, entry->number, 10, 1);
}

uint8_t unsock_port_tag(bool v6only, uint8_t number) {
    return (uint8_t)((v6only ? UNSOCK_NAME_TAG_V6ONLY : 0) | number);
}

struct unsock_port_entry unsock_port_entry_of_tag(const struct unsock_ip *ip) {
    return unsock_port_entry_of(ip, (ip->tag & UNSOCK_NAME_TAG_V6ONLY) != 0,
                                (uint8_t)(ip->tag & ~UNSOCK_NAME_TAG_V6ONLY));
}
