/* Binding socket files: free names, stale ones, ports that this process has already, and control files. */
#include "files/bindfile.h"

#include "files/behind.h"
#include "files/beside.h"
#include "files/datagram_port.h"
#include "files/ephemeral.h"
#include "files/handed.h"
#include "files/inside.h"
#include "files/late.h"
#include "files/lock.h"
#include "files/origin.h"
#include "files/own_names.h"
#include "files/port.h"
#include "files/port_bind.h"
#include "files/resolve.h"
#include "files/sharers.h"
#include "files/socketfile.h"
#include "files/successor.h"
#include "kernel/file_info.h"
#include "kernel/identify.h"
#include "kernel/option_query.h"
#include "kernel/version.h"
#include "memory/fds.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rules/address.h"
#include "rules/errno.h"
#include "rules/ip.h"
#include "rules/own_name.h"
#include "rules/spelling.h"

#define LOOKS_FOR_FREE 10 /* before names that are taken are looked at more closely */

/* Is this entry of the cache really a socket of this process bound to the port? Entries may be out of date. */
static bool holds_port(int fd, const struct unsock_fd *entry, const struct unsock_bind_request *request) {
    return entry->type == request->type && entry->local.port == request->ip.port && unsock_identify_has_file(fd, entry);
}

/*
 * Another process has the port. With SO_REUSEADDR a datagram socket that is connected to one client does not stand in
 * the way of the next one for all others: a server that forks for each client does so. It keeps its name in the kernel.
 */
static long bind_after(const struct unsock_bind_request *request, struct unsock_bound *bound) {
    unsock_address_path(request->ip.port, request->type, &bound->path);
    socklen_t length = unsock_beside_respell(request, &bound->path);
    if (!request->reuseaddr)
        return -EADDRINUSE;
    /* The child that has it may not have connected yet: then it is one that this process had before. */
    if (!unsock_socketfile_is_connected(&bound->path, length) && !unsock_late_was(&bound->path))
        return -EADDRINUSE;
    bound->how = UNSOCK_BOUND_FILE;
    long result = unsock_inside_unlink(bound->path.sun_path);
    return result < 0 ? -EADDRINUSE
                      : unsock_socketfile_bind(request->socket, &bound->path, length, unsock_beside_mode(request));
}

/*
 * A server on the wildcards of both families, with a datagram socket for each, is one server: dnsmasq, unbound. They
 * share the port's file, which plain Unix senders know.
 */
static bool is_on_both_wildcards(const struct unsock_bind_request *request) {
    for (int fd = 0; unsock_ip_is_wildcard(&request->ip) && fd < unsock_fds_end(); fd++) {
        const struct unsock_fd *entry = unsock_fds_known(fd);
        if (entry && !(entry->flags & UNSOCK_HIDDEN) && entry->type == SOCK_DGRAM &&
            entry->local.family != request->ip.family && unsock_ip_is_wildcard(&entry->local) &&
            holds_port(fd, entry, request))
            return true;
    }
    return false;
}

/*
 * Somebody is bound to the port; `excluded`: by an address that excludes this one, for certain. When that is this
 * process: the same port once more.
 */
static long bind_beside(const struct unsock_bind_request *request, bool excluded, struct unsock_bound *bound) {
    int rival = -1, own = 0, holder = -1;
    bool all_reuseport = true, all_reuseaddr = true;
    for (int fd = 0; fd < unsock_fds_end(); fd++) {
        struct unsock_fd *entry = unsock_fds_known(fd);
        if (!entry || !holds_port(fd, entry, request))
            continue;
        own++;
        if (!(entry->flags & UNSOCK_HIDDEN))
            holder = fd;
        bool v6only = unsock_option_flag(fd, entry, IPPROTO_IPV6, IPV6_V6ONLY);
        if (!unsock_ip_conflict(&request->ip, request->spelling.v6only, &entry->local, v6only))
            continue;
        all_reuseport &= unsock_option_flag(fd, entry, SOL_SOCKET, SO_REUSEPORT);
        all_reuseaddr &= unsock_option_flag(fd, entry, SOL_SOCKET, SO_REUSEADDR);
        if (rival < 0 || !(entry->flags & UNSOCK_HIDDEN))
            rival = fd;
    }
    if (own == 0) {
        long result = bind_after(request, bound);
        return result == -EADDRINUSE ? unsock_successor_bind(request, bound) : result;
    }
    /* Where another process has a socket that excludes it. */
    if (rival < 0 && excluded)
        return unsock_successor_bind(request, bound);
    if (rival < 0) {
        /* One for IPv6 alone cannot answer IPv4's clients; this one can answer all. */
        bool takes_over = request->ip.family == AF_INET && holder >= 0 && is_on_both_wildcards(request);
        return takes_over ? unsock_beside_take_over(request, unsock_fds_known(holder), bound)
                          : unsock_beside_bind_hidden(request, bound);
    }
    if (request->reuseport && all_reuseport) {
        bound->how = UNSOCK_BOUND_SHARE;
        bound->share = rival;
        return 0;
    }
    if (request->reuseaddr && all_reuseaddr && holder >= 0)
        return unsock_beside_take_over(request, unsock_fds_known(holder), bound);
    return -EADDRINUSE;
}

