/* The list of the addresses that have names of their own on a port. */
#include "rules/own_list.h"

#include "rt/mem.h"
#include "rt/net.h"
#include "rt/text.h"
#include "rules/ip.h"

/* Before the 64 characters that stand for six bits each. */
#define OTHER '!' /* an address as text, up to END */
#define END ','
#define ALIAS '*'
#define FIRST_DIGIT '0'
#define LOOPBACK_LENGTH 4

void unsock_own_list_put(struct unsock_text *text, const struct unsock_ip *ip, bool alias) {
    if (alias)
        unsock_text_char(text, ALIAS);
    if (ip->family != AF_INET || ip->bytes[0] != 127) {
        unsock_text_char(text, OTHER);
        unsock_ip_print(text, ip);
        unsock_text_char(text, END);
        return;
    }
    unsigned number = (unsigned)(ip->bytes[1] << 16 | ip->bytes[2] << 8 | ip->bytes[3]);
    for (int shift = 18; shift >= 0; shift -= 6)
        unsock_text_char(text, (char)(FIRST_DIGIT + (number >> shift & 63)));
}

static void cut(struct unsock_span *rest, size_t length) {
    *rest = (struct unsock_span){rest->at + length, rest->length - length};
}

static bool read_loopback(struct unsock_span *rest, struct unsock_ip *ip) {
    unsigned number = 0;
    if (rest->length < LOOPBACK_LENGTH)
        return false;
    for (int i = 0; i < LOOPBACK_LENGTH; i++) {
        unsigned digit = (unsigned)(uint8_t)rest->at[i] - FIRST_DIGIT;
        if (digit > 63)
            return false;
        number = number << 6 | digit;
    }
    *ip = (struct unsock_ip){.family = AF_INET,
                             .bytes = {127, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number}};
    cut(rest, LOOPBACK_LENGTH);
    return true;
}

bool unsock_own_list_next(struct unsock_span *rest, struct unsock_ip *ip, bool *alias) {
    struct unsock_span at = *rest;
    *alias = at.length > 0 && at.at[0] == ALIAS;
    cut(&at, *alias);
    bool other = at.length > 0 && at.at[0] == OTHER;
    cut(&at, other);
    if (other) {
        struct unsock_span text = unsock_span_next(&at, END);
        /* Without its end the last one may be half of another. */
        if (text.at + text.length == rest->at + rest->length || !unsock_ip_parse(text, ip))
            return false;
    } else if (!read_loopback(&at, ip))
        return false;
    *rest = at;
    return true;
}

bool unsock_own_list_has(struct unsock_span list, const struct unsock_ip *ip, bool alias) {
    struct unsock_ip one;
    bool is_alias, found = false;
    while (!found && unsock_own_list_next(&list, &one, &is_alias))
        found = is_alias == alias && unsock_ip_same_address(&one, ip);
    return found;
}

bool unsock_own_list_is_whole(struct unsock_span list) {
    struct unsock_ip one;
    bool alias;
    while (unsock_own_list_next(&list, &one, &alias))
        continue;
    return list.length == 0;
}
