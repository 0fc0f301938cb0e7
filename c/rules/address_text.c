/* Writes and reads addresses in names, and computes SipHash-2-4 for the short form. Pure. */
#include "rules/ip.h"

#define SHORT_LENGTH 5
#define CLASS_SHIFT 28

/* Five characters of six bits each hold 24 bits of 127.x.y.z, a hash of another address, or a wildcard. */
enum { LOOPBACK4, OTHER4, OTHER6, WILDCARD };

static const char digits64[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_=";

static unsigned group(const struct unsock_ip *ip, int index) {
    return (unsigned)ip->bytes[2 * index] << 8 | ip->bytes[2 * index + 1];
}

/* Returns the start of the longest run of at least two zero groups, for which "--" stands (RFC 5952); 8: none. */
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

void unsock_address_text_show(struct unsock_text *text, const struct unsock_ip *ip) {
    UNSOCK_TEXT(written, sizeof("xxxx:xxxx:xxxx:xxxx:xxxx:xxxx:xxxx:xxxx"));
    put_address(&written, ip);
    for (size_t i = 0; i < written.length; i++)
        unsock_text_char(text, written.buffer[i] == '-' ? ':' : written.buffer[i]);
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

void unsock_address_text_put(struct unsock_text *text, const struct unsock_ip *ip, bool shortened) {
    if (shortened)
        put_short(text, ip);
    else
        put_address(text, ip);
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

bool unsock_address_text_read(struct unsock_span text, struct unsock_ip *ip, bool *known) {
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
        uint64_t word = 0;
        memcpy(&word, (const uint8_t *)data + at, UNSOCK_MIN(size - at, 8));
        if (size - at < 8)
            word |= (uint64_t)size << 56;
        v[3] ^= word;
        mix(v, 2);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    mix(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