/* Is the address of the socket at `path`, which has the port's file, known, and does it exclude the request's? */
static bool holder_excludes(const struct unsock_bind_request *request, const struct sockaddr_un *path, bool *excludes) {
    struct unsock_origin origin = unsock_origin_read(path->sun_path);
    *excludes = origin.known && unsock_own_name_conflict(&request->ip, request->spelling.v6only, origin.number);
    return origin.known;
}

/* The name is taken: by a stale file, a live socket, or a control file. Called with the directory locked. */
static long bind_taken(const struct unsock_bind_request *request, socklen_t length, struct unsock_bound *bound) {
    bool behind = false;
    long answers = unsock_resolve(bound->path.sun_path, NULL);
    if (answers < 0 || answers == UNSOCK_ANSWERS_OTHER)
        return answers < 0 ? answers : -EADDRINUSE;
    if (answers == UNSOCK_ANSWERS_CONTROL) {
        bound->how = UNSOCK_BOUND_CONTROL;
        return 0;
    }
    if (answers == UNSOCK_ANSWERS_SOCKET) {
        bool stale = unsock_socketfile_is_stale(&bound->path, length);
        if (!stale || unsock_sharers_rescue(request->ip.port, &bound->path)) {
            long handed = unsock_handed_bind_port(request, bound);
            if (handed != -ENOENT)
                return handed;
            bool excluded = false, known = holder_excludes(request, &bound->path, &excluded);
            return known && !excluded && !is_on_both_wildcards(request) ? unsock_own_names_bind(request, bound)
                                                                        : bind_beside(request, excluded, bound);
        }
        behind = unsock_behind_any(bound->path.sun_path);
        long result = unsock_inside_unlink(bound->path.sun_path);
        if (result < 0 && result != -ENOENT)
            return result;
    }
    long result = unsock_socketfile_bind(request->socket, &bound->path, length, unsock_beside_mode(request));
    if (result == 0 && behind)
        unsock_behind_mark(request->ip.port);
    return result;
}

/* Others may have names of their own. Called with the directory locked. */
static long bind_named(const struct unsock_bind_request *request, socklen_t length, struct unsock_bound *bound) {
    uint16_t port = request->ip.port;
    bool several = unsock_datagram_port_is_several(port);
    if (several) {
        unsock_address_aside_path(port, &bound->path);
        length = unsock_beside_respell(request, &bound->path);
    }
    long clash = several ? unsock_own_names_clash(request) : 0;
    if (clash != 0)
        return clash > 0 ? bind_beside(request, true, bound) : -EADDRINUSE;
    long result = unsock_socketfile_bind(request->socket, &bound->path, length, unsock_beside_mode(request));
    if (result == -EADDRINUSE)
        result = bind_taken(request, length, bound);
    if (result < 0 || bound->how != UNSOCK_BOUND_FILE || !several)
        return result;
    unsock_own_names_clear(&request->ip);
    unsock_origin_note(bound->path.sun_path, request);
    unsock_own_names_holder(port);
    unsock_datagram_port_holder(port, &bound->path);
    return 0;
}

/* Without the lock nothing is removed: a control file needs none, and who is bound is told from what is left over. */
static long bind_unlocked(const struct unsock_bind_request *request, struct unsock_bound *bound, socklen_t length,
                          long why) {
    long answers = unsock_resolve(bound->path.sun_path, NULL);
    if (answers < 0)
        return answers;
    if (answers == UNSOCK_ANSWERS_CONTROL) {
        bound->how = UNSOCK_BOUND_CONTROL;
        return 0;
    }
    if (answers == UNSOCK_ANSWERS_SOCKET && unsock_socketfile_is_stale(&bound->path, length))
        return why;
    return unsock_handed_bind_port(request, bound) == 0 ? 0 : -EADDRINUSE;
}

static long bind_locked(const struct unsock_bind_request *request, socklen_t length, struct unsock_bound *bound) {
    struct unsock_lock lock;
    long locked = unsock_lock_take(&lock);
    long result = locked < 0 ? locked : bind_named(request, length, bound);
    unsock_lock_drop(&lock);
    return locked == 0 ? result : bind_unlocked(request, bound, length, locked);
}

