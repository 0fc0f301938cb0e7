/* The names of a port's stream sockets. Pure. */
#include "rules/port_name.h"

#include "rt/mem.h"
#include "rt/net.h"
#include "rt/text.h"
#include "rules/ip.h"
#include "rules/own_name.h"
#include "rules/settings.h"

#define ANY4 "0.0.0.0"
#define ANY6 "--"
#define BOTH "any"
#define TAG_V6ONLY 0x80u
#define FAMILY4 1u
#define FAMILY6 2u
/* What else a path has: "/.65535@", "+109" and the NUL. */
#define AROUND (8 + 4 + 1)

static bool is(const char *address, const char *text) {
    return unsock_span_is(unsock_span_of(address), text);
}

static bool has(const char *address, char c) {
    while (*address != '\0' && *address != c)
        address++;
    return *address != '\0';
}

/* Five characters that stand for an address: no such text has neither a dot nor a colon. */
static bool is_short(const char *address) {
    return !is(address, BOTH) && !has(address, '.') && !has(address, '-');
}

struct unsock_port_entry unsock_port_entry_of(const struct unsock_ip *ip, bool v6only, uint8_t number) {
    struct unsock_port_entry entry = {.number = number};
    struct unsock_text text;
    unsock_text_start(&text, entry.address, sizeof(entry.address));
    if (ip->family == AF_INET6 && unsock_ip_is_wildcard(ip))
        unsock_text_put(&text, v6only ? ANY6 : BOTH);
    else
        unsock_own_name_put(&text, ip, false);
    if (unsock_settings.directory_length + AROUND + text.length > sizeof(((struct sockaddr_un *)0)->sun_path) &&
        text.length > sizeof(BOTH)) {
        unsock_text_start(&text, entry.address, sizeof(entry.address));
        unsock_own_name_put(&text, ip, true);
    }
    return entry;
}

bool unsock_port_same_address(const struct unsock_port_entry *a, const struct unsock_port_entry *b) {
    return unsock_same(a->address, b->address, strlen(a->address) + 1);
}

bool unsock_port_same(const struct unsock_port_entry *a, const struct unsock_port_entry *b) {
    return a->number == b->number && unsock_port_same_address(a, b);
}

bool unsock_port_entry_ip(const struct unsock_port_entry *entry, struct unsock_ip *ip, bool *v6only) {
    bool known = true;
    *v6only = is(entry->address, ANY6);
    *ip = (struct unsock_ip){.family = AF_INET6};
    if (!*v6only && !is(entry->address, BOTH) && !unsock_own_name_read(unsock_span_of(entry->address), ip, &known))
        ip->family = 0;
    return known && ip->family != 0;
}

static unsigned families(const char *address) {
    struct unsock_ip ip;
    bool known;
    if (is(address, BOTH))
        return FAMILY4 | FAMILY6;
    if (!is_short(address))
        return has(address, '-') ? FAMILY6 : FAMILY4;
    return unsock_own_name_read(unsock_span_of(address), &ip, &known) && ip.family == AF_INET6 ? FAMILY6 : FAMILY4;
}

static bool is_wildcard(const char *address) {
    struct unsock_ip ip;
    bool known;
    if (!is_short(address))
        return is(address, ANY4) || is(address, ANY6) || is(address, BOTH);
    return unsock_own_name_read(unsock_span_of(address), &ip, &known) && known && unsock_ip_is_wildcard(&ip);
}

static bool shares(const struct unsock_port_entry *entry) {
    return entry->number != 0 && entry->number <= UNSOCK_PORT_SHARERS;
}

bool unsock_port_conflict(const struct unsock_port_entry *a, const struct unsock_port_entry *b) {
    if ((families(a->address) & families(b->address)) == 0 || (shares(a) && shares(b)))
        return false;
    return is_wildcard(a->address) || is_wildcard(b->address) || unsock_port_same_address(a, b);
}

static bool is_address_character(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
           c == '_' || c == '=';
}

static bool cut_number(struct unsock_span *rest, uint8_t *number) {
    uint64_t value;
    size_t digits = 1;
    while (digits < rest->length && rest->at[digits] != ' ')
        digits++;
    struct unsock_span text = {rest->at + 1, digits - 1};
    if (!unsock_span_number(text, 10, UNSOCK_PORT_NUMBERS, &value) || value == 0 || text.at[0] == '0')
        return false;
    *number = (uint8_t)value;
    *rest = (struct unsock_span){rest->at + digits, rest->length - digits};
    return true;
}

