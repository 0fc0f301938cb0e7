/* The names that tell an address. Pure. */
#include "rules/own_name.h"

#include "rt/mem.h"
#include "rt/net.h"
#include "rt/text.h"
#include "rules/ip.h"
#include "rules/keyed_hash.h"
#include "rules/settings.h"

#define SHORT_LENGTH 5
#define CLASS_SHIFT 28

/* What five characters of six bits stand for: 24 bits of 127.x.y.z, a hash of another address, or a wildcard. */
enum { LOOPBACK4, OTHER4, OTHER6, WILDCARD };

static const char digits64[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_+";

static unsigned group(const struct unsock_ip *ip, int index) {
    return (unsigned)ip->bytes[2 * index] << 8 | ip->bytes[2 * index + 1];
}

/* The longest run of two zero groups or more, which "--" stands for (RFC 5952). Returns its start; 8: none. */
static int zeros(const struct unsock_ip *ip, int *length) {
    int best = 8;
    *length = 1;
    for (int start = 0; start < 8; start++) {
        int end = start;
        while (end < 8 && group(ip, end) == 0)
            end++;
        if (end - start > *length) {
            *length = end - start;
            best = start;
        }
    }
    return best;
}

static void put_address(struct unsock_text *text, const struct unsock_ip *ip) {
    int length, gap;
    if (ip->family == AF_INET) {
        unsock_ip_print(text, ip);
        return;
    }
    gap = zeros(ip, &length);
    for (int i = 0; i < 8; i++) {
        if (i == gap) {
            unsock_text_put(text, "--");
            i += length - 1;
            continue;
        }
        unsock_text_put(text, i > 0 && i != gap + length ? "-" : "");
        unsock_text_number(text, group(ip, i), 16, 1);
    }
}

static uint32_t hash(const struct unsock_ip *ip) {
    static const uint64_t key[2] = {0x756e736f636b, 0x61646472};
    return (uint32_t)unsock_keyed_hash(key, (const char *)ip->bytes, 16);
}

static void put_short(struct unsock_text *text, const struct unsock_ip *ip) {
    bool loopback = ip->family == AF_INET && ip->bytes[0] == 127;
    uint32_t number = ip->family == AF_INET ? OTHER4 : OTHER6;
    number = number << CLASS_SHIFT | (hash(ip) & 0xfffffff);
    if (unsock_ip_is_wildcard(ip))
        number = (uint32_t)WILDCARD << CLASS_SHIFT | (ip->family == AF_INET6);
    else if (loopback)
        number = (uint32_t)(ip->bytes[1] << 16 | ip->bytes[2] << 8 | ip->bytes[3]);
    for (int i = SHORT_LENGTH - 1; i >= 0; i--)
        unsock_text_char(text, digits64[number >> (6 * i) & 63]);
}

static void start_path(struct unsock_text *text, uint16_t port, struct sockaddr_un *path) {
    path->sun_family = AF_UNIX;
    unsock_text_start(text, path->sun_path, sizeof(path->sun_path));
    unsock_text_span(text, (struct unsock_span){unsock_settings.directory, unsock_settings.directory_length});
    unsock_text_char(text, '/');
    unsock_text_number(text, port, 10, 1);
}

socklen_t unsock_own_name_path(const struct unsock_ip *ip, int type, struct sockaddr_un *path) {
    struct unsock_text text;
    bool datagram = type == SOCK_DGRAM;
    for (int shortened = 0; shortened < 2; shortened++) {
        start_path(&text, ip->port, path);
        unsock_text_char(&text, '@');
        if (shortened)
            put_short(&text, ip);
        else
            put_address(&text, ip);
        unsock_text_put(&text, !datagram ? ".sock" : shortened ? ".udp" : ".dgram.sock");
        if (!text.cut)
            break;
    }
    return (socklen_t)(UNSOCK_SUN_PATH_OFFSET + text.length + 1);
}

static bool read_short(struct unsock_span text, struct unsock_ip *ip, bool *known) {
    uint32_t number = 0;
    for (size_t i = 0; i < text.length; i++) {
        uint32_t digit = 0;
        while (digit < 64 && digits64[digit] != text.at[i])
            digit++;
        if (digit == 64)
            return false;
        number = number << 6 | digit;
    }
    unsigned class = number >> CLASS_SHIFT;
    *ip = (struct unsock_ip){.family = class == LOOPBACK4 || class == OTHER4 ? AF_INET : AF_INET6};
    *known = class == LOOPBACK4 || class == WILDCARD;
    if (class == WILDCARD)
        ip->family = (number & 1) ? AF_INET6 : AF_INET;
    if (class == LOOPBACK4) {
        ip->bytes[0] = 127;
        for (int i = 1; i < 4; i++)
            ip->bytes[i] = (uint8_t)(number >> (24 - 8 * i));
    }
    return true;
}

bool unsock_own_name_read(struct unsock_span text, struct unsock_ip *ip, bool *known) {
    char plain[48];
    bool coloned = false, dotted = false;
    if (text.length >= sizeof(plain))
        return false;
    for (size_t i = 0; i < text.length; i++) {
        coloned |= text.at[i] == '-';
        dotted |= text.at[i] == '.';
        plain[i] = text.at[i] == '-' ? ':' : text.at[i];
    }
    if (!coloned && !dotted && text.length == SHORT_LENGTH)
        return read_short(text, ip, known);
    *known = true;
    return unsock_ip_parse((struct unsock_span){plain, text.length}, ip);
}

#define NUMBER_SHIFT (UNSOCK_OWN_NAME_NUMBER_BITS - 2)
#define NUMBER_MASK ((1u << NUMBER_SHIFT) - 1)

/* Of the class WILDCARD. */
enum { NUMBER_ANY4, NUMBER_DUAL, NUMBER_ANY6, NUMBER_LOOPBACK6 };

static const uint8_t loopback4[16] = {127, 0, 0, 1}, loopback6[16] = {[15] = 1};

uint32_t unsock_own_name_number(const struct unsock_ip *ip, bool v6only) {
    const uint8_t *bytes = ip->bytes;
    if (unsock_ip_is_wildcard(ip))
        return (uint32_t)WILDCARD << NUMBER_SHIFT | (ip->family == AF_INET ? NUMBER_ANY4
                                                     : v6only              ? NUMBER_ANY6
                                                                           : NUMBER_DUAL);
    if (ip->family == AF_INET6 && unsock_same(bytes, loopback6, 16))
        return (uint32_t)WILDCARD << NUMBER_SHIFT | NUMBER_LOOPBACK6;
    if (ip->family == AF_INET && bytes[0] == 127)
        return (uint32_t)LOOPBACK4 << NUMBER_SHIFT | (uint32_t)(bytes[1] << 16 | bytes[2] << 8 | bytes[3]);
    return (ip->family == AF_INET ? (uint32_t)OTHER4 : (uint32_t)OTHER6) << NUMBER_SHIFT | (hash(ip) & NUMBER_MASK);
}

bool unsock_own_name_of_number(uint32_t number, struct unsock_ip *ip, bool *v6only) {
    unsigned class = number >> NUMBER_SHIFT, which = number & NUMBER_MASK;
    bool six = class == OTHER6 || (class == WILDCARD && which != NUMBER_ANY4);
    *ip = (struct unsock_ip){.family = six ? AF_INET6 : AF_INET};
    *v6only = class == WILDCARD && which == NUMBER_ANY6;
    if (class == WILDCARD && which == NUMBER_LOOPBACK6)
        memcpy(ip->bytes, loopback6, 16);
    if (class == LOOPBACK4) {
        const uint8_t bytes[4] = {127, (uint8_t)(which >> 16), (uint8_t)(which >> 8), (uint8_t)which};
        memcpy(ip->bytes, bytes, 4);
    }
    return class == LOOPBACK4 || class == WILDCARD;
}

bool unsock_own_name_conflict(const struct unsock_ip *ip, bool v6only, uint32_t number) {
    struct unsock_ip other;
    bool other_v6only;
    if (unsock_own_name_of_number(number, &other, &other_v6only))
        return unsock_ip_conflict(ip, v6only, &other, other_v6only);
    /* The wildcard excludes every address of its family, and that of both all of IPv4 too. */
    if (unsock_ip_is_wildcard(ip))
        return ip->family == other.family || (ip->family == AF_INET6 && !v6only);
    return unsock_own_name_number(ip, v6only) == number;
}

/*
 * A dot and so many slashes, which lead nowhere else: the usual holders have one, an address one for its family and
 * one for each four bits. 127.0.0.1 has none at all.
 */
enum { ANY4 = 1, DUAL, ANY6, LOOPBACK6, ADDRESS4, ADDRESS6, NOBODY };

static void put_dot(struct unsock_text *text, unsigned slashes) {
    unsock_text_char(text, '.');
    for (unsigned i = 0; i < slashes; i++)
        unsock_text_char(text, '/');
}

static void put_holder(struct unsock_text *text, const struct unsock_port_link *link) {
    const struct unsock_ip *ip = &link->ip;
    bool any = unsock_ip_is_wildcard(ip);
    if (ip->family == AF_INET && unsock_same(ip->bytes, loopback4, 16))
        return;
    if (ip->family == 0 || any) {
        put_dot(text, ip->family == 0 ? NOBODY : ip->family == AF_INET ? ANY4 : link->v6only ? ANY6 : DUAL);
        return;
    }
    if (ip->family == AF_INET6 && unsock_same(ip->bytes, loopback6, 16)) {
        put_dot(text, LOOPBACK6);
        return;
    }
    put_dot(text, ip->family == AF_INET ? ADDRESS4 : ADDRESS6);
    for (int i = 0; i < (ip->family == AF_INET ? 8 : 32); i++)
        put_dot(text, 1 + (ip->bytes[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15));
}

static void put_file(struct unsock_text *text, const char *before, uint16_t port, const char *after) {
    unsock_text_put(text, before);
    unsock_text_number(text, port, 10, 1);
    unsock_text_put(text, after);
}

void unsock_port_link_write(const struct unsock_port_link *link, uint16_t port, char *buffer) {
    struct unsock_text text;
    unsock_text_start(&text, buffer, UNSOCK_PORT_LINK_MOST);
    if (link->several)
        put_file(&text, ".", port, ".sock/");
    put_holder(&text, link);
    put_file(&text, "", port, ".sock");
}

/* Cuts a dot and its slashes off the front. Returns how many those are; 0: there is none. */
static unsigned take_dot(struct unsock_span *text) {
    unsigned count = 0;
    if (text->length == 0 || text->at[0] != '.')
        return 0;
    while (count + 1 < text->length && text->at[count + 1] == '/')
        count++;
    *text = (struct unsock_span){text->at + count + 1, text->length - count - 1};
    return count;
}

static bool take(struct unsock_span *text, struct unsock_text *expected) {
    if (text->length < expected->length || !unsock_same(text->at, expected->buffer, expected->length))
        return false;
    *text = (struct unsock_span){text->at + expected->length, text->length - expected->length};
    return true;
}

static bool read_holder(struct unsock_span *text, struct unsock_port_link *link) {
    struct unsock_ip *ip = &link->ip;
    unsigned kind = take_dot(text);
    *ip = (struct unsock_ip){.family = kind == 0 || kind == ANY4 || kind == ADDRESS4 ? AF_INET : AF_INET6};
    link->v6only = kind == ANY6;
    if (kind == 0)
        memcpy(ip->bytes, loopback4, 16);
    if (kind == LOOPBACK6)
        memcpy(ip->bytes, loopback6, 16);
    if (kind == NOBODY)
        ip->family = 0;
    int count = kind == ADDRESS4 ? 8 : kind == ADDRESS6 ? 32 : 0;
    for (int i = 0; i < count; i++) {
        unsigned slashes = take_dot(text);
        if (slashes < 1 || slashes > 16)
            return false;
        ip->bytes[i / 2] = (uint8_t)(ip->bytes[i / 2] << 4 | (slashes - 1));
    }
    return kind <= NOBODY;
}

bool unsock_port_link_read(struct unsock_span span, uint16_t port, struct unsock_port_link *link) {
    char expected[20];
    struct unsock_text text;
    unsock_text_start(&text, expected, sizeof(expected));
    put_file(&text, ".", port, ".sock/");
    link->several = take(&span, &text);
    if (!read_holder(&span, link))
        return false;
    link->ip.port = port;
    unsock_text_start(&text, expected, sizeof(expected));
    put_file(&text, "", port, ".sock");
    return take(&span, &text) && span.length == 0;
}
