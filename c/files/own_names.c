/* Sockets beside the one that has a port's file. */
#include "files/own_names.h"

#include "files/datagram_port.h"
#include "files/inside.h"
#include "files/origin.h"
#include "files/own_index.h"
#include "files/socketfile.h"
#include "files/walk.h"
#include "kernel/beyond_limit.h"
#include "kernel/file_info.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rt/text.h"
#include "rules/address.h"
#include "rules/ip.h"
#include "rules/kernel_name.h"
#include "rules/own_name.h"
#include "rules/settings.h"

static bool clashes(const struct unsock_bind_request *request, const struct unsock_walk *walk) {
    struct sockaddr_un own;
    if (walk->name.address_known)
        /* One for both families has nobody beside it: a [::] here is for IPv6 alone. */
        return unsock_ip_conflict(&request->ip, request->spelling.v6only, &walk->name.address, true);
    if (unsock_ip_is_wildcard(&request->ip))
        return request->ip.family == walk->name.address.family ||
               (request->ip.family == AF_INET6 && !request->spelling.v6only);
    socklen_t length = unsock_own_name_path(&request->ip, &own);
    return length == walk->length && unsock_same(&own, &walk->path, length);
}

static bool has_socket(const struct unsock_walk *walk) {
    return unsock_walk_is_there(walk) && !unsock_socketfile_is_stale(&walk->path, walk->length);
}

UNSOCK_OWN_FRAME long unsock_own_names_clash(const struct unsock_bind_request *request) {
    struct unsock_walk walk;
    bool found = false;
    unsock_walk_begin(&walk, request->ip.port);
    while (!found && unsock_walk_next(&walk))
        found = clashes(request, &walk) && has_socket(&walk);
    unsock_walk_end(&walk);
    return found ? 1 : unsock_walk_is_complete(&walk) ? 0 : walk.fd;
}

UNSOCK_OWN_FRAME bool unsock_own_names_admit(const struct unsock_bind_request *request, bool *same) {
    struct unsock_walk walk;
    bool admitted = true;
    unsock_walk_begin(&walk, request->ip.port);
    while (admitted && unsock_walk_next(&walk)) {
        if (!clashes(request, &walk) || !has_socket(&walk))
            continue;
        struct unsock_origin origin = unsock_origin_read(walk.path.sun_path);
        admitted = unsock_origin_admits(&origin, request, same);
    }
    unsock_walk_end(&walk);
    return admitted && unsock_walk_is_complete(&walk);
}

/* Is nothing there? Removes what is left over. */
static bool is_gone(const struct unsock_walk *walk) {
    int64_t inode = unsock_file_inode(walk->path.sun_path);
    if (inode > 0)
        return unsock_inside_unlink(walk->path.sun_path) == 0;
    return inode == 0 || inode == -ENOENT;
}

/* How many of the first ones are gone is in *gone. */
UNSOCK_OWN_FRAME static bool find_any(uint16_t port, unsigned *gone) {
    struct unsock_walk walk;
    bool found = false, all_gone = true;
    unsock_walk_begin(&walk, port);
    while (!found && unsock_walk_next(&walk)) {
        found = has_socket(&walk);
        all_gone = all_gone && !found && is_gone(&walk);
        *gone += all_gone;
    }
    unsock_walk_end(&walk);
    return found || !unsock_walk_is_complete(&walk);
}

/* Is there any, with a socket? Left-over ones go, and nobody asks for them again. True where that cannot be told. */
static bool any(uint16_t port) {
    unsigned gone = 0;
    bool found = find_any(port, &gone);
    unsock_own_index_drop(port, false, gone);
    return found;
}

UNSOCK_OWN_FRAME bool unsock_own_names_left(const char *directory, uint16_t port) {
    struct unsock_walk walk;
    unsock_walk_begin_in(&walk, unsock_span_of(directory), port);
    bool found = unsock_walk_next(&walk);
    unsock_walk_end(&walk);
    return found || !unsock_walk_is_complete(&walk);
}

UNSOCK_OWN_FRAME static unsigned unlink_aliases(uint16_t port) {
    struct unsock_walk walk;
    unsigned count = 0;
    unsock_walk_begin(&walk, port);
    walk.links = true;
    for (; unsock_walk_next(&walk); count++) {
        if (unsock_walk_is_there(&walk))
            unsock_inside_unlink(walk.path.sun_path);
    }
    unsock_walk_end(&walk);
    return count;
}

