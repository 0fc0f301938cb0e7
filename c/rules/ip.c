/* Converts IP addresses from and to a sockaddr, text and five characters. Pure. */
#include "rules/ip.h"

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static const uint8_t loopback4[4] = {127, 0, 0, 1};

/* ::ffff:a.b.c.d is the IPv4 address a.b.c.d (RFC 4291, 2.5.5.2). */
static void unmap(struct unsock_ip *ip) {
    if (ip->family != AF_INET6 || !unsock_same(ip->bytes, mapped_prefix, sizeof(mapped_prefix)))
        return;
    memcpy(ip->bytes, ip->bytes + 12, 4);
    memset(ip->bytes + 4, 0, 12);
    ip->family = AF_INET;
}

bool unsock_ip_read(const void *address, size_t length, struct unsock_ip *ip) {
    uint16_t family;
    *ip = (struct unsock_ip){0};
    if (unsock_is_nowhere(address) || length < sizeof(struct sockaddr_in))
        return false;
    memcpy(&family, address, sizeof(family));
    if (family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof(in));
        memcpy(ip->bytes, &in.sin_addr, 4);
        ip->port = __builtin_bswap16(in.sin_port);
        ip->family = AF_INET;
        return true;
    }
    /* The kernel also accepts an address without the scope (SIN6_LEN_RFC2133). */
    if (family != AF_INET6 || length < offsetof(struct sockaddr_in6, sin6_scope_id))
        return false;
    struct sockaddr_in6 in6;
    memcpy(&in6, address, offsetof(struct sockaddr_in6, sin6_scope_id));
    memcpy(ip->bytes, &in6.sin6_addr, 16);
    ip->port = __builtin_bswap16(in6.sin6_port);
    ip->family = AF_INET6;
    unmap(ip);
    return true;
}

static socklen_t write_in6(const struct unsock_ip *ip, union unsock_sockaddr *address) {
    address->in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = __builtin_bswap16(ip->port)};
    uint8_t *bytes = (uint8_t *)&address->in6.sin6_addr;
    if (ip->family == AF_INET) {
        memcpy(bytes, mapped_prefix, sizeof(mapped_prefix));
        memcpy(bytes + 12, ip->bytes, 4);
    } else {
        memcpy(bytes, ip->bytes, 16);
    }
    return sizeof(struct sockaddr_in6);
}

socklen_t unsock_ip_write(const struct unsock_ip *ip, int domain, union unsock_sockaddr *address) {
    if (domain == AF_INET6)
        return write_in6(ip, address);
    address->in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = __builtin_bswap16(ip->port)};
    memcpy(&address->in.sin_addr, ip->family == AF_INET6 ? loopback4 : ip->bytes, 4);
    return sizeof(struct sockaddr_in);
}

bool unsock_ip_is_wildcard(const struct unsock_ip *ip) {
    return (ip->words[0] | ip->words[1] | ip->words[2] | ip->words[3]) == 0;
}

struct unsock_ip unsock_ip_some(struct unsock_ip ip) {
    if (!unsock_ip_is_wildcard(&ip))
        return ip;
    if (ip.family == AF_INET6)
        ip.bytes[15] = 1;
    else
        memcpy(ip.bytes, loopback4, sizeof(loopback4));
    return ip;
}

void unsock_ip_ask(struct unsock_ip *ip, const struct unsock_ip *own) {
    if (!unsock_ip_is_wildcard(ip))
        return;
    if (own && own->family == AF_INET && ip->family == AF_INET)
        memcpy(ip->bytes, own->bytes, sizeof(ip->bytes));
    else if (own && own->family == AF_INET)
        ip->family = AF_INET;
    *ip = unsock_ip_some(*ip);
}

bool unsock_ip_same_address(const struct unsock_ip *a, const struct unsock_ip *b) {
    return a->family == b->family && a->words[0] == b->words[0] && a->words[1] == b->words[1] &&
           a->words[2] == b->words[2] && a->words[3] == b->words[3];
}

bool unsock_ip_conflict(const struct unsock_ip *a, bool a_v6only, const struct unsock_ip *b, bool b_v6only) {
    if (a->family == b->family)
        return unsock_ip_same_address(a, b) || unsock_ip_is_wildcard(a) || unsock_ip_is_wildcard(b);
    const struct unsock_ip *six = a->family == AF_INET6 ? a : b;
    return unsock_ip_is_wildcard(six) && !(six == a ? a_v6only : b_v6only);
}

