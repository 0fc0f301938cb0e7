/* Writes, reads and compares the names of a port's sockets. Pure. */
#include "rules/port_name.h"

#include "rules/settings.h"

#define DATAGRAM 'u'
#define ADDRESS4_MOST 15 /* characters of 255.255.255.255 */
#define BOTH "any"
#define ASKS ','
#define NUMBER_MOST 3 /* digits of UNSOCK_PORT_NUMBERS */
/* "/.65535u@ADDR+255". */
#define NAME_MOST (sizeof("/.65535u@+255") + UNSOCK_PORT_ADDRESS_MOST)
/* The bytes of a path besides DIR and ADDR: "/.65535@", "+109", the NUL; for datagrams "/.65535u@", "+99", the NUL. */
#define AROUND (8 + 4 + 1)

static const struct {
    char character;
    uint8_t mark;
} entry_marks[] = {{'+', UNSOCK_PORT_REUSEPORT}, {'*', UNSOCK_PORT_REUSEADDR}, {'!', UNSOCK_PORT_CONNECTED}};

/* The functions below do without unsock_text, for speed: every connection, and every datagram to an address, makes a
 * name. The settings refuse a directory that leaves no room for names (UNSOCK_DIR_MOST). */

static char *put_text(char *at, const char *text) {
    while (*text != '\0')
        *at++ = *text++;
    return at;
}

static char *put_whole(char *at, const struct unsock_port_entry *entry) {
    bool both = entry->ip.family == AF_INET6 && !entry->v6only && unsock_ip_is_wildcard(&entry->ip);
    at = both ? put_text(at, BOTH) : unsock_ip_show(at, &entry->ip, '-');
    if (!unsock_port_entry_asks(entry))
        return at;
    *at++ = ASKS;
    return unsock_ip_show(at, &entry->target, '-');
}

static char *put_address(char *at, const struct unsock_port_entry *entry) {
    if (entry->form == UNSOCK_PORT_WHOLE)
        return put_whole(at, entry);
    bool hashed = entry->form == UNSOCK_PORT_HASHED;
    return unsock_short_address_put(at, hashed ? entry->ip.words[0] : unsock_short_address(&entry->ip));
}

static bool has_path_room(size_t length) {
    return unsock_settings.directory_length + AROUND + length <= sizeof(((struct sockaddr_un *)0)->sun_path);
}

/* True if the entry's name fits into a socket path with the whole address. The addresses "any" and "--" always fit. */
static bool fits(const struct unsock_port_entry *entry) {
    char address[UNSOCK_PORT_ENTRY_MOST];
    if (has_path_room(sizeof(address)))
        return true;
    size_t length = (size_t)(put_whole(address, entry) - address);
    return length <= sizeof(BOTH) || has_path_room(length);
}

struct unsock_port_entry unsock_port_entry_of(const struct unsock_ip *ip, int type, bool v6only, uint8_t number) {
    struct unsock_port_entry entry = {.number = number, .type = (unsigned)type & 15, .ip = *ip};
    entry.ip.tag = 0;
    entry.marks = number > 0 && number <= UNSOCK_PORT_SHARERS ? UNSOCK_PORT_REUSEPORT : 0;
    entry.v6only = v6only && ip->family == AF_INET6 && unsock_ip_is_wildcard(ip);
    if (!fits(&entry)) {
        bool known = unsock_short_address_ip(unsock_short_address(ip), &entry.ip);
        entry.form = known ? UNSOCK_PORT_SHORT : UNSOCK_PORT_HASHED;
        entry.ip.port = ip->port;
    }
    return entry;
}

bool unsock_port_entry_ask(struct unsock_port_entry *entry, const struct unsock_ip *target) {
    if (target->family == 0 || unsock_ip_is_wildcard(target) || entry->form != UNSOCK_PORT_WHOLE ||
        !unsock_ip_is_wildcard(&entry->ip))
        return false;
    struct unsock_port_entry asking = {
        .type = entry->type, .v6only = entry->v6only, .ip = entry->ip, .target = *target};
    asking.target.port = asking.target.tag = 0;
    if (!fits(&asking))
        return false;
    *entry = asking;
    return true;
}

