/* A socket that takes the place of one that another process has. */
#include "files/successor.h"

#include "files/behind.h"
#include "files/beside.h"
#include "files/bound.h"
#include "files/datagram_port.h"
#include "files/lock.h"
#include "files/origin.h"
#include "files/own_index.h"
#include "files/own_names.h"
#include "files/port_link.h"
#include "files/sharers.h"
#include "files/socketfile.h"
#include "kernel/file_info.h"
#include "kernel/option_query.h"
#include "memory/fds.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rules/address.h"
#include "rules/ip.h"
#include "rules/own_name.h"

#define RENAME_EXCHANGED 2u /* renameat2(2) */

static socklen_t holder_path(uint16_t port, int type, struct sockaddr_un *path) {
    return type == SOCK_DGRAM ? unsock_datagram_port_holder(port, path) : unsock_address_path(port, type, path);
}

/* Is the holder of a stream's port known to be on an address that does not exclude the request's? */
static bool is_apart(const struct unsock_bind_request *request) {
    struct unsock_port_link link = unsock_port_link_get(request->ip.port);
    return link.ip.family != 0 && !unsock_ip_conflict(&request->ip, request->spelling.v6only, &link.ip, link.v6only);
}

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
    socklen_t length = holder_path(request->ip.port, request->type, &path);
    if (is_missing(&path, length) || unsock_socketfile_is_stale(&path, length))
        return true;
    struct unsock_origin origin = unsock_origin_read(path.sun_path);
    /* Without a note it has not SO_REUSEPORT. */
    if (!origin.known)
        return request->type == SOCK_STREAM && is_apart(request);
    return !unsock_own_name_conflict(&request->ip, request->spelling.v6only, origin.number) ||
           unsock_origin_admits(&origin, request, same);
}

/* The name that the address has now: its own, or the port's. Returns whether somebody of that very address has it. */
static bool find_name(int type, const struct unsock_ip *ip, bool v6only, struct sockaddr_un *path, bool *own) {
    socklen_t length = unsock_own_name_path(ip, type, path);
    /* One that a killed process left would lead clients there. */
    if (unsock_file_inode(path->sun_path) > 0 && unsock_socketfile_is_stale(path, length) &&
        !unsock_behind_any(path->sun_path))
        unsock_sys(__NR_unlinkat, AT_FDCWD, path->sun_path, 0);
    *own = unsock_file_inode(path->sun_path) > 0;
    if (*own)
        return true;
    holder_path(ip->port, type, path);
    struct unsock_origin origin = unsock_origin_read(path->sun_path);
    return origin.known && origin.number == unsock_own_name_number(ip, v6only);
}

/* The two swap names: whoever looks finds the one or the other. */
static bool take_name(const struct sockaddr_un *hidden, const struct sockaddr_un *path) {
    if (unsock_sys(__NR_renameat2, AT_FDCWD, hidden->sun_path, AT_FDCWD, path->sun_path, RENAME_EXCHANGED) < 0)
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
    holder_path(request->ip.port, request->type, &path);
    struct unsock_origin origin = unsock_origin_read(path.sun_path);
    if (!origin.known || !unsock_own_name_conflict(&request->ip, request->spelling.v6only, origin.number))
        return unsock_own_names_bind(request, bound);
    if (!unsock_own_name_of_number(origin.number, &holder, &v6only) || unsock_own_names_tell(request) < 0)
        return -EADDRINUSE;
    holder.port = request->ip.port;
    holder_path(request->ip.port, request->type, &path);
    unsock_own_name_path(&holder, request->type, &own);
    unsock_own_names_clear(&holder, request->type);
    if (unsock_own_index_add(&holder, request->type, false) < 0 ||
        unsock_sys(__NR_linkat, AT_FDCWD, path.sun_path, AT_FDCWD, own.sun_path, 0) < 0)
        return -EADDRINUSE;
    long result = unsock_beside_bind_hidden(request, bound);
    if (result == 0 && unsock_sys(__NR_renameat, AT_FDCWD, bound->path.sun_path, AT_FDCWD, path.sun_path) < 0) {
        unsock_sys(__NR_unlinkat, AT_FDCWD, bound->path.sun_path, 0);
        result = -EADDRINUSE;
    }
    if (result < 0) {
        unsock_sys(__NR_unlinkat, AT_FDCWD, own.sun_path, 0);
        unsock_own_names_gone(request->ip.port, request->type);
        return result;
    }
    bound->path = path;
    bound->how = UNSOCK_BOUND_FILE;
    if (request->type == SOCK_STREAM)
        unsock_own_names_holder(&request->ip, request->spelling.v6only);
    else
        unsock_own_names_datagram_holder(request->ip.port);
    return 0;
}

long unsock_successor_bind(const struct unsock_bind_request *request, struct unsock_bound *bound) {
    struct sockaddr_un path;
    bool same = false, own, datagram = request->type == SOCK_DGRAM;
    if (!request->reuseport && !(datagram && request->reuseaddr))
        return -EADDRINUSE;
    if (!holder_admits(request, &same) || !unsock_own_names_admit(request, &same))
        return -EADDRINUSE;
    bool dual = request->ip.family == AF_INET6 && unsock_ip_is_wildcard(&request->ip) && !request->spelling.v6only;
    /* Its clients of IPv4 would not find one for both families by another name than the port's. */
    if (!same && dual)
        return -EADDRINUSE;
    if (!same)
        return unsock_ip_is_wildcard(&request->ip) ? bind_before_address(request, bound)
                                                   : unsock_own_names_bind(request, bound);
    struct unsock_bind_request waiting = *request;
    waiting.waits = !datagram;
    long result = unsock_beside_bind_hidden(&waiting, bound);
    if (result < 0 || !datagram)
        return result;
    if (find_name(request->type, &request->ip, request->spelling.v6only, &path, &own) &&
        take_name(&bound->path, &path)) {
        bound->path = path;
        bound->how = own ? UNSOCK_BOUND_HIDDEN : UNSOCK_BOUND_FILE;
        bound->hidden = own ? UNSOCK_OWN_NAME_TAG : 0;
    }
    return 0;
}

void unsock_successor_listen(int fd, struct unsock_fd *entry) {
    struct unsock_lock lock;
    struct sockaddr_un hidden, path;
    bool own, v6only = unsock_option_flag(fd, entry, IPPROTO_IPV6, IPV6_V6ONLY);
    if (unsock_sharers_has_own_name(entry) || unsock_lock_take(&lock) < 0)
        return;
    unsock_sharers_path(entry, &hidden);
    if (unsock_file_inode(hidden.sun_path) != (int64_t)entry->file.inode)
        /* The older one has gone meanwhile, and left its name. */
        unsock_sharers_renamed(entry, false, 0);
    else if (find_name(entry->type, &entry->local, v6only, &path, &own) && take_name(&hidden, &path))
        unsock_sharers_renamed(entry, own, own ? UNSOCK_OWN_NAME_TAG : 0);
    unsock_sharers_path(entry, &path);
    struct unsock_bind_request listening = {.type = entry->type, .ip = entry->local, .reuseport = true};
    listening.spelling.v6only = v6only;
    listening.reuseaddr = unsock_option_flag(fd, entry, SOL_SOCKET, SO_REUSEADDR);
    if (unsock_file_inode(path.sun_path) == (int64_t)entry->file.inode)
        unsock_origin_note(path.sun_path, &listening);
    unsock_lock_drop(&lock);
}
