/* Binding socket files: ports of the program's choice, and any free one. */
#include "files/bind.h"

#include "files/port.h"
#include "kernel/socket_info.h"
#include "rules/errno.h"
#include "rules/settings.h"

#define LOOKS_FOR_FREE 10 /* before names that are taken are looked at more closely */

/* A missing directory may have been removed since the start: everything else is the caller's to see. */
static long bind_port(const struct unsock_bind_request *request, struct unsock_bound *bound,
                      enum unsock_port_wish wish) {
    bound->ip = request->ip;
    return unsock_errno_as_ip(UNSOCK_AT_BIND, unsock_port_bind(request, bound, wish));
}

/* By whom PORT.sock leads to, or by one that is not of ours. */
static bool is_taken_by_first(const struct unsock_bind_request *request) {
    struct unsock_port_key key = {request->ip.port, (uint8_t)request->type};
    struct unsock_port_entry first, me = unsock_port_entry_of(&request->ip, request->v6only, 0);
    bool several;
    return unsock_port_look(key, &first, &several) != UNSOCK_PORT_OURS || unsock_port_conflict(&first, &me);
}

/*
 * Has somebody the port for certain, of whom it is not known that he leaves this address free? Asked without the lock,
 * which takes a hundred times as long: where all the range is taken that is to be told at once.
 */
static bool is_taken(const struct unsock_bind_request *request, long probe) {
    struct sockaddr_un path;
    socklen_t length = unsock_address_path(request->ip.port, request->type, &path);
    return !request->reuseport && !request->reuseaddr && unsock_socketfile_is_live(probe, &path, length) &&
           is_taken_by_first(request);
}

/* Is the port to be tried? After some that were taken, only those that are not for certain. */
static bool is_worth_it(const struct unsock_bind_request *one, bool client, unsigned looks, long *probe) {
    if (!client && !unsock_address_covered_bind(&one->ip, one->v6only))
        return false;
    if (looks >= LOOKS_FOR_FREE && *probe == -EBADF)
        *probe = unsock_socketfile_probe();
    return looks < LOOKS_FOR_FREE || !is_taken(one, *probe);
}

/* PORT.dgram.sock is a client at the default address of IPv4 that asks the same. */
static bool is_to_tell(const struct unsock_bind_request *request) {
    struct unsock_ip usual = unsock_address_default(AF_INET, 0);
    struct unsock_port_entry asking;
    return !unsock_ip_same_address(&request->target, &usual) &&
           unsock_port_entry_asking(&request->ip, request->v6only, &request->target, &asking);
}

/* The kernel decides between it and servers: where PORT.dgram.sock is, neither can be made. */
static long bind_client_port(const struct unsock_bind_request *request, struct unsock_bound *bound) {
    if (unsock_kernel_is_before(5, 14) || is_to_tell(request))
        return unsock_port_bind(request, bound, UNSOCK_PORT_IF_FREE);
    socklen_t length = unsock_address_path(request->ip.port, SOCK_DGRAM, &bound->path);
    long result = unsock_socketfile_bind(request->socket, &bound->path, length, UNSOCK_OPEN_TO_ALL);
    bound->how = UNSOCK_BOUND_FILE;
    bound->tag = UNSOCK_NAME_TAG_PLAIN;
    if (result == 0)
        unsock_file_netns_note(bound->path.sun_path);
    return result;
}

/* By now: then no port will do. */
static bool has_name(long socket) {
    union unsock_sockaddr name;
    return unsock_socket_name((int)socket, __NR_getsockname, &name) > (long)UNSOCK_SUN_PATH_OFFSET;
}

/* Looks at a few free names first. Where the range is full of left-over files, these are as good. */
static long bind_any_port(const struct unsock_bind_request *request, bool client, struct unsock_bound *bound) {
    struct unsock_bind_request one = *request;
    unsigned count = unsock_ephemeral_count(), looks = 0;
    long probe = -EBADF, result = -EADDRINUSE;
    for (unsigned i = 0; i < count; i++) {
        one.ip.port = unsock_ephemeral_next();
        if (!is_worth_it(&one, client, looks, &probe))
            continue;
        bool clean = looks++ >= LOOKS_FOR_FREE;
        if (client && !clean) {
            bound->ip = one.ip;
            result = unsock_errno_as_ip(UNSOCK_AT_BIND, bind_client_port(&one, bound));
        } else {
            result = bind_port(&one, bound, clean ? UNSOCK_PORT_ANY : UNSOCK_PORT_IF_FREE);
        }
        if (bound->spent || (result == 0 && bound->how == UNSOCK_BOUND_FILE) ||
            (result < 0 && result != -EADDRINUSE && (result != -EINVAL || has_name(one.socket))))
            break;
        result = -EADDRINUSE;
    }
    unsock_socketfile_probe_end(probe);
    return result;
}

/* A name tells the address, but not that an IPv6 socket has an IPv4 one: who inherits it reads that from its mark. */
static long leave_domain(const struct unsock_bind_request *request, const struct unsock_bound *bound, long result) {
    bool named = result == 0 && (bound->how == UNSOCK_BOUND_FILE || bound->how == UNSOCK_BOUND_WAITING);
    bool told = request->ip.family == AF_INET6 && bound->tag != UNSOCK_NAME_TAG_PLAIN;
    if (named && request->domain == AF_INET6 && !told)
        unsock_socket_mark_set(request->socket, 0, UNSOCK_MARK_INET6);
    return result;
}

long unsock_bindfile_bind(const struct unsock_bind_request *request, struct unsock_bound *bound) {
    memset(bound, 0, sizeof(*bound));
    long result =
        request->ip.port == 0 ? bind_any_port(request, false, bound) : bind_port(request, bound, UNSOCK_PORT_THIS);
    return leave_domain(request, bound, result);
}

long unsock_bindfile_bind_client(const struct unsock_bind_request *request, struct unsock_bound *bound) {
    memset(bound, 0, sizeof(*bound));
    long result = -EADDRINUSE;
    if (request->ip.port != 0) {
        bound->ip = request->ip;
        result = unsock_errno_as_ip(UNSOCK_AT_BIND, bind_client_port(request, bound));
    }
    if (result != 0 && !bound->spent)
        result = bind_any_port(request, true, bound);
    return leave_domain(request, bound, result);
}
