/* Binding a datagram client. */
#include "files/port_client.h"

#include "files/bind_request.h"
#include "files/file_netns.h"
#include "files/port_bind.h"
#include "files/socketfile.h"
#include "kernel/version.h"
#include "rt/net.h"
#include "rules/address.h"
#include "rules/port_name.h"

/* PORT.dgram.sock is a client at the default address of IPv4 that asks the same. */
static bool is_to_tell(const struct unsock_bind_request *request) {
    struct unsock_ip usual = unsock_address_default(AF_INET, 0);
    struct unsock_port_entry asking;
    return !unsock_ip_same_address(&request->target, &usual) &&
           unsock_port_entry_asking(&request->ip, request->v6only, &request->target, &asking);
}

/* The kernel decides between it and servers: where PORT.dgram.sock is, neither can be made. */
long unsock_port_client_bind(const struct unsock_bind_request *request, struct unsock_bound *bound) {
    if (unsock_kernel_is_before(5, 14) || is_to_tell(request))
        return unsock_port_bind(request, bound, UNSOCK_PORT_IF_FREE);
    socklen_t length = unsock_address_path(request->ip.port, SOCK_DGRAM, &bound->path);
    long result = unsock_socketfile_bind(request->socket, &bound->path, length, UNSOCK_OPEN_TO_ALL);
    bound->how = UNSOCK_BOUND_FILE;
    bound->tag = UNSOCK_PORT_PLAIN_TAG;
    if (result == 0)
        unsock_file_netns_note(bound->path.sun_path);
    return result;
}