bool unsock_ip_in_prefix(const struct unsock_ip *ip, const struct unsock_ip *prefix, unsigned bits) {
    unsigned i = 0;
    if (ip->family != prefix->family)
        return false;
    for (; bits >= 32; bits -= 32, i++) {
        if (ip->words[i] != prefix->words[i])
            return false;
    }
    return bits == 0 || __builtin_bswap32(ip->words[i] ^ prefix->words[i]) >> (32 - bits) == 0;
}

static bool parse_v4(struct unsock_span text, uint8_t *bytes) {
    for (int i = 0; i < 4; i++) {
        uint64_t number;
        struct unsock_span part = i < 3 ? unsock_span_next(&text, '.') : text;
        /* Refuses a leading zero: inet_aton(3) would read the part as octal. */
        bool octal = part.length > 1 && part.at[0] == '0';
        if (octal || part.length > 3 || !unsock_span_number(part, 10, 255, &number))
            return false;
        bytes[i] = (uint8_t)number;
    }
    return true;
}

/* Reads groups separated by colons (the last may be a dotted quad) into at most `room` bytes. */
static bool parse_groups(struct unsock_span text, char colon, uint8_t *bytes, size_t room, size_t *used) {
    *used = 0;
    while (text.length > 0) {
        uint64_t group;
        bool last_colon = text.at[text.length - 1] == colon;
        struct unsock_span part = unsock_span_next(&text, colon);
        if (last_colon)
            return false;
        if (text.length == 0 && unsock_span_has(part, '.') && room - *used >= 4) {
            *used += 4;
            return parse_v4(part, bytes + *used - 4);
        }
        if (part.length > 4 || room - *used < 2 || !unsock_span_number(part, 16, 0xffff, &group))
            return false;
        bytes[(*used)++] = (uint8_t)(group >> 8);
        bytes[(*used)++] = (uint8_t)group;
    }
    return true;
}

static bool parse_v6(struct unsock_span text, char colon, uint8_t *bytes) {
    size_t gap = 0, front, back;
    while (gap + 1 < text.length && !(text.at[gap] == colon && text.at[gap + 1] == colon))
        gap++;
    if (gap + 1 >= text.length)
        return parse_groups(text, colon, bytes, 16, &front) && front == 16;
    struct unsock_span after = {text.at + gap + 2, text.length - gap - 2};
    uint8_t tail[16];
    if (after.length > 0 && after.at[0] == colon)
        return false;
    /* "::" stands for at least one group of zeros. */
    if (!parse_groups((struct unsock_span){text.at, gap}, colon, bytes, 14, &front) ||
        !parse_groups(after, colon, tail, 14, &back))
        return false;
    if (unsock_span_has((struct unsock_span){text.at, gap}, '.') || front + back > 14)
        return false;
    memset(bytes + front, 0, 16 - front - back);
    memcpy(bytes + 16 - back, tail, back);
    return true;
}

static bool parse_by(struct unsock_span text, char colon, struct unsock_ip *ip) {
    *ip = (struct unsock_ip){0};
    ip->family = unsock_span_has(text, colon) ? AF_INET6 : AF_INET;
    bool good = ip->family == AF_INET6 ? parse_v6(text, colon, ip->bytes) : parse_v4(text, ip->bytes);
    unmap(ip);
    return good;
}

bool unsock_ip_parse(struct unsock_span text, struct unsock_ip *ip) {
    return parse_by(text, ':', ip);
}

static unsigned group_at(const struct unsock_ip *ip, int index) {
    return (unsigned)ip->bytes[2 * index] << 8 | ip->bytes[2 * index + 1];
}

/* Returns the start of the longest run of at least two zero groups, for which "::" stands (RFC 5952); 8: none. */
static int find_zeros(const struct unsock_ip *ip, int *length) {
    int best = 8;
    *length = 1;
    for (int start = 0; start < 8; start++) {
        int end = start;
        while (end < 8 && group_at(ip, end) == 0)
            end++;
        if (end - start > *length) {
            *length = end - start;
            best = start;
        }
    }
    return best;
}

char *unsock_ip_show(char *at, const struct unsock_ip *ip, char colon) {
    for (int i = 0; ip->family != AF_INET6 && i < 4; i++) {
        at = unsock_decimal_put(at, ip->bytes[i]);
        *at++ = '.';
    }
    if (ip->family != AF_INET6)
        return at - 1;
    int length, gap = find_zeros(ip, &length);
    for (int i = 0; i < 8; i += i == gap ? length : 1) {
        if (i > 0 || i == gap)
            *at++ = colon;
        for (int shift = 12; i != gap && shift >= 0; shift -= 4) {
            if (shift == 0 || group_at(ip, i) >> shift != 0)
                *at++ = "0123456789abcdef"[group_at(ip, i) >> shift & 15];
        }
    }
    if (gap < 8 && gap + length == 8)
        *at++ = colon;
    return at;
}

