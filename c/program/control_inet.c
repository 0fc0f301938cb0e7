/* What stands in brackets is IPv6, an IPv4-mapped address too. */
#include "program/control_inet.h"

#include "rt/text.h"
#include "rules/ip.h"

#define PORT_MOST 65535

/* With a zone behind '%', or without. */
static bool read_six(struct unsock_span inner, struct unsock_ip *ip, uint64_t *zone) {
    struct unsock_span host = unsock_span_next(&inner, '%');
    bool has_zone = inner.at != host.at + host.length;
    return unsock_ip_parse(host, ip) && (!has_zone || unsock_span_number(inner, 10, UINT32_MAX, zone));
}

bool unsock_control_inet(const char *text, union unsock_sockaddr *address, uint32_t *length) {
    struct unsock_span host = unsock_span_of(text);
    struct unsock_ip ip;
    uint64_t port, zone = 0;
    bool has_colon = false;
    while (host.length > 0 && host.at[host.length - 1] != ':')
        host.length--;
    if (host.length < 2 || !unsock_span_number(unsock_span_of(text + host.length), 10, PORT_MOST, &port) || port == 0)
        return false;
    host.length--;
    for (size_t i = 0; i < host.length; i++)
        has_colon |= host.at[i] == ':';
    bool is_six = host.length > 2 && host.at[0] == '[' && host.at[host.length - 1] == ']';
    struct unsock_span inner = {host.at + 1, host.length - 2};
    if (has_colon != is_six || !(is_six ? read_six(inner, &ip, &zone) : unsock_ip_parse(host, &ip)))
        return false;
    ip.port = (uint16_t)port;
    *length = unsock_ip_write(&ip, is_six ? AF_INET6 : AF_INET, address);
    if (is_six)
        address->in6.sin6_scope_id = (uint32_t)zone;
    return true;
}
