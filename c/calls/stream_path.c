/* By which file a client reaches the server of an address. */
#include "calls/stream_path.h"

#include "files/rescue.h"
#include "kernel/beyond_limit.h"
#include "kernel/file_info.h"
#include "memory/several_ports.h"
#include "rt/net.h"
#include "rules/address.h"
#include "rules/ip.h"
#include "rules/own_name.h"
#include "rules/settings.h"

/* A link to the file of who has the port, as somebody else made it (fs.protected_symlinks). */
static bool may_not_be_followed(const struct sockaddr_un *path, long result) {
    return result == -EACCES && unsock_file_inode(path->sun_path) == 0;
}

/*
 * Who has the address has been killed, or does not listen: the wildcard has its clients, where one shares the port by
 * SO_REUSEPORT, and nobody else.
 */
UNSOCK_OWN_FRAME static long connect_refused(const struct unsock_ip *wildcard, struct sockaddr_un *path,
                                             socklen_t *length, unsock_connect_way *way, void *attempt) {
    struct sockaddr_un own = *path;
    socklen_t own_length = *length;
    if (unsock_rescue(wildcard->port, SOCK_STREAM, path, *length)) {
        long result = way(attempt);
        if (result != -ECONNREFUSED)
            return result;
    }
    *length = unsock_own_name_path(wildcard, SOCK_STREAM, path);
    long result = way(attempt);
    if (result != -ENOENT)
        return result;
    *path = own; /* where a control file may be */
    *length = own_length;
    return -ECONNREFUSED;
}

/* There are several sockets on the port: that of the address, else the wildcard's, else who has the port's file. */
UNSOCK_OWN_FRAME static long connect_among_several(const struct unsock_ip *target, struct sockaddr_un *path,
                                                   socklen_t *length, unsock_connect_way *way, void *attempt) {
    struct unsock_ip wildcard = {.family = target->family, .port = target->port};
    *length = unsock_own_name_path(target, SOCK_STREAM, path);
    long result = way(attempt);
    if (result == -ECONNREFUSED)
        return connect_refused(&wildcard, path, length, way, attempt);
    if (result == -ENOENT || may_not_be_followed(path, result)) {
        *length = unsock_own_name_path(&wildcard, SOCK_STREAM, path);
        result = way(attempt);
    }
    if (result == -ENOENT || may_not_be_followed(path, result)) {
        /* There may be one alone by now, which the link tells at the next time. */
        unsock_several_ports_forget(target->port, SOCK_STREAM);
        *length = unsock_address_path(target->port, SOCK_STREAM, path);
        result = way(attempt);
    }
    return result;
}

/*
 * By the link beside the port's file. It leads there where that is the port's only socket; else to nowhere (ELOOP).
 * Without one, the file is the only one, or there is none; what may not be followed (fs.protected_symlinks) says
 * nothing. Where there were several at the last time, their names come first: who is found there is right in any case.
 */
static long connect_by_link(const struct unsock_ip *target, struct sockaddr_un *path, socklen_t *length,
                            unsock_connect_way *way, void *attempt) {
    if (unsock_several_ports_has(target->port, SOCK_STREAM))
        return connect_among_several(target, path, length, way, attempt);
    *length = unsock_address_link_path(target->port, path);
    long result = way(attempt);
    if (result == -ELOOP)
        unsock_several_ports_note(target->port, SOCK_STREAM);
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