bool unsock_port_same_address(const struct unsock_port_entry *a, const struct unsock_port_entry *b) {
    return a->form == b->form && a->v6only == b->v6only && unsock_ip_same_address(&a->ip, &b->ip) &&
           unsock_ip_same_address(&a->target, &b->target);
}

bool unsock_port_same(const struct unsock_port_entry *a, const struct unsock_port_entry *b) {
    return a->number == b->number && unsock_port_same_address(a, b);
}

bool unsock_port_entry_tells(const struct unsock_port_entry *entry) {
    return entry->form != UNSOCK_PORT_HASHED && !unsock_ip_is_wildcard(&entry->ip);
}

/* A datagram client whose name shows its target (it asks) excludes every other address on its port. */
bool unsock_port_overlap(const struct unsock_port_entry *a, const struct unsock_port_entry *b) {
    return unsock_port_entry_asks(a) || unsock_port_entry_asks(b) ||
           unsock_ip_conflict(&a->ip, a->v6only, &b->ip, b->v6only);
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

/* Cuts off the marks, in order, and the number. Before a number of UNSOCK_PORT_RESERVED or more, '+' is no mark. */
static bool cut_number(struct unsock_span *rest, struct unsock_port_entry *entry) {
    unsigned value = 0;
    size_t at = 0;
    for (size_t i = 0; i < sizeof(entry_marks) / sizeof(entry_marks[0]); i++) {
        bool marked = at < rest->length && rest->at[at] == entry_marks[i].character;
        entry->marks |= marked ? entry_marks[i].mark : 0;
        at += marked;
    }
    size_t end = at, most = UNSOCK_MIN(rest->length, at + NUMBER_MOST);
    for (; end < most && rest->at[end] >= '0' && rest->at[end] <= '9'; end++)
        value = 10 * value + (unsigned)(rest->at[end] - '0');
    if (entry->marks == 0 || end == at || value > UNSOCK_PORT_NUMBERS || (rest->at[at] == '0' && end > at + 1) ||
        (end < rest->length && rest->at[end] != ' '))
        return false;
    entry->number = (uint8_t)value;
    bool reserved = value >= UNSOCK_PORT_RESERVED;
    if (reserved && entry->marks != UNSOCK_PORT_REUSEPORT && entry->marks != UNSOCK_PORT_REUSEADDR)
        return false;
    entry->marks &= reserved ? UNSOCK_PORT_REUSEADDR : entry->marks;
    *rest = (struct unsock_span){rest->at + end, rest->length - end};
    return true;
}

/* Reads ADDR. Accepts only the spelling that put_address writes. */
static bool read_address(struct unsock_span text, struct unsock_port_entry *entry) {
    struct unsock_span rest = text, bound = unsock_span_next(&rest, ASKS);
    bool both = unsock_span_is(bound, BOTH), asks = bound.length < text.length;
    uint32_t bits;
    *entry = (struct unsock_port_entry){.ip.family = AF_INET6};
    if (unsock_short_address_read(text, &bits)) {
        entry->form = unsock_short_address_ip(bits, &entry->ip) ? UNSOCK_PORT_SHORT : UNSOCK_PORT_HASHED;
        if (entry->form == UNSOCK_PORT_SHORT && unsock_short_address(&entry->ip) != bits)
            return false;
    } else if ((!both && !unsock_ip_read_shown(bound, &entry->ip, '-')) ||
               (asks && !unsock_ip_read_shown(rest, &entry->target, '-')))
        return false;
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
    /* A blank must be followed by an entry. */
    if (left.length == 1)
        return false;
    if (left.length > 0)
        left = (struct unsock_span){left.at + 1, left.length - 1};
    *rest = left;
    return true;
}

char *unsock_port_entry_put(char *at, const struct unsock_port_entry *entry) {
    uint8_t shown = entry->number != 0 && entry->marks == 0 ? UNSOCK_PORT_REUSEPORT : entry->marks;
    at = put_address(at, entry);
    for (size_t i = 0; i < sizeof(entry_marks) / sizeof(entry_marks[0]); i++) {
        if (shown & entry_marks[i].mark)
            *at++ = entry_marks[i].character;
    }
    return shown != 0 ? unsock_decimal_put(at, entry->number) : at;
}

uint8_t unsock_port_tag(const struct unsock_port_entry *entry) {
    if (unsock_port_entry_is_plain(entry))
        return UNSOCK_NAME_TAG_PLAIN;
    if (unsock_port_entry_asks(entry))
        return UNSOCK_NAME_TAG_ASKING;
    return (uint8_t)((entry->v6only ? UNSOCK_NAME_TAG_V6ONLY : 0) | entry->number);
}

struct unsock_port_entry unsock_port_entry_of_tag(const struct unsock_ip *ip, int type) {
    if (ip->tag == UNSOCK_NAME_TAG_PLAIN)
        return (struct unsock_port_entry){.type = (unsigned)type & 15, .ip.port = ip->port};
    return unsock_port_entry_of(ip, type, (ip->tag & UNSOCK_NAME_TAG_V6ONLY) != 0,
                                (uint8_t)(ip->tag & ~UNSOCK_NAME_TAG_V6ONLY));
}

/* Copies the directory in pieces of constant length. Bytes behind its end are overwritten, or never read. */
static char *put_directory(struct sockaddr_un *path) {
    path->sun_family = AF_UNIX;
    for (size_t i = 0; i < unsock_settings.directory_length; i += 16)
        memcpy(path->sun_path + i, unsock_settings.directory + i, 16);
    char *end = path->sun_path + unsock_settings.directory_length;
    *end = '/';
    return end + 1;
}

static socklen_t end_path(const struct sockaddr_un *path, char *end) {
    *end = '\0';
    return (socklen_t)(end + 1 - (const char *)path);
}

socklen_t unsock_address_path(uint16_t port, int type, struct sockaddr_un *path) {
    static const char stream_suffix[] = ".sock", datagram_suffix[] = ".dgram.sock";
    char *at = unsock_decimal_put(put_directory(path), port);
    if (type == SOCK_DGRAM)
        memcpy(at, datagram_suffix, sizeof(datagram_suffix));
    else
        memcpy(at, stream_suffix, sizeof(stream_suffix));
    return end_path(path, at + (type == SOCK_DGRAM ? sizeof(datagram_suffix) : sizeof(stream_suffix)) - 1);
}

static char *put_port(char *at, struct unsock_port_key key) {
    *at++ = '.';
    at = unsock_decimal_put(at, key.number);
    *at = DATAGRAM;
    at += key.type == SOCK_DGRAM;
    *at++ = '@';
    return at;
}

static char *put_socket_name(char *at, const struct unsock_port_entry *entry) {
    at = put_address(put_port(at, unsock_port_key_of(entry)), entry);
    if (entry->number == 0)
        return at;
    *at++ = '+';
    return unsock_decimal_put(at, entry->number);
}

/* Writes the directory and the name. Cuts off a name that is too long: no socket has such a name. */
static socklen_t put_named_path(struct sockaddr_un *path, char *name, char *end) {
    char *at = put_directory(path);
    size_t room = (size_t)(path->sun_path + sizeof(path->sun_path) - 1 - at);
    name[UNSOCK_MIN((size_t)(end - name), room)] = '\0';
    return end_path(path, put_text(at, name));
}

UNSOCK_OWN_FRAME static socklen_t put_own_path(const struct unsock_port_entry *entry, struct sockaddr_un *path) {
    char name[NAME_MOST], *end = put_socket_name(name, entry);
    return put_named_path(path, name, end);
}

socklen_t unsock_port_path(const struct unsock_port_entry *entry, struct sockaddr_un *path) {
    return unsock_port_entry_is_plain(entry) ? unsock_address_path(entry->ip.port, entry->type, path)
                                             : put_own_path(entry, path);
}

/* Mostly does without an entry: making one takes longer than all the rest. */
socklen_t unsock_port_path4(struct unsock_port_key key, const struct unsock_ip *ip, struct sockaddr_un *path) {
    if (!has_path_room(ADDRESS4_MOST)) {
        struct unsock_port_entry entry = unsock_port_entry_of(ip, key.type, true, 0);
        entry.ip.port = key.number;
        return unsock_port_path(&entry, path);
    }
    return end_path(path, unsock_ip_show(put_port(put_directory(path), key), ip, '-'));
}

socklen_t unsock_port_record_path(struct unsock_port_key key, const char *end, struct sockaddr_un *path) {
    char name[NAME_MOST], *name_end = put_text(put_port(name, key), end);
    return put_named_path(path, name, name_end);
}

bool unsock_port_is_of_another_protocol(struct unsock_span text) {
    return text.length > 1 && text.at[0] == '#' && text.at[1] >= '0' && text.at[1] <= '9';
}

bool unsock_port_is_own_path(const struct sockaddr_un *path) {
    return path->sun_path[unsock_settings.directory_length + 1] == '.';
}

/* Cuts ".PORT@" or ".PORTu@" off the front. */
static bool cut_port(struct unsock_span *rest, struct unsock_port_entry *entry) {
    uint64_t number;
    if (rest->length < 2 || rest->at[0] != '.' || rest->at[1] == '0')
        return false;
    struct unsock_span left = {rest->at + 1, rest->length - 1}, digits = unsock_span_next(&left, '@');
    bool ends = digits.length + 1 == rest->length; /* there is no '@' */
    bool datagram = digits.length > 0 && digits.at[digits.length - 1] == DATAGRAM;
    digits.length -= datagram;
    if (ends || !unsock_span_number(digits, 10, 65535, &number))
        return false;
    *entry = (struct unsock_port_entry){.type = datagram ? SOCK_DGRAM : SOCK_STREAM, .ip.port = (uint16_t)number};
    *rest = left;
    return true;
}

bool unsock_port_name_read(struct unsock_span name, struct unsock_port_entry *entry) {
    struct unsock_port_entry port;
    struct unsock_span rest = name;
    if (!cut_port(&rest, &port) || !unsock_port_entry_next(&rest, entry) || rest.length > 0)
        return false;
    unsock_port_entry_at(entry, unsock_port_key_of(&port));
    /* A file's name may have '+' before its number, but no other mark. */
    return entry->number == 0 ? entry->marks == 0 : (entry->marks & ~UNSOCK_PORT_REUSEPORT) == 0;
}

bool unsock_port_record_name_read(struct unsock_span name, struct unsock_port_entry *entry, bool *next) {
    *next = name.length > 0 && name.at[name.length - 1] == '~';
    name.length -= *next;
    return name.length > 0 && name.at[name.length - 1] == '@' && cut_port(&name, entry) && name.length == 0;
}

void unsock_port_link_write(const struct unsock_port_entry *first, bool several, char *buffer) {
    *put_socket_name(put_text(buffer, several ? "./" : ""), first) = '\0';
}

bool unsock_port_link_read(struct unsock_span text, struct unsock_port_key key, struct unsock_port_entry *first,
                           bool *several) {
    *several = text.length > 2 && text.at[0] == '.' && text.at[1] == '/';
    if (*several)
        text = (struct unsock_span){text.at + 2, text.length - 2};
    return unsock_port_name_read(text, first) && first->ip.port == key.number && first->type == key.type;
}
