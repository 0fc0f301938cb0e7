/* By which file a client reaches the server of an address. */
#include "calls/stream_path.h"

#include "files/rescue.h"
#include "kernel/beyond_limit.h"
#include "rt/net.h"
#include "rules/address.h"
#include "rules/ip.h"
#include "rules/own_name.h"
#include "rules/settings.h"

/* There are several sockets on the port: that of the address, else the wildcard's, else who has the port's file. */
UNSOCK_OWN_FRAME static long connect_among_several(const struct unsock_ip *target, struct sockaddr_un *path,
                                                   socklen_t *length, unsock_connect_way *way, void *attempt) {
    struct unsock_ip wildcard = {.family = target->family, .port = target->port};
    *length = unsock_own_name_path(target, SOCK_STREAM, path);
    long result = way(attempt);
    if (result == -ENOENT) {
        *length = unsock_own_name_path(&wildcard, SOCK_STREAM, path);
        result = way(attempt);
    }
    if (result == -ENOENT) {
        *length = unsock_address_path(target->port, SOCK_STREAM, path);
        result = way(attempt);
    }
    return result;
}

/*
 * By the link beside the port's file. It leads there where that is the port's only socket; else to nowhere (ELOOP).
 * Without one, the file is the only one, or there is none; what may not be followed (fs.protected_symlinks) says
 * nothing.
 */
static long connect_by_link(const struct unsock_ip *target, struct sockaddr_un *path, socklen_t *length,
                            unsock_connect_way *way, void *attempt) {
    *length = unsock_address_link_path(target->port, path);
    long result = way(attempt);
    if (result == -ELOOP || result == -EACCES)
        return connect_among_several(target, path, length, way, attempt);
    if (result == 0 && unsock_settings.log == UNSOCK_LOG_OFF)
        return 0;
    /* From here on it is about the file itself, not the link. */
    *length = unsock_address_path(target->port, SOCK_STREAM, path);
    return result == -ENOENT ? way(attempt) : result;
}

/* A server that was killed may have another one waiting behind it. */
long unsock_stream_path_connect(const struct unsock_ip *target, struct sockaddr_un *path, socklen_t *length,
                                unsock_connect_way *way, void *attempt) {
    long result = connect_by_link(target, path, length, way, attempt);
    bool rescued = result == -ECONNREFUSED && unsock_rescue(target->port, SOCK_STREAM, path, *length);
    return rescued ? connect_by_link(target, path, length, way, attempt) : result;
}
