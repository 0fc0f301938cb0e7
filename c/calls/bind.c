/* bind: to a socket file when the address is covered, to the network when it is not. */
#include "calls/bind.h"

#include "calls/target.h"
#include "files/bindfile.h"
#include "files/ephemeral.h"
#include "files/release.h"
#include "files/sharers.h"
#include "kernel/log.h"
#include "kernel/option_query.h"
#include "kernel/socket_info.h"
#include "memory/fds.h"
#include "replace/redirect.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rules/address.h"
#include "rules/ip.h"
#include "rules/settings.h"
#include "rules/spelling.h"

static long bind_real(int fd, struct unsock_fd *entry, const struct unsock_ip *ip) {
    union unsock_sockaddr address;
    if (unsock_settings.block_inet)
        return -EACCES;
    long result = unsock_redirect_to_ip(fd, entry);
    if (result < 0)
        return result;
    socklen_t length = unsock_ip_write(ip, entry->domain, &address);
    result = unsock_sys(__NR_bind, fd, &address, length);
    if (result == 0) {
        entry->flags |= UNSOCK_BOUND;
        entry->local = *ip;
    }
    return result;
}

/* What the entry says of a bound socket. */
static void remember(struct unsock_fd *entry, const struct unsock_bound *bound) {
    entry->flags |= UNSOCK_BOUND | UNSOCK_NAMED | UNSOCK_FILE;
    entry->local = bound->ip;
    entry->file.inode = bound->inode;
    entry->local.tag = 0;
    if (bound->how == UNSOCK_BOUND_HIDDEN) {
        entry->flags |= UNSOCK_HIDDEN;
        entry->local.tag = (uint8_t)bound->hidden;
    }
}

/* A name was bound for nothing. */
static void give_back(const struct unsock_fd *entry, const struct unsock_bound *bound) {
    struct unsock_fd unused = {.kind = UNSOCK_KIND_LOCAL, .type = entry->type};
    remember(&unused, bound);
    unsock_release(&unused);
}

/*
 * SO_REUSEPORT twice in a process: both descriptors are one socket, and so share its queue. And its status flags: those
 * of the first stay, whose program is at work already.
 */
