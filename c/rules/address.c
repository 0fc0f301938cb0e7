/* Which addresses are redirected, and to which files. Pure. */
#include "rules/settings.h"

static bool port_covered(uint16_t port) {
    for (unsigned i = 0; i < unsock_settings.port_count; i++) {
        if (port >= unsock_settings.ports[i].first && port <= unsock_settings.ports[i].last)
            return true;
    }
    return unsock_settings.port_count == 0 || port == 0;
}

bool unsock_address_covered(const struct unsock_ip *ip) {
    if (ip->family == 0 || !port_covered(ip->port))
        return false;
    for (unsigned i = 0; i < unsock_settings.address_count; i++) {
        const struct unsock_prefix *prefix = &unsock_settings.addresses[i];
        if (unsock_ip_in_prefix(ip, &prefix->ip, prefix->bits))
            return true;
    }
    return false;
}

bool unsock_address_covered_bind(const struct unsock_ip *ip, bool v6only) {
    if (unsock_address_covered(ip))
        return true;
    if (ip->family != AF_INET6 || v6only || !unsock_ip_is_wildcard(ip))
        return false;
    struct unsock_ip v4 = {.family = AF_INET, .port = ip->port};
    return unsock_address_covered(&v4);
}

struct unsock_ip unsock_address_default(int domain, uint16_t port) {
    struct unsock_ip ip = domain == AF_INET6 ? unsock_settings.default6 : unsock_settings.default4;
    ip.port = port;
    return ip;
}

/* The first and the last of a range are no machine's. */
struct unsock_ip unsock_address_in_range(const struct unsock_prefix *range, uint32_t number, uint16_t port) {
    struct unsock_ip ip = range->ip;
    uint32_t hosts = ~(uint32_t)0 >> range->bits, host = (number - 1) % (hosts - 1) + 1;
    for (int i = 0; i < 4; i++) {
        uint32_t mask = hosts >> (24 - 8 * i) & 0xff;
        ip.bytes[i] = (uint8_t)((ip.bytes[i] & ~mask) | (host >> (24 - 8 * i) & mask));
    }
    ip.port = port;
    return ip;
}

struct unsock_ip unsock_address_accepted(const struct unsock_ip *bound, const struct unsock_ip *claimed) {
    if (!unsock_ip_is_wildcard(bound))
        return *bound;
    bool believed = claimed->port == bound->port && !unsock_ip_is_wildcard(claimed) && unsock_address_covered(claimed);
    return believed ? *claimed : unsock_address_default(bound->family, bound->port);
}

/* The directory, in pieces of constant length: what is copied beyond its end is written over or never read. */
static char *put_directory(struct sockaddr_un *path) {
    for (size_t i = 0; i < unsock_settings.directory_length; i += 16)
        memcpy(path->sun_path + i, unsock_settings.directory + i, 16);
    return path->sun_path + unsock_settings.directory_length;
}

/* The digits of a port, and ".sock" or ".dgram.sock". Returns where the NUL at its end is. */
static char *put_name(char *at, uint16_t port, int type) {
    static const char stream_suffix[] = ".sock", datagram_suffix[] = ".dgram.sock";
    unsigned count = 1 + (port > 9) + (port > 99) + (port > 999) + (port > 9999);
    for (unsigned i = count; i > 0; i--, port /= 10)
        at[i - 1] = (char)('0' + port % 10);
    at += count;
    if (type == SOCK_DGRAM)
        memcpy(at, datagram_suffix, sizeof(datagram_suffix));
    else
        memcpy(at, stream_suffix, sizeof(stream_suffix));
    return at + (type == SOCK_DGRAM ? sizeof(datagram_suffix) : sizeof(stream_suffix)) - 1;
}

/*
 * Written by hand: every connection and every datagram needs them. There is room, since the settings take no longer
 * directory (UNSOCK_DIR_MOST).
 */
socklen_t unsock_address_path(uint16_t port, int type, struct sockaddr_un *path) {
    path->sun_family = AF_UNIX;
    char *at = put_directory(path);
    *at++ = '/';
    return (socklen_t)(put_name(at, port, type) + 1 - (char *)path);
}
