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

static const char digits64[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_=";

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

void unsock_own_name_put(struct unsock_text *text, const struct unsock_ip *ip, bool shortened) {
    if (shortened)
        put_short(text, ip);
    else
        put_address(text, ip);
}

static void start_path(struct unsock_text *text, uint16_t port, struct sockaddr_un *path) {
    path->sun_family = AF_UNIX;
    unsock_text_start(text, path->sun_path, sizeof(path->sun_path));
    unsock_text_span(text, (struct unsock_span){unsock_settings.directory, unsock_settings.directory_length});
    unsock_text_char(text, '/');
    unsock_text_number(text, port, 10, 1);
}

socklen_t unsock_own_name_path(const struct unsock_ip *ip, struct sockaddr_un *path) {
    struct unsock_text text;
    for (int shortened = 0; shortened < 2; shortened++) {
        start_path(&text, ip->port, path);
        unsock_text_char(&text, '@');
        unsock_own_name_put(&text, ip, shortened);
        unsock_text_put(&text, shortened ? ".udp" : ".dgram.sock");
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

static const uint8_t loopback6[16] = {[15] = 1};

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
