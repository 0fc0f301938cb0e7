/* socket, bind, connect, listen, accept and shutdown: who does the work? */
#include "calls/dispatch.h"

#include "calls/bind.h"
#include "calls/datagram.h"
#include "calls/stream.h"
#include "calls/target.h"
#include "files/removal.h"
#include "kernel/identify.h"
#include "kernel/option_query.h"
#include "memory/fds.h"
#include "memory/predict.h"
#include "replace/redirect.h"
#include "replace/reuse.h"
#include "rt/libc.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rules/address.h"
#include "rules/ip.h"
#include "rules/settings.h"

#define IN6_LEAST offsetof(struct sockaddr_in6, sin6_scope_id) /* SIN6_LEN_RFC2133 */

static bool is_redirectable(int domain, int type, int protocol) {
    if (domain != AF_INET && domain != AF_INET6)
        return false;
    if (type == SOCK_STREAM)
        return protocol == 0 || protocol == IPPROTO_TCP || protocol == UNSOCK_IPPROTO_MPTCP;
    return type == SOCK_DGRAM && (protocol == 0 || protocol == IPPROTO_UDP);
}

static void remember_socket(int fd, int domain, int type, int protocol, enum unsock_kind kind, bool nonblocking) {
    struct unsock_fd *entry = unsock_fds_entry(fd);
    if (!entry)
        return;
    if (entry->flags & UNSOCK_FILE)
        unsock_reuse_new(fd);
    *entry = (struct unsock_fd){.kind = (uint8_t)kind};
    if (kind == UNSOCK_KIND_OTHER)
        return;
    entry->type = (uint8_t)type;
    entry->flags = type == SOCK_STREAM && nonblocking ? UNSOCK_NONBLOCKING : 0;
    entry->domain = (uint16_t)domain;
    entry->protocol = (uint16_t)(protocol != 0 ? protocol : type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP);
}

long unsock_call_socket(int domain, int type, int protocol) {
    int plain = type & ~UNSOCK_SOCK_FLAGS;
    if (domain == AF_INET6 && unsock_settings.block_inet6)
        return -EAFNOSUPPORT;
    enum unsock_kind kind = is_redirectable(domain, plain, protocol) ? UNSOCK_KIND_IP : UNSOCK_KIND_OTHER;
    if (kind == UNSOCK_KIND_IP && plain == SOCK_STREAM && unsock_predict_local(domain))
        kind = UNSOCK_KIND_LOCAL;
    long fd = kind == UNSOCK_KIND_LOCAL ? unsock_sys(__NR_socket, AF_UNIX, type, 0)
                                        : unsock_sys(__NR_socket, domain, type, protocol);
    if (fd >= 0)
        remember_socket((int)fd, domain, plain, protocol, kind, (type & SOCK_NONBLOCK) != 0);
    return fd;
}

long unsock_call_socketpair(int domain, int type, int protocol, int pair[2]) {
    long result = unsock_sys(__NR_socketpair, domain, type, protocol, pair);
    for (int i = 0; result == 0 && i < 2; i++)
        unsock_reuse_new(pair[i]);
    return result;
}

static int family_of(const void *address, socklen_t length) {
    uint16_t family;
    if (unsock_is_nowhere(address) || length < sizeof(family) || length > sizeof(union unsock_sockaddr))
        return -1;
    memcpy(&family, address, sizeof(family));
    return family;
}

static bool is_ip_family(int family) {
    return family == AF_INET || family == AF_INET6;
}

static bool is_ours(const struct unsock_fd *entry) {
    return entry->kind == UNSOCK_KIND_IP || unsock_fd_is_redirected(entry);
}

/* What the kernel says to an address of the wrong family or length; 0 when it fits the socket. */
static long check_address(const struct unsock_fd *entry, int family, socklen_t length) {
    socklen_t least = entry->domain == AF_INET6 ? IN6_LEAST : sizeof(struct sockaddr_in);
    /* An IPv6 datagram socket takes an IPv4 destination as it is (net/ipv6/udp.c). */
    if (entry->type == SOCK_DGRAM && entry->domain == AF_INET6 && family == AF_INET)
        return length < sizeof(struct sockaddr_in) ? -EINVAL : 0;
    if (length < least)
        return -EINVAL;
    return family == entry->domain ? 0 : -EAFNOSUPPORT;
}

/* An address of another family on a descriptor that stands for an IP socket. The real socket must not see it. */
static bool is_wrong_for_ip(const struct unsock_fd *entry, int family) {
    return !is_ip_family(family) && entry && entry->kind != UNSOCK_KIND_IP && is_ours(entry);
}

/* bind with AF_UNSPEC and the wildcard address means AF_INET (net/ipv4/af_inet.c, __inet_bind). */
static long bind_unspecified(int fd, const void *address, socklen_t length) {
    struct sockaddr_in in;
    struct unsock_fd scratch;
    struct unsock_fd *entry = unsock_identify(fd, &scratch);
    if (length < sizeof(in) || !is_ours(entry) || entry->domain != AF_INET)
        return unsock_sys(__NR_bind, fd, address, length);
    memcpy(&in, address, sizeof(in));
    if (in.sin_addr.s_addr != 0)
        return -EAFNOSUPPORT;
    in.sin_family = AF_INET;
    return unsock_call_bind(fd, &in, sizeof(in));
}

