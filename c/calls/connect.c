/* connect: connects to a socket file, or to a control file's target, if the address is covered; else to the network.
 * The checks, in this order:
 *
 *   check                                       by                              then
 *   a new stream, to a covered address          memory/fds, rules/address       yes: calls/stream_connect, at once
 *   the address can be read                     rt/user                         no: the kernel returns the error
 *   the descriptor's entry is still true        replace/reuse                   no: the entry is forgotten
 *   the family of the address                   the address                     AF_UNSPEC: the association ends
 *                                                                               AF_UNIX: perhaps a control file's path
 *   a covered address, or a redirected socket   rules/address, memory/fds       no: the kernel connects it
 *   the descriptor's owner                      unsock_whose                    the kernel's: the kernel connects it
 *   the address fits the socket                 calls/arguments, IPV6_V6ONLY    EINVAL, EAFNOSUPPORT, ENETUNREACH
 *   stream or datagram socket                   its type                        calls/stream_connect, datagram_connect
 *   the error shows a reused number             replace/reuse                   yes: all is checked once more */
#include "calls/arguments.h"
#include "calls/bind.h"
#include "calls/datagram.h"
#include "calls/list.h"
#include "calls/stream.h"
#include "calls/target.h"
#include "kernel/log.h"
#include "replace/replace.h"

/* Connects to a covered address. unsock_call_ask replaces a wildcard by the address that getpeername then returns. */
static long connect_covered(int fd, struct unsock_fd *entry, struct unsock_ip *ip) {
    bool is_stream = entry->type == SOCK_STREAM;
    unsock_call_ask(entry, ip);
    if (is_stream)
        unsock_born_local_note_local(SOCK_STREAM);
    long result = is_stream ? unsock_stream_connect(fd, entry, ip) : unsock_datagram_connect(fd, entry, ip);
    unsock_fds_tell_duplicates(fd);
    return result;
}

/* Ends the association, for connect(AF_UNSPEC). If the program chose the port, a local socket stays bound, and so does
 * a datagram socket that a control file bound (unsock_datagram_stays). Any other socket becomes new. */
static long disconnect_socket(int fd, const void *address, socklen_t length) {
    struct unsock_whose whose;
    if (unsock_whose(fd, 0, &whose) != UNSOCK_IS_OURS)
        return unsock_real_connect(fd, address, length);
    struct unsock_fd *entry = whose.entry;
    /* As in the kernel, a port that the program did not choose is given back (__udp_disconnect, net/ipv4/udp.c). */
    if (entry->type == SOCK_STREAM) {
        unsock_reset_send(fd, entry);
        return unsock_stream_end(fd, entry);
    }
    if (!unsock_fd_has_chosen_port(entry) || (entry->kind == UNSOCK_KIND_FOREIGN && !unsock_datagram_stays(fd, entry)))
        return unsock_redirect_to_new(fd, entry);
    long result = unsock_real_connect(fd, address, length);
    unsock_fd_enter(entry, UNSOCK_STATE_BOUND);
    if (entry->flags & UNSOCK_SETTLED)
        memset(entry->local.bytes, 0, sizeof(entry->local.bytes));
    return result;
}

/* True if the socket can connect. A connecting, connected, refused or listening stream cannot. */
static bool is_idle(const struct unsock_fd *entry) {
    unsigned used = UNSOCK_STATE_BIT(LISTENING) | UNSOCK_STATE_BIT(REFUSED);
    return entry->type == SOCK_DGRAM ||
           !(unsock_state_is_connected(entry->state) || unsock_state_in(entry->state, used));
}

static long refuse_blocked(int fd, const void *address, socklen_t length) {
    struct unsock_ip ip;
    return unsock_log("connect", fd, unsock_ip_read(address, length, &ip) ? &ip : NULL, NULL, -EACCES);
}

static long connect_uncovered(int fd, struct unsock_fd *entry, const void *address, socklen_t length) {
    if (unsock_settings.block_inet)
        return refuse_blocked(fd, address, length);
    if (unsock_fd_is_redirected(entry)) {
        if (!is_idle(entry))
            return -EISCONN;
        long result = unsock_redirect_to_ip(fd, entry);
        if (result < 0)
            return result;
    }
    unsock_born_local_note_ip(entry->type);
    return unsock_real_connect(fd, address, length);
}

static long check_address(int fd, const struct unsock_fd *entry, int family, socklen_t length) {
    /* On a stream that cannot connect, the kernel ignores the address (__inet_stream_connect, net/ipv4/af_inet.c). */
    if (!is_idle(entry))
        return 0;
    /* An IPv6 datagram socket accepts an AF_INET address (net/ipv6/udp.c). */
    if (entry->type == SOCK_DGRAM && entry->domain == AF_INET6 && family == AF_INET)
        return unsock_call_is_ipv6_only(fd, entry) ? -EAFNOSUPPORT : length < sizeof(struct sockaddr_in) ? -EINVAL : 0;
    return unsock_call_check(entry, family, length);
}

