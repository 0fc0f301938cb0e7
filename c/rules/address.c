/* Decides which addresses are covered. Pure. */
#include "rules/settings.h"

bool unsock_address_covers_port(uint16_t port) {
    for (unsigned i = 0; i < unsock_settings.port_count; i++) {
        if (port >= unsock_settings.ports[i].first && port <= unsock_settings.ports[i].last)
            return true;
    }
    return unsock_settings.port_count == 0 || port == 0;
}

bool unsock_address_covered_at(const struct unsock_ip *ip, uint16_t port) {
    bool covered = false;
    if (ip->family == 0 || !unsock_address_covers_port(port))
        return false;
    for (unsigned i = 0; !covered && i < unsock_settings.address_count; i++)
        covered = unsock_ip_in_prefix(ip, &unsock_settings.addresses[i].ip, unsock_settings.addresses[i].bits);
    return covered;
}

bool unsock_address_covered_bind(const struct unsock_ip *ip, bool v6only) {
    const struct unsock_ip any4 = {.family = AF_INET};
    bool both = ip->family == AF_INET6 && !v6only && unsock_ip_is_wildcard(ip);
    return unsock_address_covered_at(ip, ip->port) || (both && unsock_address_covered_at(&any4, ip->port));
}

struct unsock_ip unsock_address_default(int domain, uint16_t port) {
    struct unsock_ip ip = domain == AF_INET6 ? unsock_settings.default6 : unsock_settings.default4;
    ip.port = port;
    return ip;
}

/* Skips the first and the last address of a range: they stand for the network itself and for broadcasts. */
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