bool unsock_port_entry_next(struct unsock_span *rest, struct unsock_port_entry *entry) {
    struct unsock_span left = *rest;
    size_t length = 0;
    *entry = (struct unsock_port_entry){.number = 0};
    while (length < left.length && is_address_character(left.at[length]))
        length++;
    if (length == 0 || length >= sizeof(entry->address))
        return false;
    memcpy(entry->address, left.at, length);
    left = (struct unsock_span){left.at + length, left.length - length};
    if (left.length > 0 && left.at[0] == '+' && !cut_number(&left, &entry->number))
        return false;
    if (left.length > 0 && left.at[0] != ' ')
        return false;
    /* A blank is followed by another one. */
    if (left.length == 1)
        return false;
    if (left.length > 0)
        left = (struct unsock_span){left.at + 1, left.length - 1};
    *rest = left;
    return true;
}

void unsock_port_entry_put(struct unsock_text *text, const struct unsock_port_entry *entry) {
    unsock_text_put(text, entry->address);
    if (entry->number == 0)
        return;
    unsock_text_char(text, '+');
    unsock_text_number(text, entry->number, 10, 1);
}

uint8_t unsock_port_tag(bool v6only, uint8_t number) {
    return (uint8_t)((v6only ? TAG_V6ONLY : 0) | number);
}

struct unsock_port_entry unsock_port_entry_of_tag(const struct unsock_ip *ip) {
    return unsock_port_entry_of(ip, (ip->tag & TAG_V6ONLY) != 0, (uint8_t)(ip->tag & ~TAG_V6ONLY));
}

static void start_path(struct unsock_text *text, uint16_t port, struct sockaddr_un *path) {
    path->sun_family = AF_UNIX;
    unsock_text_start(text, path->sun_path, sizeof(path->sun_path));
    unsock_text_span(text, (struct unsock_span){unsock_settings.directory, unsock_settings.directory_length});
    unsock_text_put(text, "/.");
    unsock_text_number(text, port, 10, 1);
    unsock_text_char(text, '@');
}

socklen_t unsock_port_path(uint16_t port, const struct unsock_port_entry *entry, struct sockaddr_un *path) {
    struct unsock_text text;
    start_path(&text, port, path);
    unsock_port_entry_put(&text, entry);
    return (socklen_t)(UNSOCK_SUN_PATH_OFFSET + text.length + 1);
}

void unsock_port_record_path(uint16_t port, const char *end, struct sockaddr_un *path) {
    struct unsock_text text;
    start_path(&text, port, path);
    unsock_text_put(&text, end);
}

bool unsock_port_is_own_path(const struct sockaddr_un *path) {
    return path->sun_path[unsock_settings.directory_length + 1] == '.';
}

bool unsock_port_name_read(struct unsock_span name, uint16_t *port, struct unsock_port_entry *entry) {
    uint64_t number;
    if (name.length < 2 || name.at[0] != '.' || name.at[1] == '0')
        return false;
    struct unsock_span rest = {name.at + 1, name.length - 1};
    struct unsock_span digits = unsock_span_next(&rest, '@');
    if (!unsock_span_number(digits, 10, 65535, &number) || !unsock_port_entry_next(&rest, entry) || rest.length > 0)
        return false;
    *port = (uint16_t)number;
    return true;
}

void unsock_port_link_write(uint16_t port, const struct unsock_port_entry *first, bool several, char *buffer) {
    struct unsock_text text;
    unsock_text_start(&text, buffer, UNSOCK_PORT_LINK_MOST);
    unsock_text_put(&text, several ? "./." : ".");
    unsock_text_number(&text, port, 10, 1);
    unsock_text_char(&text, '@');
    unsock_port_entry_put(&text, first);
}

bool unsock_port_link_read(struct unsock_span text, uint16_t port, struct unsock_port_entry *first, bool *several) {
    uint16_t read;
    *several = text.length > 2 && text.at[0] == '.' && text.at[1] == '/';
    if (*several)
        text = (struct unsock_span){text.at + 2, text.length - 2};
    return unsock_port_name_read(text, &read, first) && read == port;
}