/* Connects to an IP address. `wrong`: 0; or -errno if it is unknown whether `fd` is still the entry's socket. */
static long connect_ip(int fd, long wrong, const union unsock_sockaddr *copy, socklen_t length) {
    struct unsock_whose whose;
    struct unsock_fd *entry = unsock_fds_known(fd);
    struct unsock_ip ip;
    int family = copy->any.sa_family;
    bool covered = unsock_ip_read(copy, length, &ip) && unsock_address_covered(&ip);
    if (!covered && (!entry || entry->kind == UNSOCK_KIND_IP || entry->kind == UNSOCK_KIND_OTHER) &&
        !unsock_settings.block_inet) {
        if (entry && entry->kind == UNSOCK_KIND_IP)
            unsock_born_local_note_ip(entry->type);
        long result = unsock_real_connect(fd, copy, length);
        /* A descriptor without an entry may be inherited, with another family's socket in the place of an IP socket. */
        if (entry || (result != -EINVAL && result != -EAFNOSUPPORT))
            return result;
    }
    /* Before the socket is replaced, named or connected to the network, checks that `fd` still refers to it. */
    bool looks = entry && (unsock_fd_may_be_exchanged(entry) ||
                           (entry->kind != UNSOCK_KIND_LOCAL && unsock_fd_born_family(entry) == 0));
    long owner = wrong < 0 ? wrong : unsock_whose(fd, (looks ? UNSOCK_ASK_STILL : 0) | UNSOCK_ASK_FOR(family), &whose);
    if (owner < 0)
        return owner;
    entry = whose.entry;
    if (owner == UNSOCK_IS_KERNELS)
        return unsock_settings.block_inet ? refuse_blocked(fd, copy, length) : unsock_real_connect(fd, copy, length);
    wrong = check_address(fd, entry, family, length);
    if (wrong < 0)
        return owner == UNSOCK_IS_IP ? unsock_real_connect(fd, copy, length) : wrong;
    if (is_idle(entry) && ip.family == AF_INET && unsock_call_is_ipv6_only(fd, entry))
        return -ENETUNREACH;
    /* For a connected, connecting, refused or listening stream the result does not depend on the address. */
    if (!covered && entry->kind == UNSOCK_KIND_LOCAL && !is_idle(entry))
        return unsock_stream_connect(fd, entry, &ip);
    return covered ? connect_covered(fd, entry, &ip) : connect_uncovered(fd, entry, copy, length);
}

static long connect_once(int fd, const void *address, socklen_t length) {
    struct unsock_whose whose;
    union unsock_sockaddr copy;
    int family = unsock_call_address(address, length, &copy);
    if (family < 0)
        return unsock_real_connect(fd, address, length);
    unsigned how = UNSOCK_ASK_CHECK | (family == AF_UNSPEC ? UNSOCK_ASK_ALWAYS : 0);
    long owner = unsock_whose(fd, how, &whose), wrong = UNSOCK_MIN(owner, 0);
    bool ours = whose.entry && unsock_fd_is_redirected(whose.entry);
    if (family != AF_UNSPEC && !unsock_call_is_ip(family) && ours) {
        wrong = check_address(fd, whose.entry, family, length);
        return wrong < 0 ? wrong : unsock_stream_connect(fd, whose.entry, &(struct unsock_ip){0});
    }
    if (family == AF_UNIX)
        return unsock_target_use_path(fd, &copy, length, false, unsock_real_connect(fd, &copy, length));
    if (family == AF_UNSPEC && wrong == 0) {
        wrong = disconnect_socket(fd, &copy, length);
        unsock_fds_tell_duplicates(fd);
    }
    if (family == AF_UNSPEC)
        return wrong;
    return unsock_call_is_ip(family) ? connect_ip(fd, wrong, &copy, length) : unsock_real_connect(fd, &copy, length);
}

long unsock_call_connect(int fd, const struct sockaddr *address, socklen_t length) {
    struct unsock_ip ip;
    struct unsock_fd *entry = unsock_fds_known(fd);
    bool usual = entry && entry->type == SOCK_STREAM && unsock_fd_is_fresh(entry) && !unsock_fd_is_duplicated(entry) &&
                 unsock_call_reads_usual(entry, address, length, &ip) && unsock_address_covered(&ip);
    long result = usual ? connect_covered(fd, entry, &ip) : connect_once(fd, address, length);
    return unsock_reuse_failed(fd, result) ? connect_once(fd, address, length) : result;
}