static long bind_datagram(const struct unsock_bind_request *request, struct unsock_bound *bound, bool clean) {
    unsock_address_path(request->ip.port, request->type, &bound->path);
    socklen_t length = unsock_beside_respell(request, &bound->path);
    bound->how = UNSOCK_BOUND_FILE;
    /* Where a bind under way can be taken for a left-over file, it is done under the lock (unsock_socketfile_is_stale).
     */
    bool at_once = !unsock_kernel_is_before(5, 14);
    long result = at_once ? unsock_socketfile_bind(request->socket, &bound->path, length, unsock_beside_mode(request))
                          : -EADDRINUSE;
    if (result == -EADDRINUSE && (clean || !at_once))
        result = bind_locked(request, length, bound);
    if (result == 0 && bound->how == UNSOCK_BOUND_FILE)
        bound->inode = unsock_origin_note(bound->path.sun_path, request);
    return result;
}

/* A missing directory may have been removed since the start: everything else is the caller's to see. */
static long bind_port(const struct unsock_bind_request *request, struct unsock_bound *bound, bool clean) {
    bound->ip = request->ip;
    long result =
        request->type == SOCK_STREAM ? unsock_port_bind(request, bound, clean) : bind_datagram(request, bound, clean);
    return unsock_errno_as_ip(UNSOCK_AT_BIND, result);
}

/* By whom PORT.sock leads to, or by one that is no stream of ours. */
static bool is_taken_by_first(const struct unsock_bind_request *request) {
    struct unsock_port_entry first, me = unsock_port_entry_of(&request->ip, request->spelling.v6only, 0);
    bool several;
    return unsock_port_look(request->ip.port, &first, &several) != UNSOCK_PORT_OURS ||
           unsock_port_conflict(&first, &me);
}

/*
 * Has somebody the port for certain, of whom it is not known that he leaves this address free? Asked without the lock,
 * which takes a hundred times as long: where all the range is taken that is to be told at once.
 */
static bool is_taken(const struct unsock_bind_request *request, long probe) {
    struct sockaddr_un path;
    bool excludes = false;
    socklen_t length = unsock_address_path(request->ip.port, request->type, &path);
    if (request->reuseport || request->reuseaddr || !unsock_socketfile_is_live(probe, &path, length))
        return false;
    if (request->type == SOCK_STREAM)
        return is_taken_by_first(request);
    return !holder_excludes(request, &path, &excludes) || excludes;
}

/* Looks at a few free names first. Where the range is full of left-over files, these are as good. */
static long bind_any_port(const struct unsock_bind_request *request, bool covered_only, struct unsock_bound *bound) {
    struct unsock_bind_request one = *request;
    one.unnoted = !covered_only;
    unsigned count = unsock_ephemeral_count();
    long probe = -EBADF, result = -EADDRINUSE;
    for (unsigned i = 0, looks = 0; i < count; i++) {
        one.ip.port = unsock_ephemeral_next();
        if (covered_only && !unsock_address_covered_bind(&one.ip, one.spelling.v6only))
            continue;
        if (looks >= LOOKS_FOR_FREE && probe == -EBADF)
            probe = unsock_socketfile_probe();
        if (looks >= LOOKS_FOR_FREE && is_taken(&one, probe))
            continue;
        result = bind_port(&one, bound, looks++ >= LOOKS_FOR_FREE);
        if (bound->spent)
            break;
        bool own_name = bound->how == UNSOCK_BOUND_HIDDEN && bound->hidden == UNSOCK_OWN_NAME_TAG;
        bool found = result == 0 && (bound->how == UNSOCK_BOUND_FILE || own_name);
        if (found || (result < 0 && result != -EADDRINUSE && result != -EINVAL))
            break;
        result = -EADDRINUSE;
    }
    unsock_socketfile_probe_end(probe);
    return result;
}

/*
 * A name tells a stream's address, but not that an IPv6 socket has an IPv4 one: who inherits it reads that from an
 * option that means nothing on a listener (SO_PEEK_OFF; socket(7)).
 */
static void leave_domain(const struct unsock_bind_request *request) {
    int32_t number = UNSOCK_SPELLING_MAPPED;
    if (request->type == SOCK_STREAM && request->spelling.domain != request->ip.family)
        unsock_sys(__NR_setsockopt, request->socket, SOL_SOCKET, SO_PEEK_OFF, &number, sizeof(number));
}

long unsock_bindfile_bind(const struct unsock_bind_request *request, struct unsock_bound *bound) {
    memset(bound, 0, sizeof(*bound));
    long result = request->ip.port == 0 ? bind_any_port(request, true, bound) : bind_port(request, bound, true);
    if (result == 0 && (bound->how == UNSOCK_BOUND_FILE || bound->how == UNSOCK_BOUND_HIDDEN))
        leave_domain(request);
    return result;
}

long unsock_bindfile_bind_ephemeral(const struct unsock_bind_request *request, struct unsock_bound *bound) {
    memset(bound, 0, sizeof(*bound));
    return bind_any_port(request, false, bound);
}