long unsock_call_bind(int fd, const void *address, socklen_t length) {
    struct unsock_fd scratch;
    struct unsock_ip ip;
    int family = family_of(address, length);
    if (family == AF_UNSPEC)
        return bind_unspecified(fd, address, length);
    if (family >= 0 && is_wrong_for_ip(unsock_fds_known(fd), family))
        return length < sizeof(struct sockaddr_in) ? -EINVAL : -EAFNOSUPPORT;
    if (family == AF_UNIX) {
        long result = unsock_sys(__NR_bind, fd, address, length);
        return result < 0 ? unsock_target_bind_path(fd, address, length, result) : result;
    }
    unsock_reuse_check(fd);
    struct unsock_fd *entry = unsock_identify_for(fd, family, &scratch);
    if (!is_ours(entry) || !is_ip_family(family)) {
        if (is_ip_family(family) && unsock_settings.block_inet)
            return -EACCES;
        return unsock_sys(__NR_bind, fd, address, length);
    }
    socklen_t least = entry->domain == AF_INET6 ? IN6_LEAST : sizeof(struct sockaddr_in);
    long wrong = length < least ? -EINVAL : family == entry->domain ? 0 : -EAFNOSUPPORT;
    if (wrong < 0 || !unsock_ip_read(address, length, &ip))
        return entry->kind == UNSOCK_KIND_IP ? unsock_sys(__NR_bind, fd, address, length) : wrong;
    long result = unsock_bind(fd, entry, &ip);
    unsock_fds_tell_duplicates(fd);
    return result;
}

/* The address that was bound with port 0 stays, its port goes. */
static void bind_without_port(int fd, const struct unsock_fd *entry, const struct unsock_ip *local) {
    static const int32_t on = 1, off = 0;
    union unsock_sockaddr address;
    struct unsock_ip any = *local;
    any.port = 0;
    socklen_t length = unsock_ip_write(&any, entry->domain, &address);
    unsock_sys(__NR_setsockopt, fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    unsock_sys(__NR_bind, fd, &address, length);
    unsock_sys(__NR_setsockopt, fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &off, sizeof(off));
}

/*
 * A stream that was bound to a port of the program's choice has it still, and can listen or connect again (haproxy makes
 * room for its successor so, and comes back when that fails). Its file is gone meanwhile: others may have the port.
 */
static long disconnect_bound(int fd, struct unsock_fd *entry) {
    struct unsock_ip local = entry->local;
    long socket = unsock_redirect_open(AF_UNIX, SOCK_STREAM, 0);
    if (socket < 0)
        return socket;
    long result = unsock_redirect_install(fd, entry, (int)socket, UNSOCK_KIND_LOCAL);
    if (result < 0)
        return result;
    entry->flags |= UNSOCK_BOUND;
    entry->local = local;
    entry->local.tag = 0;
    return 0;
}

/* connect(AF_UNSPEC): the association ends. An unbound stream is as new after it; a datagram socket keeps what was bound. */
static long disconnect(int fd, const void *address, socklen_t length) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    if (!entry || entry->kind == UNSOCK_KIND_IP || !is_ours(entry))
        return unsock_real_connect(fd, address, length);
    /* A port that the program did not choose is given back (net/ipv4/udp.c, __udp_disconnect). */
    bool chosen = (entry->flags & UNSOCK_BOUND) && !(entry->flags & UNSOCK_ANY_PORT);
    if (entry->type == SOCK_STREAM && chosen && entry->kind == UNSOCK_KIND_LOCAL)
        return disconnect_bound(fd, entry);
    if (entry->type == SOCK_STREAM || !chosen || entry->kind == UNSOCK_KIND_FOREIGN) {
        struct unsock_ip local = entry->local;
        bool keeps_address = (entry->flags & UNSOCK_ANY_PORT) && !(entry->flags & UNSOCK_SETTLED);
        entry->flags &= (uint16_t)~(UNSOCK_BOUND | UNSOCK_NAMED);
        long result = unsock_redirect_to_ip(fd, entry);
        if (result == 0 && keeps_address)
            bind_without_port(fd, entry, &local);
        return result;
    }
    long result = unsock_real_connect(fd, address, length);
    entry->flags &= (uint16_t)~(UNSOCK_CONNECTED | UNSOCK_SENT | UNSOCK_NO_PEER);
    memset(&entry->remote, 0, sizeof(entry->remote));
    if (entry->flags & UNSOCK_SETTLED)
        memset(entry->local.bytes, 0, sizeof(entry->local.bytes));
    return result;
}

