/* Any name but those below "localhost" is another's, of whom a page may have said that he is here (DNS rebinding). */
#include "program/http.h"

#include "rules/ip.h"

#define LOCAL "localhost"
#define DOMAIN "." LOCAL

static struct unsock_http_route nobody(unsigned status, const char *sentence) {
    return (struct unsock_http_route){.kind = UNSOCK_HTTP_NOBODY, .status = status, .sentence = sentence};
}

/* "3000.feature": the port, and the rest is the name. */
static bool split(struct unsock_span *name, uint16_t *port) {
    struct unsock_span rest = *name, number = unsock_span_next(&rest, '.');
    uint64_t value;
    if (rest.length == 0 || !unsock_span_number(number, 10, 65535, &value) || value == 0)
        return false;
    *name = rest;
    *port = (uint16_t)value;
    return true;
}

static struct unsock_http_route route_inner(struct unsock_http_places *places, struct unsock_span name) {
    struct unsock_http_route route = {.kind = UNSOCK_HTTP_LEAD};
    uint16_t ports[UNSOCK_HTTP_PORTS_MOST];
    unsock_http_places_look(places);
    route.place = unsock_http_places_find(places, name);
    if (!route.place && split(&name, &route.port))
        route.place = unsock_http_places_find(places, name);
    if (!route.place)
        return nobody(404, "There is no loopback of this name.");
    if (route.port != 0)
        return route;
    unsigned count = unsock_http_ports(route.place->path, ports);
    if (count == 0)
        return nobody(404, "Nobody listens there.");
    route.kind = count == 1 ? UNSOCK_HTTP_LEAD : UNSOCK_HTTP_CHOOSE;
    route.port = ports[0];
    return route;
}

struct unsock_http_route unsock_http_route_of(struct unsock_http_places *places, struct unsock_span host) {
    struct unsock_span name = unsock_http_host_name(host), address = name;
    const size_t length = sizeof(DOMAIN) - 1;
    struct unsock_ip ip;
    if (name.length > length &&
        unsock_http_same((struct unsock_span){name.at + name.length - length, length}, unsock_span_of(DOMAIN)))
        return route_inner(places, (struct unsock_span){name.at, name.length - length});
    if (name.length > 2 && name.at[0] == '[')
        address = (struct unsock_span){name.at + 1, name.length - 2};
    if (!unsock_http_same(name, unsock_span_of(LOCAL)) && !unsock_ip_parse(address, &ip))
        return nobody(421, "Only names that end with .localhost are answered here.");
    unsock_http_places_look(places);
    return (struct unsock_http_route){.kind = UNSOCK_HTTP_OWN};
}
