/* Which file a client of an address is led to. */
#include "files/client_path.h"

#include "files/port.h"
#include "files/socketfile.h"
#include "rt/net.h"
#include "rules/address.h"
#include "rules/port_name.h"
#include "rules/port_record.h"

/* A connected datagram socket takes nothing from others. */
static bool takes_anybody(long probe, struct unsock_port_key key, const struct unsock_port_entry *entry) {
    enum unsock_port_life life = unsock_port_ask(probe, key, entry);
    return !(entry->marks & UNSOCK_PORT_CONNECTED) && life != UNSOCK_PORT_DEAD && life != UNSOCK_PORT_GONE;
}

/* The first one of those that a client tries; that of a killed server where no other one is there. */
static bool find(const struct unsock_port *port, const struct unsock_ip *ip, struct unsock_port_entry *found) {
    struct unsock_port_entry entry;
    long probe = unsock_socketfile_probe();
    bool any = false, good = false;
    for (unsigned i = 0; !good && unsock_port_candidate(port, ip, 0, false, i, &entry); i++) {
        good = takes_anybody(probe, port->key, &entry);
        if (good || !any)
            *found = entry;
        any = true;
    }
    unsock_socketfile_probe_end(probe);
    return any;
}

long unsock_client_path(const struct unsock_ip *ip, int type, struct sockaddr_un *path) {
    struct unsock_port_key key = {ip->port, (uint8_t)type};
    struct unsock_port_entry entry;
    struct unsock_port *port = unsock_port_borrow();
    if (!port)
        return -ENOBUFS;
    unsock_port_read(port, key);
    if (port->holder == UNSOCK_PORT_OURS && find(port, ip, &entry))
        unsock_port_path(key, &entry, path);
    else
        unsock_address_path(ip->port, type, path);
    unsock_port_return(port);
    return 0;
}