/* No name leads to another one's file any more. */
static void remove_aliases(uint16_t port) {
    unsock_own_index_drop(port, true, unlink_aliases(port));
}

/* The last one is gone, and nobody has to know of any. False: what tells of them could not be removed. */
static bool remove_all(uint16_t port) {
    remove_aliases(port);
    return unsock_own_index_end(port) == 0;
}

/* Removes what has a name without a socket: left over, or a link to one that has the port's file. */
static bool remove_idle(const struct sockaddr_un *path, socklen_t length) {
    int64_t inode = unsock_file_inode(path->sun_path);
    if (inode < 0 || (inode > 0 && !unsock_socketfile_is_stale(path, length)) ||
        (inode == 0 && !unsock_file_is_link(path->sun_path)))
        return false;
    return unsock_inside_unlink(path->sun_path) == 0;
}

/* Others on the port are coming, or a new holder has its file: a link by which its senders find it at once. */
static void put_alias(uint16_t port) {
    struct unsock_ip holder;
    struct sockaddr_un path, alias;
    bool v6only;
    unsock_address_aside_path(port, &path);
    struct unsock_origin origin = unsock_origin_read(path.sun_path);
    if (!origin.known || !unsock_own_name_of_number(origin.number, &holder, &v6only))
        return;
    holder.port = port;
    remove_aliases(port);
    socklen_t length = unsock_own_name_path(&holder, &alias);
    remove_idle(&alias, length);
    if (unsock_own_index_add(&holder, true) < 0)
        return;
    unsock_inside_symlink(path.sun_path + unsock_settings.directory_length + 1, alias.sun_path);
}

long unsock_own_names_tell(const struct unsock_bind_request *request) {
    uint16_t port = request->ip.port;
    if (unsock_datagram_port_is_several(port))
        return unsock_own_index_add(&request->ip, false);
    long result = unsock_datagram_port_divide(port);
    if (result < 0)
        return result;
    /* After it: who is killed in between leaves a port of which the next one sees that there is something to remove. */
    unsock_own_index_begin(port);
    result = unsock_own_index_add(&request->ip, false);
    if (result == 0)
        put_alias(port);
    else
        unsock_own_names_gone(port);
    return result;
}

long unsock_own_names_bind(const struct unsock_bind_request *request, struct unsock_bound *bound) {
    if (unsock_own_names_tell(request) < 0)
        return -EADDRINUSE;
    socklen_t length = unsock_own_name_path(&request->ip, &bound->path);
    long result = unsock_socketfile_bind(request->socket, &bound->path, length, -1);
    if (result == -EADDRINUSE && remove_idle(&bound->path, length))
        result = unsock_socketfile_bind(request->socket, &bound->path, length, -1);
    if (result < 0) {
        unsock_own_names_gone(request->ip.port);
        return result;
    }
    bound->how = UNSOCK_BOUND_HIDDEN;
    bound->hidden = UNSOCK_OWN_NAME_TAG;
    bound->inode = unsock_origin_note(bound->path.sun_path, request);
    return 0;
}

void unsock_own_names_clear(const struct unsock_ip *ip) {
    struct sockaddr_un path;
    socklen_t length = unsock_own_name_path(ip, &path);
    remove_idle(&path, length);
}

void unsock_own_names_gone(uint16_t port) {
    if (unsock_datagram_port_is_several(port) && !any(port) && remove_all(port))
        unsock_datagram_port_unite(port);
}

void unsock_own_names_holder(uint16_t port) {
    put_alias(port);
    unsock_own_names_gone(port);
}

/* Gives the file of one of them the name. */
UNSOCK_OWN_FRAME static bool move_any(uint16_t port, const struct sockaddr_un *path) {
    struct unsock_walk walk;
    bool moved = false;
    unsock_walk_begin(&walk, port);
    while (!moved && unsock_walk_next(&walk))
        moved = unsock_file_inode(walk.path.sun_path) > 0 && !unsock_socketfile_is_stale(&walk.path, walk.length) &&
                unsock_inside_rename(walk.path.sun_path, path->sun_path) == 0;
    unsock_walk_end(&walk);
    return moved;
}

bool unsock_own_names_promote(uint16_t port, const struct sockaddr_un *path) {
    if (!unsock_datagram_port_is_aside(path) || !move_any(port, path))
        return false;
    unsock_own_names_holder(port);
    return true;
}