static long connect_uncovered(int fd, struct unsock_fd *entry, const void *address, socklen_t length) {
    if (unsock_settings.block_inet)
        return -EACCES;
    if (is_ours(entry) && entry->kind != UNSOCK_KIND_IP) {
        if (entry->type == SOCK_STREAM && (entry->flags & (UNSOCK_CONNECTED | UNSOCK_LISTENING)))
            return -EISCONN;
        long result = unsock_redirect_to_ip(fd, entry);
        if (result < 0)
            return result;
    }
    if (entry->type == SOCK_STREAM)
        unsock_predict_was_ip();
    return unsock_real_connect(fd, address, length);
}

long unsock_call_connect(int fd, const void *address, socklen_t length) {
    struct unsock_fd scratch;
    struct unsock_ip ip;
    int family = family_of(address, length);
    unsock_reuse_check(fd);
    struct unsock_fd *entry = unsock_fds_known(fd);
    if (family > AF_UNSPEC && is_wrong_for_ip(entry, family))
        return length < sizeof(struct sockaddr_in) ? -EINVAL : -EAFNOSUPPORT;
    if (family == AF_UNIX)
        return unsock_target_connect_path(fd, address, length, unsock_real_connect(fd, address, length));
    if (family == AF_UNSPEC)
        return disconnect(fd, address, length);
    if (!is_ip_family(family))
        return unsock_real_connect(fd, address, length);
    bool covered = unsock_ip_read(address, length, &ip) && unsock_address_covered(&ip);
    if (!covered && (!entry || entry->kind == UNSOCK_KIND_IP || entry->kind == UNSOCK_KIND_OTHER) &&
        !unsock_settings.block_inet) {
        if (entry && entry->type == SOCK_STREAM)
            unsock_predict_was_ip();
        long result = unsock_real_connect(fd, address, length);
        /* EINVAL from an unknown descriptor: it may be an AF_UNIX socket that stands for an IP one. */
        if (entry || result != -EINVAL)
            return result;
    }
    if (!entry)
        entry = unsock_identify_unknown_for(fd, family, &scratch);
    if (!is_ours(entry))
        return unsock_settings.block_inet ? -EACCES : unsock_real_connect(fd, address, length);
    long wrong = check_address(entry, family, length);
    if (wrong < 0)
        return entry->kind == UNSOCK_KIND_IP ? unsock_real_connect(fd, address, length) : wrong;
    bool idle = !(entry->flags & (UNSOCK_CONNECTED | UNSOCK_LISTENING));
    if (idle && ip.family == AF_INET && entry->domain == AF_INET6 &&
        unsock_option_flag(fd, entry, IPPROTO_IPV6, IPV6_V6ONLY))
        return -ENETUNREACH;
    if (!covered)
        return connect_uncovered(fd, entry, address, length);
    if (entry->type == SOCK_STREAM)
        unsock_predict_was_local();
    long result = entry->type == SOCK_DGRAM ? unsock_datagram_connect(fd, entry, &ip)
                                            : unsock_stream_connect(fd, entry, &ip);
    unsock_fds_tell_duplicates(fd);
    return result;
}

long unsock_call_listen(int fd, int backlog) {
    struct unsock_fd scratch;
    unsock_reuse_check(fd);
    struct unsock_fd *entry = unsock_identify(fd, &scratch);
    if (!is_ours(entry) || entry->type != SOCK_STREAM)
        return unsock_sys(__NR_listen, fd, backlog);
    long result = unsock_stream_listen(fd, entry, backlog);
    unsock_fds_tell_duplicates(fd);
    return result;
}

long unsock_call_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags) {
    struct unsock_fd scratch;
    struct unsock_fd *entry = address ? unsock_identify(fd, &scratch) : unsock_fds_known(fd);
    if (entry && is_ours(entry) && entry->kind != UNSOCK_KIND_IP && entry->type == SOCK_STREAM)
        return unsock_stream_accept(fd, entry, address, length, flags);
    long accepted = unsock_real_accept4(fd, address, length, flags);
    if (accepted >= 0)
        unsock_reuse_new((int)accepted);
    return accepted;
}

long unsock_call_accept(int fd, struct sockaddr *address, socklen_t *length) {
    return unsock_call_accept4(fd, address, length, 0);
}

long unsock_call_shutdown(int fd, int how) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    bool listens = entry && entry->kind == UNSOCK_KIND_LOCAL && (entry->flags & UNSOCK_LISTENING);
    if (listens && (how == SHUT_RD || how == SHUT_RDWR) && unsock_bind_is_shared(fd, entry))
        return disconnect_bound(fd, entry);
    long result = unsock_sys(__NR_shutdown, fd, how);
    if (!entry || entry->kind != UNSOCK_KIND_LOCAL || result < 0)
        return result;
    if (entry->flags & UNSOCK_LISTENING) {
        if (how != SHUT_WR && (entry->flags & UNSOCK_FILE)) {
            unsock_removal_force(entry);
            entry->flags &= (uint16_t)~(UNSOCK_FILE | UNSOCK_LISTENING);
            unsock_fds_tell_duplicates(fd);
        }
        return result;
    }
    return entry->flags & UNSOCK_CONNECTED ? result : -ENOTCONN;
}