void unsock_ip_print_port(struct unsock_text *text, const struct unsock_ip *ip) {
    bool six = ip->family == AF_INET6;
    unsock_text_join(text, six ? "[" : "", UNSOCK_IP_TEXT(ip), six ? "]:" : ":", UNSOCK_DECIMAL(ip->port));
}

/* Accepts only the spelling of unsock_ip_show. IPv4 needs no comparison: parse_v4 accepts only one spelling. */
bool unsock_ip_read_shown(struct unsock_span text, struct unsock_ip *ip, char colon) {
    char shown[UNSOCK_IP_SHOWN_MOST];
    if (!parse_by(text, colon, ip))
        return false;
    if (!unsock_span_has(text, colon))
        return true;
    const char *end = unsock_ip_show(shown, ip, colon);
    return unsock_span_same(text, (struct unsock_span){shown, (size_t)(end - shown)});
}

static uint64_t turn(uint64_t word, unsigned bits) {
    return word << bits | word >> (64 - bits);
}

static void mix(uint64_t v[4], unsigned rounds) {
    for (unsigned i = 0; i < rounds; i++) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = turn(v[1], 13) ^ v[0];
        v[3] = turn(v[3], 16) ^ v[2];
        v[0] = turn(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = turn(v[1], 17) ^ v[2];
        v[3] = turn(v[3], 21) ^ v[0];
        v[2] = turn(v[2], 32);
    }
}

uint64_t unsock_keyed_hash(const uint64_t key[2], const void *data, size_t size) {
    uint64_t v[4] = {key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d, key[0] ^ 0x6c7967656e657261,
                     key[1] ^ 0x7465646279746573};
    for (size_t at = 0; at <= size; at += 8) {
        uint64_t word = size - at < 8 ? (uint64_t)size << 56 : 0;
        for (size_t i = 0; i < UNSOCK_MIN(size - at, 8); i++)
            word |= (uint64_t)((const uint8_t *)data)[at + i] << 8 * i;
        v[3] ^= word;
        mix(v, 2);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    mix(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

#define SHORT_LENGTH 5
#define CLASS_SHIFT 28

/* The class of a short address is in the upper two of its 30 bits. The other 28 bits hold the last 24 bits of
 * 127.x.y.z, a hash of another address, or the family of a wildcard. */
enum { LOOPBACK4, OTHER4, OTHER6, WILDCARD };

static const char digits64[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_=";

uint32_t unsock_short_address(const struct unsock_ip *ip) {
    static const uint64_t key[2] = {0x756e736f636b, 0x61646472};
    if (unsock_ip_is_wildcard(ip))
        return (uint32_t)WILDCARD << CLASS_SHIFT | (ip->family == AF_INET6);
    if (ip->family == AF_INET && ip->bytes[0] == 127)
        return (uint32_t)(ip->bytes[1] << 16 | ip->bytes[2] << 8 | ip->bytes[3]);
    uint32_t class = ip->family == AF_INET ? OTHER4 : OTHER6;
    return class << CLASS_SHIFT | ((uint32_t)unsock_keyed_hash(key, ip->bytes, sizeof(ip->bytes)) & 0xfffffff);
}

bool unsock_short_address_ip(uint32_t bits, struct unsock_ip *ip) {
    unsigned class = bits >> CLASS_SHIFT;
    *ip = (struct unsock_ip){.family = class == LOOPBACK4 || class == OTHER4 ? AF_INET : AF_INET6};
    if (class == WILDCARD)
        ip->family = (bits & 1) ? AF_INET6 : AF_INET;
    if (class == LOOPBACK4) {
        ip->bytes[0] = 127;
        for (int i = 1; i < 4; i++)
            ip->bytes[i] = (uint8_t)(bits >> (24 - 8 * i));
    }
    if (class == OTHER4 || class == OTHER6)
        ip->words[0] = bits;
    return class == LOOPBACK4 || class == WILDCARD;
}

char *unsock_short_address_put(char *at, uint32_t bits) {
    for (int i = SHORT_LENGTH - 1; i >= 0; i--)
        *at++ = digits64[bits >> (6 * i) & 63];
    return at;
}

bool unsock_short_address_read(struct unsock_span text, uint32_t *bits) {
    uint32_t number = 0;
    if (text.length != SHORT_LENGTH)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        uint32_t digit = 0;
        while (digit < 64 && digits64[digit] != text.at[i])
            digit++;
        if (digit == 64)
            return false;
        number = number << 6 | digit;
    }
    *bits = number;
    return true;
}
