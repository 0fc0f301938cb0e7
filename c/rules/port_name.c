/* Writes and reads the names of a port's sockets. Pure. */
#include "rules/port_name.h"

#include "rules/settings.h"

#define DATAGRAM 'u'

#define ADDRESS4_MOST 15 /* characters of 255.255.255.255 */

/* "/.65535u@ADDR+255". */
#define NAME_MOST (sizeof("/.65535u@+255") + UNSOCK_PORT_ADDRESS_MOST)

/*
 * Written by hand, not with unsock_text: every connection and every datagram makes such names. The settings refuse a
 * directory that leaves no room for them (UNSOCK_DIR_MOST).
 */

static char *put_decimal(char *at, unsigned number) {
    unsigned count = 1;
    if (number > 9)
        count += 1 + (number > 99) + (number > 999) + (number > 9999);
    for (unsigned i = count - 1; i > 0; i--, number /= 10)
        at[i] = (char)('0' + number % 10);
    *at = (char)('0' + number);
    return at + count;
}

static char *put_text(char *at, const char *text) {
    while (*text != '\0')
        *at++ = *text++;
    return at;
}

/* Copies the directory in pieces of constant length. The bytes behind its end are overwritten, or never read. */
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
    char *at = put_decimal(put_directory(path), port);
    if (type == SOCK_DGRAM)
        memcpy(at, datagram_suffix, sizeof(datagram_suffix));
    else
        memcpy(at, stream_suffix, sizeof(stream_suffix));
    return end_path(path, at + (type == SOCK_DGRAM ? sizeof(datagram_suffix) : sizeof(stream_suffix)) - 1);
}

static char *put_port(char *at, struct unsock_port_key key) {
    *at++ = '.';
    at = put_decimal(at, key.number);
    *at = DATAGRAM;
    at += key.type == SOCK_DGRAM;
    *at++ = '@';
    return at;
}

static char *put_address4(char *at, const struct unsock_ip *ip) {
    for (int i = 0; i < 4; i++) {
        at = put_decimal(at, ip->bytes[i]);
        *at++ = '.';
    }
    return at - 1;
}

static char *put_address(char *at, const struct unsock_port_entry *entry) {
    if (entry->form == UNSOCK_PORT_WHOLE && entry->ip.family == AF_INET && !unsock_port_entry_asks(entry))
        return put_address4(at, &entry->ip);
    struct unsock_text text = unsock_text_in(at, UNSOCK_PORT_ADDRESS_MOST);
    unsock_port_entry_put_address(&text, entry);
    return at + text.length;
}

/* Writes the name of a socket's own file. */
static char *put_socket_name(char *at, struct unsock_port_key key, const struct unsock_port_entry *entry) {
    at = put_address(put_port(at, key), entry);
    if (entry->number == 0)
        return at;
    *at++ = '+';
    return put_decimal(at, entry->number);
}

/* Cuts off a name that is too long: no socket has such a name. */
static socklen_t put_named_path(struct sockaddr_un *path, const char *name, const char *end) {
    char *at = put_directory(path);
    size_t length = UNSOCK_MIN((size_t)(end - name), (size_t)(path->sun_path + sizeof(path->sun_path) - 1 - at));
    memcpy(at, name, length);
    return end_path(path, at + length);
}

socklen_t unsock_port_path(struct unsock_port_key key, const struct unsock_port_entry *entry,
                           struct sockaddr_un *path) {
    char name[NAME_MOST], *end = put_socket_name(name, key, entry);
    return put_named_path(path, name, end);
}

/* Does without an entry, which takes longer to make than all the rest. */
socklen_t unsock_port_path4(struct unsock_port_key key, const struct unsock_ip *ip, struct sockaddr_un *path) {
    if (!unsock_port_entry_fits(ADDRESS4_MOST)) {
        struct unsock_port_entry entry = unsock_port_entry_of(ip, true, 0);
        return unsock_port_path(key, &entry, path);
    }
    return end_path(path, put_address4(put_port(put_directory(path), key), ip));
}

void unsock_port_record_path(struct unsock_port_key key, const char *end, struct sockaddr_un *path) {
    char name[NAME_MOST], *name_end = put_text(put_port(name, key), end);
    put_named_path(path, name, name_end);
}

bool unsock_port_is_of_another_protocol(struct unsock_span text) {
    return text.length > 1 && text.at[0] == '#' && text.at[1] >= '0' && text.at[1] <= '9';
}

bool unsock_port_is_own_path(const struct sockaddr_un *path) {
    return path->sun_path[unsock_settings.directory_length + 1] == '.';
}

/* Cuts ".PORT@" or ".PORTu@" off the front. */
static bool cut_port(struct unsock_span *rest, struct unsock_port_key *key) {
    uint64_t number;
    if (rest->length < 2 || rest->at[0] != '.' || rest->at[1] == '0')
        return false;
    struct unsock_span left = {rest->at + 1, rest->length - 1}, digits = unsock_span_next(&left, '@');
    bool ends = digits.length + 1 == rest->length; /* there is no '@' */
    bool datagram = digits.length > 0 && digits.at[digits.length - 1] == DATAGRAM;
    digits.length -= datagram;
    if (ends || !unsock_span_number(digits, 10, 65535, &number))
        return false;
    *key = (struct unsock_port_key){(uint16_t)number, datagram ? SOCK_DGRAM : SOCK_STREAM};
    *rest = left;
    return true;
}

bool unsock_port_name_read(struct unsock_span name, struct unsock_port_key *key, struct unsock_port_entry *entry) {
    struct unsock_span rest = name;
    if (!cut_port(&rest, key) || !unsock_port_entry_next(&rest, entry) || rest.length > 0)
        return false;
    /* Only entries of a record have marks. */
    return entry->number == 0 ? entry->marks == 0 : (entry->marks & ~UNSOCK_PORT_REUSEPORT) == 0;
}

bool unsock_port_record_name_read(struct unsock_span name, struct unsock_port_key *key, bool *next) {
    *next = name.length > 0 && name.at[name.length - 1] == '~';
    name.length -= *next;
    return name.length > 0 && name.at[name.length - 1] == '@' && cut_port(&name, key) && name.length == 0;
}

void unsock_port_link_write(struct unsock_port_key key, const struct unsock_port_entry *first, bool several,
                            char *buffer) {
    *put_socket_name(put_text(buffer, several ? "./" : ""), key, first) = '\0';
}

bool unsock_port_link_read(struct unsock_span text, struct unsock_port_key key, struct unsock_port_entry *first,
                           bool *several) {
    struct unsock_port_key read;
    *several = text.length > 2 && text.at[0] == '.' && text.at[1] == '/';
    if (*several)
        text = (struct unsock_span){text.at + 2, text.length - 2};
    return unsock_port_name_read(text, &read, first) && read.number == key.number && read.type == key.type;
}