static long share(int fd, struct unsock_fd *entry, const struct unsock_bound *bound) {
    struct unsock_fd *first = unsock_fds_known(bound->share);
    long copy = unsock_sys(__NR_fcntl, bound->share, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return copy;
    uint64_t options = entry->options;
    unsock_sys(__NR_fcntl, fd, F_SETFL, unsock_sys(__NR_fcntl, copy, F_GETFL));
    long result = unsock_redirect_install(fd, entry, (int)copy, UNSOCK_KIND_LOCAL);
    if (result < 0)
        return result;
    entry->options = options;
    remember(entry, bound);
    entry->file.inode = first ? first->file.inode : 0;
    entry->local.tag = first ? first->local.tag : 0;
    entry->flags |= first ? first->flags & (UNSOCK_LISTENING | UNSOCK_HIDDEN) : 0;
    return 0;
}

static long bind_file(int fd, struct unsock_fd *entry, const struct unsock_ip *ip, bool v6only, bool again,
                      struct unsock_bound *bound) {
    bool in_place = entry->kind == UNSOCK_KIND_LOCAL && !(entry->flags & (UNSOCK_NAMED | UNSOCK_DUPLICATED));
    long socket = in_place ? fd : unsock_redirect_open(AF_UNIX, entry->type, 0);
    if (socket < 0)
        return socket;
    struct unsock_bind_request request = {
        .socket = (int)socket,
        .type = entry->type,
        .ip = *ip,
        .spelling = {.domain = entry->domain, .v6only = v6only, .ip = *ip},
        .reuseport = unsock_option_flag(fd, entry, SOL_SOCKET, SO_REUSEPORT),
        .reuseaddr = unsock_option_flag(fd, entry, SOL_SOCKET, SO_REUSEADDR),
    };
    request.behind_others = again && request.reuseport;
    long result = unsock_bindfile_bind(&request, bound);
    bool named = result == 0 && (bound->how == UNSOCK_BOUND_FILE || bound->how == UNSOCK_BOUND_HIDDEN);
    if (!named && !in_place)
        unsock_sys(__NR_close, socket);
    if (named && !in_place)
        result = unsock_redirect_install(fd, entry, (int)socket, UNSOCK_KIND_LOCAL);
    if (named && result == 0)
        remember(entry, bound);
    else if (named)
        give_back(entry, bound);
    return result;
}

static long bind_covered(int fd, struct unsock_fd *entry, const struct unsock_ip *ip, bool v6only, bool again,
                         struct unsock_bound *bound) {
    long result = bind_file(fd, entry, ip, v6only, again, bound);
    if (result < 0)
        return result;
    if (bound->how == UNSOCK_BOUND_SHARE)
        return share(fd, entry, bound);
    if (bound->how == UNSOCK_BOUND_CONTROL)
        return unsock_target_bind(fd, entry, &bound->control, &bound->ip);
    return 0;
}

/* Port 0 with UNSOCK_PORT: covered when the list has a port of the ephemeral range at all. */
static bool has_covered_port(const struct unsock_ip *ip, bool v6only) {
    struct unsock_ip one = *ip;
    if (ip->port != 0 || unsock_settings.port_count == 0)
        return true;
    for (unsigned i = unsock_ephemeral_count(); i > 0; i--) {
        one.port = unsock_ephemeral_next();
        if (unsock_address_covered_bind(&one, v6only))
            return true;
    }
    return false;
}

static long bind_to(int fd, struct unsock_fd *entry, const struct unsock_ip *ip, bool again) {
    struct unsock_bound bound;
    bool has_port = entry->type == SOCK_DGRAM && entry->kind != UNSOCK_KIND_IP && (entry->flags & UNSOCK_NAMED);
    if (has_port || (entry->flags & (UNSOCK_BOUND | UNSOCK_CONNECTED | UNSOCK_LISTENING)))
        return -EINVAL;
    long open = unsock_socket_nonblocking(fd);
    if (open < 0)
        return open;
    bool v6only = entry->domain == AF_INET6 && unsock_option_flag(fd, entry, IPPROTO_IPV6, IPV6_V6ONLY);
    if (v6only && ip->family == AF_INET)
        return -EINVAL;
    if (!unsock_address_covered_bind(ip, v6only) || !has_covered_port(ip, v6only))
        return bind_real(fd, entry, ip);
    bound.path.sun_path[0] = '\0';
    long result = bind_covered(fd, entry, ip, v6only, again, &bound);
    if (result == 0 && ip->port == 0)
        entry->flags |= UNSOCK_ANY_PORT;
    return unsock_log("bind", fd, result == 0 ? &bound.ip : ip, &bound.path, result);
}

long unsock_bind(int fd, struct unsock_fd *entry, const struct unsock_ip *ip) {
    return bind_to(fd, entry, ip, false);
}

long unsock_bind_again(int fd, struct unsock_fd *entry, const struct unsock_ip *ip) {
    return bind_to(fd, entry, ip, true);
}

/* The port that the kernel gave when it was still its own UDP socket, so that it keeps it; 0: none. */
static uint16_t kernel_port(int fd, const struct unsock_fd *entry) {
    union unsock_sockaddr address;
    struct unsock_ip ip = {0};
    long length = entry->kind == UNSOCK_KIND_IP ? unsock_socket_name(fd, __NR_getsockname, &address) : -ENOENT;
    return length >= 0 && unsock_ip_read(&address, (size_t)length, &ip) ? ip.port : 0;
}

static long bind_name(const struct unsock_bind_request *any, uint16_t wanted, struct unsock_bound *bound) {
    struct unsock_bind_request one = *any;
    one.ip.port = wanted;
    if (wanted != 0 && unsock_bindfile_bind(&one, bound) == 0 && bound->how == UNSOCK_BOUND_FILE)
        return 0;
    return unsock_bindfile_bind_ephemeral(any, bound);
}

long unsock_bind_datagram_name(int fd, struct unsock_fd *entry, const struct unsock_ip *target) {
    struct unsock_bound bound;
    struct unsock_ip any = {.family = entry->domain == AF_INET6 ? AF_INET6 : AF_INET};
    struct unsock_bind_request request = {.type = SOCK_DGRAM, .ip = any, .open_to_all = true};
    struct unsock_ip local = entry->local;
    uint16_t wanted = kernel_port(fd, entry);
    request.spelling = (struct unsock_spelling){.domain = entry->domain, .ip = unsock_address_default(target->family, 0)};
    bool in_place = entry->kind == UNSOCK_KIND_LOCAL && !(entry->flags & (UNSOCK_NAMED | UNSOCK_DUPLICATED));
    long socket = in_place ? fd : unsock_redirect_open(AF_UNIX, SOCK_DGRAM, 0);
    if (socket < 0)
        return socket;
    request.socket = (int)socket;
    long result = bind_name(&request, wanted, &bound);
    bool named = result == 0;
    if (!in_place && named)
        result = unsock_redirect_install(fd, entry, (int)socket, UNSOCK_KIND_LOCAL);
    else if (!in_place)
        unsock_sys(__NR_close, socket);
    if (named && result < 0)
        give_back(entry, &bound);
    if (result < 0)
        return result;
    remember(entry, &bound);
    entry->flags &= (uint16_t)~UNSOCK_BOUND;
    if (local.family != 0)
        memcpy(entry->local.bytes, local.bytes, sizeof(local.bytes));
    return 0;
}

bool unsock_bind_is_shared(int fd, const struct unsock_fd *entry) {
    uint64_t cookie = 0;
    if (!(entry->flags & UNSOCK_FILE) || !unsock_option_flag(fd, entry, SOL_SOCKET, SO_REUSEPORT))
        return false;
    for (int other = 0; other < unsock_fds_end(); other++) {
        const struct unsock_fd *found = unsock_fds_known(other);
        if (!found || other == fd || !unsock_sharers_same_port(found, entry) ||
            (found->id == entry->id && found->id != 0))
            continue;
        cookie = cookie != 0 ? cookie : unsock_socket_cookie(fd);
        if (unsock_socket_cookie(other) == cookie)
            return true;
    }
    return false;
}

long unsock_bind_alone(int fd, struct unsock_fd *entry) {
    struct unsock_bound bound;
    struct unsock_fd before = *entry;
    struct unsock_bind_request request = {.type = SOCK_DGRAM, .ip = entry->local, .reuseaddr = true};
    request.spelling = (struct unsock_spelling){.domain = entry->domain, .ip = entry->local};
    if (!unsock_bind_is_shared(fd, entry))
        return 0;
    long socket = unsock_redirect_open(AF_UNIX, SOCK_DGRAM, 0);
    if (socket < 0)
        return socket;
    request.socket = (int)socket;
    long result = unsock_bindfile_take_over(&request, fd, &bound);
    if (result < 0) {
        unsock_sys(__NR_close, socket);
        return result;
    }
    /* A socket of its own has flags of its own. */
    result = unsock_redirect_install(fd, entry, (int)socket, UNSOCK_KIND_LOCAL);
    if (result < 0) {
        give_back(&before, &bound);
        return result;
    }
    remember(entry, &bound);
    entry->flags |= before.flags & UNSOCK_ANY_PORT;
    return 0;
}

static bool has_heard(int fd) {
    char byte;
    return unsock_sys(__NR_recvfrom, fd, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT, 0, 0) != -EAGAIN;
}

void unsock_bind_show_ipv4(int fd, struct unsock_fd *entry) {
    struct unsock_bound bound;
    struct unsock_fd before = *entry;
    struct unsock_bind_request request = {.type = SOCK_DGRAM, .ip = entry->local};
    request.spelling = (struct unsock_spelling){.domain = AF_INET6, .ip = unsock_address_default(AF_INET, 0)};
    /* What has arrived may not be lost, and who has connected to this very socket must not lose it. */
    if ((entry->flags & (UNSOCK_HIDDEN | UNSOCK_DUPLICATED)) || has_heard(fd) || unsock_socket_peers(fd) != 0)
        return;
    long socket = unsock_redirect_open(AF_UNIX, SOCK_DGRAM, 0);
    if (socket < 0)
        return;
    request.socket = (int)socket;
    if (unsock_bindfile_replace(&request, &bound) < 0) {
        unsock_sys(__NR_close, socket);
        return;
    }
    if (unsock_redirect_install(fd, entry, (int)socket, UNSOCK_KIND_LOCAL) < 0)
        return;
    remember(entry, &bound);
    entry->flags |= UNSOCK_ANY_PORT;
    entry->local = before.local;
}
