/* By which of a port's names a socket of this process is known. */
#include "files/bind.h"

#include "files/port.h"
#include "rules/settings.h"

/* Nobody shares a client's port: its name is the one to which PORT.dgram.sock leads. */
static bool find_asking(struct unsock_port_key key, struct unsock_port_entry *own) {
    bool several;
    return unsock_port_look(key, own, &several) == UNSOCK_PORT_OURS && unsock_port_entry_asks(own);
}

bool unsock_port_own(const struct unsock_fd *entry, struct unsock_port_entry *own) {
    struct unsock_ip bound = unsock_fd_bound_to(entry);
    if (entry->local.tag == UNSOCK_NAME_TAG_PLAIN)
        return false;
    *own = unsock_port_entry_of_tag(&bound);
    if (entry->local.tag == UNSOCK_NAME_TAG_ASKING && !find_asking(unsock_port_key_of(entry), own))
        own->number = UNSOCK_PORT_SHARERS; /* nobody's: the name has gone already */
    return true;
}

socklen_t unsock_port_own_path(const struct unsock_fd *entry, struct sockaddr_un *path) {
    struct unsock_port_entry own;
    if (!unsock_port_own(entry, &own))
        return unsock_address_path(entry->local.port, entry->type, path);
    return unsock_port_path(unsock_port_key_of(entry), &own, path);
}

/*
 * A stream with SO_REUSEPORT has a number at once, and so has one that is reserved; a datagram socket as soon as another
 * one shares its address.
 */
struct unsock_port_entry unsock_port_wanted(const struct unsock_bind_request *request) {
    bool stream = request->type == SOCK_STREAM;
    struct unsock_port_entry me;
    if (unsock_port_entry_asking(&request->ip, request->v6only, &request->target, &me))
        return me;
    bool reserves = stream && request->in_place_of;
    uint8_t number = stream && request->reuseport ? 1 : reserves ? UNSOCK_PORT_WAITING : 0;
    me = unsock_port_entry_of(&request->ip, request->v6only, number);
    if (!stream && request->reuseport)
        me.marks |= UNSOCK_PORT_REUSEPORT;
    if ((!stream || reserves) && request->reuseaddr)
        me.marks |= UNSOCK_PORT_REUSEADDR;
    return me;
}
