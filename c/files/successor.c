/* A socket that takes the place of one that another process has. */
#include "files/successor.h"

#include "files/behind.h"
#include "files/beside.h"
#include "files/bound.h"
#include "files/datagram_port.h"
#include "files/inside.h"
#include "files/origin.h"
#include "files/own_index.h"
#include "files/own_names.h"
#include "files/socketfile.h"
#include "kernel/file_info.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rules/address.h"
#include "rules/ip.h"
#include "rules/own_name.h"

#define RENAME_EXCHANGED 2u /* renameat2(2) */

/* By two answers: a wrong one must not give away what somebody has. */
static bool is_missing(const struct sockaddr_un *path, socklen_t length) {
    if (unsock_file_inode(path->sun_path) != -ENOENT)
        return false;
    long probe = unsock_socketfile_probe();
    bool live = probe < 0 || unsock_socketfile_is_live(probe, path, length);
    unsock_socketfile_probe_end(probe);
    return !live;
}

/* Does who has the port's file stand in the way, and if so, let it? */
static bool holder_admits(const struct unsock_bind_request *request, bool *same) {
    struct sockaddr_un path;
    socklen_t length = unsock_datagram_port_holder(request->ip.port, &path);
    if (is_missing(&path, length) || unsock_socketfile_is_stale(&path, length))
        return true;
    struct unsock_origin origin = unsock_origin_read(path.sun_path);
    /* Without a note it has neither option. */
    if (!origin.known)
        return false;
    return !unsock_own_name_conflict(&request->ip, request->spelling.v6only, origin.number) ||
           unsock_origin_admits(&origin, request, same);
}

/* The name that the address has now: its own, or the port's. Returns whether somebody of that very address has it. */
static bool find_name(const struct unsock_ip *ip, bool v6only, struct sockaddr_un *path, bool *own) {
    socklen_t length = unsock_own_name_path(ip, path);
    /* One that a killed process left would lead clients there. */
    if (unsock_file_inode(path->sun_path) > 0 && unsock_socketfile_is_stale(path, length) &&
        !unsock_behind_any(path->sun_path))
        unsock_inside_unlink(path->sun_path);
    *own = unsock_file_inode(path->sun_path) > 0;
    if (*own)
        return true;
    unsock_datagram_port_holder(ip->port, path);
    struct unsock_origin origin = unsock_origin_read(path->sun_path);
    return origin.known && origin.number == unsock_own_name_number(ip, v6only);
}

/* The two swap names: whoever looks finds the one or the other. */
static bool take_name(const struct sockaddr_un *hidden, const struct sockaddr_un *path) {
    if (unsock_inside_rename_with(hidden->sun_path, path->sun_path, RENAME_EXCHANGED) < 0)
        return false;
    unsock_behind_mark_file(path->sun_path);
    return true;
}

/*
 * A wildcard beside an address of its family: where that has the port's file, it gets the name of its own, by which its
 * clients look before they look for the wildcard's, and the wildcard the port's.
 */
static long bind_before_address(const struct unsock_bind_request *request, struct unsock_bound *bound) {
    struct sockaddr_un path, own;
    struct unsock_ip holder;
    bool v6only;
    unsock_datagram_port_holder(request->ip.port, &path);
    struct unsock_origin origin = unsock_origin_read(path.sun_path);
    if (!origin.known || !unsock_own_name_conflict(&request->ip, request->spelling.v6only, origin.number))
        return unsock_own_names_bind(request, bound);
    if (!unsock_own_name_of_number(origin.number, &holder, &v6only) || unsock_own_names_tell(request) < 0)
        return -EADDRINUSE;
    holder.port = request->ip.port;
    unsock_datagram_port_holder(request->ip.port, &path);
    unsock_own_name_path(&holder, &own);
    unsock_own_names_clear(&holder);
    if (unsock_own_index_add(&holder, false) < 0 || unsock_inside_link(path.sun_path, own.sun_path) < 0)
        return -EADDRINUSE;
    long result = unsock_beside_bind_hidden(request, bound);
    if (result == 0 && unsock_inside_rename(bound->path.sun_path, path.sun_path) < 0) {
        unsock_inside_unlink(bound->path.sun_path);
        result = -EADDRINUSE;
    }
    if (result < 0) {
        unsock_inside_unlink(own.sun_path);
        unsock_own_names_gone(request->ip.port);
        return result;
    }
    bound->path = path;
    bound->how = UNSOCK_BOUND_FILE;
    unsock_own_names_holder(request->ip.port);
    return 0;
}

long unsock_successor_bind(const struct unsock_bind_request *request, struct unsock_bound *bound) {
    struct sockaddr_un path;
    bool same = false, own;
    if ((!request->reuseport && !request->reuseaddr) || !holder_admits(request, &same) ||
        !unsock_own_names_admit(request, &same))
        return -EADDRINUSE;
    bool dual = request->ip.family == AF_INET6 && unsock_ip_is_wildcard(&request->ip) && !request->spelling.v6only;
    /* Its clients of IPv4 would not find one for both families by another name than the port's. */
    if (!same && dual)
        return -EADDRINUSE;
    if (!same)
        return unsock_ip_is_wildcard(&request->ip) ? bind_before_address(request, bound)
                                                   : unsock_own_names_bind(request, bound);
    long result = unsock_beside_bind_hidden(request, bound);
    if (result < 0)
        return result;
    if (find_name(&request->ip, request->spelling.v6only, &path, &own) && take_name(&bound->path, &path)) {
        bound->path = path;
        bound->how = own ? UNSOCK_BOUND_HIDDEN : UNSOCK_BOUND_FILE;
        bound->hidden = own ? UNSOCK_OWN_NAME_TAG : 0;
    }
    return 0;
}
