/* Writes, reads and compares the entries of a port's sockets. Pure. */
#include "rules/port_name.h"

#include "rules/settings.h"

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

bool unsock_port_entry_fits(size_t length) {
    return unsock_settings.directory_length + AROUND + length <= sizeof(((struct sockaddr_un *)0)->sun_path);
}

void unsock_port_entry_put_address(struct unsock_text *text, const struct unsock_port_entry *entry) {
    if (entry->form != UNSOCK_PORT_WHOLE)
        unsock_short_address_put(text, entry->bits);
    else if (entry->ip.family == AF_INET6 && !entry->v6only && unsock_ip_is_wildcard(&entry->ip))
        unsock_text_put(text, BOTH);
    else
        unsock_ip_show(text, &entry->ip, '-');
    if (unsock_port_entry_asks(entry)) {
        unsock_text_char(text, ASKS);
        unsock_ip_show(text, &entry->target, '-');
    }
}

/* True if a name with this entry fits into a socket's path. */
static bool fits(const struct unsock_port_entry *entry) {
    UNSOCK_TEXT(text, UNSOCK_PORT_ADDRESS_MOST);
    if (unsock_port_entry_fits(UNSOCK_PORT_ADDRESS_MOST))
        return true;
    unsock_port_entry_put_address(&text, entry);
    return text.length <= sizeof(BOTH) || unsock_port_entry_fits(text.length);
}

static uint8_t marks_of(uint8_t number) {
    return number > 0 && number <= UNSOCK_PORT_SHARERS ? UNSOCK_PORT_REUSEPORT : 0;
}

static struct unsock_ip without_port(struct unsock_ip ip) {
    ip.port = 0;
    ip.tag = 0;
    return ip;
}

struct unsock_port_entry unsock_port_entry_of(const struct unsock_ip *ip, bool v6only, uint8_t number) {
    struct unsock_port_entry entry = {.number = number, .marks = marks_of(number), .ip = without_port(*ip)};
    entry.v6only = v6only && ip->family == AF_INET6 && unsock_ip_is_wildcard(ip);
    if (!fits(&entry)) {
        entry.bits = unsock_short_address(ip);
        entry.form = unsock_short_address_ip(entry.bits, &entry.ip) ? UNSOCK_PORT_SHORT : UNSOCK_PORT_HASHED;
    }
    return entry;
}

bool unsock_port_entry_ask(struct unsock_port_entry *entry, const struct unsock_ip *target) {
    if (target->family == 0 || unsock_ip_is_wildcard(target) || entry->form != UNSOCK_PORT_WHOLE ||
        !unsock_ip_is_wildcard(&entry->ip))
        return false;
    struct unsock_port_entry asking = {.v6only = entry->v6only, .ip = entry->ip, .target = without_port(*target)};
    if (!fits(&asking))
        return false;
    *entry = asking;
    return true;
}

bool unsock_port_same_address(const struct unsock_port_entry *a, const struct unsock_port_entry *b) {
    return a->form == b->form && a->bits == b->bits && a->v6only == b->v6only &&
           unsock_ip_same_address(&a->ip, &b->ip) && unsock_ip_same_address(&a->target, &b->target);
}

bool unsock_port_same(const struct unsock_port_entry *a, const struct unsock_port_entry *b) {
    return a->number == b->number && unsock_port_same_address(a, b);
}

/* A client's port excludes all other addresses, of both families. */
static bool is_wildcard(const struct unsock_port_entry *entry) {
    return unsock_port_entry_asks(entry) || (entry->form != UNSOCK_PORT_HASHED && unsock_ip_is_wildcard(&entry->ip));
}

static unsigned families(const struct unsock_port_entry *entry) {
    bool both = entry->ip.family == AF_INET6 && !entry->v6only && is_wildcard(entry);
    return both || unsock_port_entry_asks(entry) ? FAMILY4 | FAMILY6 : entry->ip.family == AF_INET ? FAMILY4 : FAMILY6;
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

/* Reads ADDR, in the spelling of unsock_port_entry_put_address alone. */
static bool read_address(struct unsock_span text, struct unsock_port_entry *entry) {
    struct unsock_span rest = text, bound = unsock_span_next(&rest, ASKS);
    bool both = unsock_span_is(bound, BOTH), asks = bound.length < text.length;
    *entry = (struct unsock_port_entry){.ip.family = AF_INET6};
    if (asks && !unsock_ip_read_shown(rest, &entry->target, '-'))
        return false;
    if (unsock_short_address_read(bound, &entry->bits)) {
        entry->form = unsock_short_address_ip(entry->bits, &entry->ip) ? UNSOCK_PORT_SHORT : UNSOCK_PORT_HASHED;
    } else {
        entry->bits = 0;
        if (!both && !unsock_ip_read_shown(bound, &entry->ip, '-'))
            return false;
    }
    entry->v6only =
        !both && entry->ip.family == AF_INET6 && entry->form != UNSOCK_PORT_HASHED && unsock_ip_is_wildcard(&entry->ip);
    return true;
}

bool unsock_port_entry_next(struct unsock_span *rest, struct unsock_port_entry *entry) {
    struct unsock_span left = *rest;
    size_t length = 0;
    while (length < left.length && length < UNSOCK_PORT_ADDRESS_MOST && is_address_character(left.at[length]))
        length++;
    if (length == 0 || length >= UNSOCK_PORT_ADDRESS_MOST ||
        !read_address((struct unsock_span){left.at, length}, entry))
        return false;
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
    unsock_port_entry_put_address(text, entry);
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
