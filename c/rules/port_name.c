/* The names of a port's sockets. Pure. */
#include "rules/port_name.h"

#include "rt/mem.h"
#include "rt/net.h"
#include "rt/text.h"
#include "rules/ip.h"
#include "rules/port_entry.h"
#include "rules/settings.h"

#define DATAGRAM 'u'

static void start_path(struct unsock_text *text, struct sockaddr_un *path) {
    path->sun_family = AF_UNIX;
    unsock_text_start(text, path->sun_path, sizeof(path->sun_path));
    unsock_text_span(text, (struct unsock_span){unsock_settings.directory, unsock_settings.directory_length});
    unsock_text_char(text, '/');
}

static void put_port(struct unsock_text *text, struct unsock_port_key key) {
    unsock_text_char(text, '.');
    unsock_text_number(text, key.number, 10, 1);
    unsock_text_put(text, key.type == SOCK_DGRAM ? "u@" : "@");
}

/* The name of a socket's file. */
static void put_name(struct unsock_text *text, struct unsock_port_key key, const struct unsock_port_entry *entry) {
    put_port(text, key);
    unsock_text_put(text, entry->address);
    if (entry->number == 0)
        return;
    unsock_text_char(text, '+');
    unsock_text_number(text, entry->number, 10, 1);
}

socklen_t unsock_port_path(struct unsock_port_key key, const struct unsock_port_entry *entry,
                           struct sockaddr_un *path) {
    struct unsock_text text;
    start_path(&text, path);
    put_name(&text, key, entry);
    return (socklen_t)(UNSOCK_SUN_PATH_OFFSET + text.length + 1);
}

static char *put_decimal(char *at, unsigned number) {
    unsigned count = 1 + (number > 9) + (number > 99) + (number > 999) + (number > 9999);
    for (unsigned i = count; i > 0; i--, number /= 10)
        at[i - 1] = (char)('0' + number % 10);
    return at + count;
}

/* Written by hand, and into a buffer of its own first: the longest is known to fit there. */
socklen_t unsock_port_path4(struct unsock_port_key key, const struct unsock_ip *ip, struct sockaddr_un *path) {
    char name[sizeof("/.65535u@255.255.255.255")], *at = name;
    *at++ = '/';
    *at++ = '.';
    at = put_decimal(at, key.number);
    if (key.type == SOCK_DGRAM)
        *at++ = DATAGRAM;
    *at++ = '@';
    char *address = at;
    for (int i = 0; i < 4; i++) {
        if (i > 0)
            *at++ = '.';
        at = put_decimal(at, ip->bytes[i]);
    }
    *at = '\0';
    if (!unsock_port_entry_fits((size_t)(at - address))) {
        struct unsock_port_entry entry = unsock_port_entry_of(ip, true, 0);
        return unsock_port_path(key, &entry, path);
    }
    path->sun_family = AF_UNIX;
    memcpy(path->sun_path, unsock_settings.directory, unsock_settings.directory_length);
    memcpy(path->sun_path + unsock_settings.directory_length, name, (size_t)(at - name) + 1);
    return (socklen_t)(UNSOCK_SUN_PATH_OFFSET + unsock_settings.directory_length + (size_t)(at - name) + 1);
}

void unsock_port_record_path(struct unsock_port_key key, const char *end, struct sockaddr_un *path) {
    struct unsock_text text;
    start_path(&text, path);
    put_port(&text, key);
    unsock_text_put(&text, end);
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
    bool ends = digits.length + 1 == rest->length; /* without '@' */
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
    /* Marks stand in the record alone. */
    return entry->number == 0 ? entry->marks == 0 : (entry->marks & ~UNSOCK_PORT_REUSEPORT) == 0;
}

bool unsock_port_record_name_read(struct unsock_span name, struct unsock_port_key *key, bool *next) {
    *next = name.length > 0 && name.at[name.length - 1] == '~';
    name.length -= *next;
    return name.length > 0 && name.at[name.length - 1] == '@' && cut_port(&name, key) && name.length == 0;
}

void unsock_port_link_write(struct unsock_port_key key, const struct unsock_port_entry *first, bool several,
                            char *buffer) {
    struct unsock_text text;
    unsock_text_start(&text, buffer, UNSOCK_PORT_LINK_MOST);
    unsock_text_put(&text, several ? "./" : "");
    put_name(&text, key, first);
}

bool unsock_port_link_read(struct unsock_span text, struct unsock_port_key key, struct unsock_port_entry *first,
                           bool *several) {
    struct unsock_port_key read;
    *several = text.length > 2 && text.at[0] == '.' && text.at[1] == '/';
    if (*several)
        text = (struct unsock_span){text.at + 2, text.length - 2};
    return unsock_port_name_read(text, &read, first) && read.number == key.number && read.type == key.type;
}
