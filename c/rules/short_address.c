/* Writes and reads an address in five characters, and computes SipHash-2-4 for them. Pure. */
#include "rules/ip.h"

#define SHORT_LENGTH 5
#define CLASS_SHIFT 28

/* Five characters of six bits each hold 24 bits of 127.x.y.z, a hash of another address, or a wildcard. */
enum { LOOPBACK4, OTHER4, OTHER6, WILDCARD };

static const char digits64[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_=";

static uint32_t hash(const struct unsock_ip *ip) {
    static const uint64_t key[2] = {0x756e736f636b, 0x61646472};
    return (uint32_t)unsock_keyed_hash(key, (const char *)ip->bytes, 16);
}

uint32_t unsock_short_address(const struct unsock_ip *ip) {
    uint32_t class = ip->family == AF_INET ? OTHER4 : OTHER6;
    if (unsock_ip_is_wildcard(ip))
        return (uint32_t)WILDCARD << CLASS_SHIFT | (ip->family == AF_INET6);
    if (ip->family == AF_INET && ip->bytes[0] == 127)
        return (uint32_t)(ip->bytes[1] << 16 | ip->bytes[2] << 8 | ip->bytes[3]);
    return class << CLASS_SHIFT | (hash(ip) & 0xfffffff);
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
    return class == LOOPBACK4 || class == WILDCARD;
}

void unsock_short_address_put(struct unsock_text *text, uint32_t bits) {
    for (int i = SHORT_LENGTH - 1; i >= 0; i--)
        unsock_text_char(text, digits64[bits >> (6 * i) & 63]);
}

bool unsock_short_address_read(struct unsock_span text, uint32_t *bits) {
    *bits = 0;
    for (size_t i = 0; i < text.length; i++) {
        uint32_t digit = 0;
        while (digit < 64 && digits64[digit] != text.at[i])
            digit++;
        if (digit == 64)
            return false;
        *bits = *bits << 6 | digit;
    }
    return text.length == SHORT_LENGTH;
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
