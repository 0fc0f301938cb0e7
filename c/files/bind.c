/* Which port a bind is for: the program's choice, or any free one. */
#include "files/bind.h"

#include "files/port.h"
#include "kernel/socket_info.h"
#include "rules/errno.h"
#include "rules/settings.h"

#define LOOKS_FOR_FREE 10 /* before names that are taken are looked at more closely */

/*
 * True if somebody has the port for certain, and it is not known that he leaves this address free. Asked without the
 * lock, which takes a hundred times as long: where all the range is taken that is to be told at once.
 */
static bool is_port_taken(const struct unsock_bind *bind, long probe) {
    struct unsock_port_key key = {bind->ip.port, bind->type};
    struct unsock_port_entry first, me = unsock_port_entry_of(&bind->ip, bind->v6only, 0);
    struct sockaddr_un path;
    bool several;
    socklen_t length = unsock_address_path(key.number, key.type, &path);
    return !bind->reuseport && !bind->reuseaddr && unsock_socketfile_is_live(probe, &path, length) &&
           (unsock_port_look(key, &first, &several) != UNSOCK_PORT_OURS || unsock_port_conflict(&first, &me));
}

/* Returns whether to try the port. After some that were taken, passes over those that are taken for certain. */
static bool is_port_worth_it(const struct unsock_bind *bind, bool client, unsigned looks, long *probe) {
    if (!client && !unsock_address_covered_bind(&bind->ip, bind->v6only))
        return false;
    if (looks >= LOOKS_FOR_FREE && *probe == -EBADF)
        *probe = unsock_socketfile_probe();
    return looks < LOOKS_FOR_FREE || !is_port_taken(bind, *probe);
}

/*
 * PORT.dgram.sock is a client at the default address of IPv4 that asks the same. The kernel decides between it and
 * servers: where it is, neither can be made.
 */
static long bind_as_client(struct unsock_bind *bind) {
    struct unsock_ip usual = unsock_address_default(AF_INET, 0);
    struct unsock_port_entry asking;
    if (unsock_kernel_is_before(5, 14) || (!unsock_ip_same_address(&bind->target, &usual) &&
                                           unsock_port_entry_asking(&bind->ip, bind->v6only, &bind->target, &asking)))
        return unsock_bind_names(bind, UNSOCK_PORT_IF_FREE);
    socklen_t length = unsock_address_path(bind->ip.port, SOCK_DGRAM, &bind->path);
    long result = unsock_socketfile_bind(bind->socket, &bind->path, length, UNSOCK_OPEN_TO_ALL);
    bind->how = UNSOCK_BOUND_FILE;
    bind->tag = UNSOCK_NAME_TAG_PLAIN;
    if (result == 0)
        unsock_file_netns_note(bind->path.sun_path);
    return result;
}

/* By now: then no port will do. */
static bool has_socket_name(int socket) {
    union unsock_sockaddr name;
    return unsock_socket_name(socket, __NR_getsockname, &name) > (long)UNSOCK_SUN_PATH_OFFSET;
}

/* Looks at a few free names first. Where the range is full of stale files, these are as good. */
static long bind_any_port(struct unsock_bind *bind, bool client) {
    unsigned count = unsock_ephemeral_count(), looks = 0;
    UNSOCK_CLOSED long probe = -EBADF;
    for (unsigned i = 0; i < count; i++) {
        bind->ip.port = unsock_ephemeral_next();
        if (!is_port_worth_it(bind, client, looks, &probe))
            continue;
        bool clean = looks++ >= LOOKS_FOR_FREE;
        long result = client && !clean ? bind_as_client(bind)
                                       : unsock_bind_names(bind, clean ? UNSOCK_PORT_ANY : UNSOCK_PORT_IF_FREE);
        result = unsock_errno_as_ip(UNSOCK_AT_BIND, result);
        if (bind->spent || (result == 0 && bind->how == UNSOCK_BOUND_FILE) ||
            (result < 0 && result != -EADDRINUSE && (result != -EINVAL || has_socket_name(bind->socket))))
            return result;
    }
    return -EADDRINUSE;
}

/* A name tells the address, but not that an IPv6 socket has an IPv4 one: who inherits it reads that from its mark. */
static long leave_domain(const struct unsock_bind *bind, long result) {
    bool named = result == 0 && (bind->how == UNSOCK_BOUND_FILE || bind->how == UNSOCK_BOUND_WAITING);
    bool told = bind->ip.family == AF_INET6 && bind->tag != UNSOCK_NAME_TAG_PLAIN;
    if (named && bind->domain == AF_INET6 && !told)
        unsock_socket_mark_set(bind->socket, 0, UNSOCK_MARK_INET6);
    return result;
}

long unsock_bind_port(struct unsock_bind *bind) {
    bool any = bind->ip.port == 0;
    long result = any ? bind_any_port(bind, false)
                      : unsock_errno_as_ip(UNSOCK_AT_BIND, unsock_bind_names(bind, UNSOCK_PORT_THIS));
    return leave_domain(bind, result);
}

long unsock_bind_client(struct unsock_bind *bind) {
    long result = -EADDRINUSE;
    if (bind->ip.port != 0)
        result = unsock_errno_as_ip(UNSOCK_AT_BIND, bind_as_client(bind));
    if (result != 0 && !bind->spent)
        result = bind_any_port(bind, true);
    return leave_domain(bind, result);
}
