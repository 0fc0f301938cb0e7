/* How a program sees the socket behind a socket file, as a number and as a spelling of the file's path. Pure. */
#include "rules/spelling.h"

#include "rt/mem.h"
#include "rt/net.h"
#include "rt/text.h"
#include "rules/address.h"
#include "rules/ip.h"
#include "rules/settings.h"

/*
 * Views as numbers: a leading 1 bit, then the bits that tell the spelling. The plain spelling is 1 alone; other IPv4
 * addresses are two bits that tell whose, and then 24 bits (of 127.x.y.z) or 32.
 */
enum {
    TARGET6_CODE = 1, /* of a client that is AF_INET6 and sends to IPv4 */
    TARGET4_CODE = 2, /* of one that is AF_INET */
    OTHER_CODE = 3    /* the own one of an AF_INET socket */
};

static uint64_t with_address(unsigned code, const struct unsock_ip *ip) {
    uint64_t number = 1 << 2 | code;
    for (int i = ip->bytes[0] == 127 ? 1 : 0; i < 4; i++)
        number = number << 8 | ip->bytes[i];
    return number;
}

static bool decode(uint64_t number, struct unsock_spelling *spelling) {
    struct unsock_ip none = {0};
    *spelling = (struct unsock_spelling){.domain = AF_INET, .ip = none};
    switch (number) {
    case 1: /* AF_INET, the default address */
        spelling->ip = unsock_address_default(AF_INET, 0);
        return true;
    case 2: /* 0.0.0.0 */
        spelling->ip.family = AF_INET;
        return true;
    case 3: /* [::] for both families */
    case 5: /* [::] for IPv6 only */
        spelling->domain = AF_INET6;
        spelling->ip.family = AF_INET6;
        spelling->v6only = number == 5;
        return true;
    case 4: /* AF_INET6, the default address */
    case 6: /* AF_INET6, but an IPv4 address */
        spelling->domain = AF_INET6;
        spelling->ip = unsock_address_default(number == 4 ? AF_INET6 : AF_INET, 0);
        return true;
    default:
        break;
    }
    unsigned count = number >> 26 == 1 ? 26 : 34, code = (unsigned)(number >> (count - 2) & 3);
    if (number >> count != 1 || code == 0)
        return false;
    struct unsock_ip address = {.family = AF_INET};
    for (int i = 0; i < 4; i++)
        address.bytes[i] = (uint8_t)(number >> (24 - 8 * i));
    if (count == 26)
        address.bytes[0] = 127;
    if (code == OTHER_CODE) {
        spelling->ip = address;
        return true;
    }
    spelling->domain = code == TARGET6_CODE ? AF_INET6 : AF_INET;
    spelling->ip = unsock_address_default(AF_INET, 0);
    spelling->target = address;
    return true;
}

static bool same_spelling(const struct unsock_spelling *a, const struct unsock_spelling *b) {
    return a->domain == b->domain && a->v6only == b->v6only && unsock_ip_same_address(&a->ip, &b->ip);
}

/* The number of a spelling; the plain one's where there is none. */
static uint64_t encode(const struct unsock_spelling *spelling) {
    struct unsock_spelling other, shown = *spelling;
    struct unsock_ip any = unsock_address_default(AF_INET, 0);
    const struct unsock_ip *target = &spelling->target;
    if (target->family == AF_INET && unsock_ip_same_address(&spelling->ip, &any) &&
        !unsock_ip_same_address(target, &any) && !unsock_ip_is_wildcard(target))
        return with_address(spelling->domain == AF_INET6 ? TARGET6_CODE : TARGET4_CODE, target);
    shown.v6only &= unsock_ip_is_wildcard(&spelling->ip);
    for (uint64_t number = 1; number <= 6; number++) {
        if (decode(number, &other) && same_spelling(&shown, &other))
            return number;
    }
    if (spelling->domain != AF_INET || spelling->ip.family != AF_INET)
        return 1;
    return with_address(OTHER_CODE, &spelling->ip);
}

int32_t unsock_spelling_number(const struct unsock_spelling *spelling) {
    uint64_t number = encode(spelling);
    return number > INT32_MAX ? 1 : (int32_t)number;
}

void unsock_spelling_of_number(int32_t number, struct unsock_spelling *spelling) {
    if (number < 1 || !decode((uint64_t)number, spelling))
        decode(1, spelling);
}

socklen_t unsock_spelling_write(const struct unsock_spelling *spelling, struct sockaddr_un *path) {
    struct unsock_text text;
    struct sockaddr_un spelled = {.sun_family = AF_UNIX};
    const char *name = path->sun_path + unsock_settings.directory_length + 1;
    uint64_t number = encode(spelling);
    unsock_text_start(&text, spelled.sun_path, sizeof(spelled.sun_path));
    unsock_text_span(&text, (struct unsock_span){unsock_settings.directory, unsock_settings.directory_length});
    unsock_text_char(&text, '/');
    for (int i = 62 - __builtin_clzll(number); i >= 0; i--)
        unsock_text_put(&text, number >> i & 1 ? "./" : "/");
    unsock_text_put(&text, name);
    if (number > 1 && !text.cut)
        *path = spelled;
    return (socklen_t)(UNSOCK_SUN_PATH_OFFSET + strlen(path->sun_path) + 1);
}

void unsock_spelling_read(struct unsock_span *name, struct unsock_spelling *spelling) {
    uint64_t number = 1;
    for (size_t step = 1; step > 0 && number >> 40 == 0;) {
        bool zero = name->length > 0 && name->at[0] == '/';
        bool one = name->length > 1 && name->at[0] == '.' && name->at[1] == '/';
        step = zero ? 1 : one ? 2 : 0;
        number = step > 0 ? number << 1 | one : number;
        *name = (struct unsock_span){name->at + step, name->length - step};
    }
    if (!decode(number, spelling))
        decode(1, spelling);
}
