/* bind: binds to a socket file if the address is covered, else to the network. The checks, in this order:
 *
 *   check                                       decided by                      what follows
 *   the address can be read                     rt/user                         no: the kernel returns the error
 *   the address's family                        the address                     AF_UNIX: perhaps a control file's path
 *   the owner of the descriptor                 unsock_whose                    the kernel's: the kernel binds it
 *   the address fits the socket                 calls/arguments                 no: EINVAL, EAFNOSUPPORT
 *   a connect of the socket has failed          its state                       yes: frees a port chosen by the connect
 *   the socket may be bound, to this family     its state, IPV6_V6ONLY          no: EINVAL
 *   the address is covered                      rules/address                   no: the kernel's TCP or UDP socket
 *   a client of this process has the port       memory/fds                      yes: EADDRINUSE
 *   the port, and the file's name               files/bind                      for port 0 any free port
 *   another socket has the port                 files/bind                      no: binds without the lock
 *   there is a control file                     files/control_file              yes: calls/target binds to its target
 *   a service manager opened the port's socket  files/listen_fds, with the lock yes: `fd` becomes its duplicate
 *   the port's socket excludes this one         files/bind, with the lock       yes: EADDRINUSE
 *   none of these                                                               calls/standin replaces the socket
 *   the error shows a reused number             replace/reuse                   yes: all is checked once more */
#include "calls/bind.h"

#include "calls/arguments.h"
#include "calls/connect.h"
#include "calls/list.h"
#include "calls/target.h"
#include "files/control_file.h"
#include "kernel/log.h"
#include "replace/replace.h"
#include "rules/errno.h"

#define FREE_TRIES 16

/* True if the bind itself shows whether `fd` is still the entry's socket: a bind to a file fails on any socket but an
 * unnamed AF_UNIX one. False with UNSOCK_MODE: fchmod precedes the bind, and could change the mode of another file. */
static bool bind_tells(int fd, const struct unsock_ip *ip) {
    const struct unsock_fd *entry = unsock_fds_known(fd);
    return entry && unsock_fd_is_fresh(entry) && entry->type == SOCK_STREAM && !unsock_fd_is_duplicated(entry) &&
           ip->port != 0 && unsock_settings.mode < 0 && !unsock_kernel_is_before_5_14();
}

static long bind_at_network(int fd, struct unsock_fd *entry, const struct unsock_ip *ip, uint32_t scope) {
    union unsock_sockaddr address;
    if (unsock_settings.block_inet)
        return unsock_log("bind", fd, ip, NULL, -EACCES);
    if (entry->kind == UNSOCK_KIND_LOCAL)
        unsock_born_local_note_ip(entry->type);
    long result = unsock_redirect_to_ip(fd, entry);
    if (result < 0)
        return result;
    socklen_t length = unsock_ip_write(ip, entry->domain, &address);
    if (entry->domain == AF_INET6)
        address.in6.sin6_scope_id = scope;
    result = unsock_bind(fd, &address, length);
    if (result == 0)
        unsock_fd_become(fd, entry, UNSOCK_STATE_BOUND, UNSOCK_BOUND, ip);
    return result;
}

static bool share_option(int fd, const struct unsock_fd *entry, int other, const struct unsock_fd *others, int option) {
    return unsock_option_flag(fd, entry, SOL_SOCKET, option) && unsock_option_flag(other, others, SOL_SOCKET, option);
}

/* True if a client stream of this process, connected or refused, has the port and does not share it. Clients of other
 * processes are not found: the kernel lists clients by connection, not by port (docs/limits.md). */
static bool is_clients_port(int fd, const struct unsock_fd *entry, const struct unsock_ip *ip, bool v6only) {
    bool any = entry->type == SOCK_STREAM && unsock_bit_is_set(unsock_fds_client_ports, ip->port);
    for (int other = 0; any && other < unsock_fds_end(); other++) {
        const struct unsock_fd *known = unsock_fds_known(other);
        if (!known || known->kind != UNSOCK_KIND_LOCAL || known->type != SOCK_STREAM || known->local.port != ip->port ||
            !(unsock_state_is_connected(known->state) || unsock_fd_is_refused(known)) ||
            (known->flags & UNSOCK_ACCEPTED) || !unsock_ip_conflict(ip, v6only, &known->local, false))
            continue;
        if (!share_option(fd, entry, other, known, SO_REUSEADDR) &&
            !share_option(fd, entry, other, known, SO_REUSEPORT) && unsock_reuse_look(other) == 0)
            return true;
    }
    return false;
}

/* Binds a stand-in and installs it. If another socket takes the port that was chosen for port 0, tries another port. */
static long bind_standin(struct unsock_standin *standin, int fd, struct unsock_fd *entry, const struct unsock_ip *ip) {
    long result = -EADDRINUSE;
    for (int tries = 0; tries < FREE_TRIES && result == -EADDRINUSE; tries++) {
        result = unsock_standin_open(standin, fd, entry);
        if (result < 0)
            return result;
        result = unsock_standin_bound(standin, unsock_bind_port(unsock_standin_bind(standin, fd, entry, ip)));
        if (standin->named)
            return unsock_standin_install(standin, fd, entry, UNSOCK_STATE_BOUND);
        unsock_standin_spend(standin, entry);
        unsock_standin_close(standin, result);
        if (ip->port != 0 || !standin->bind.spent)
            break;
    }
    return result;
}

static long bind_covered(int fd, struct unsock_fd *entry, const struct unsock_ip *ip, struct unsock_standin *standin) {
    long answers, result = bind_standin(standin, fd, entry, ip);
    if (result == 0 && standin->bind.how == UNSOCK_BOUND_HANDED)
        return unsock_listen_fds_bind(fd, entry, standin);
    if (result < 0 || standin->bind.how != UNSOCK_BOUND_CONTROL)
        return result;
    result = unsock_target_bind(fd, entry, standin->bind.path.sun_path, &standin->bind.ip, &answers);
    /* By now the control file may have been removed. */
    return answers == UNSOCK_ANSWERS_CONTROL ? result : answers < 0 ? answers : -EADDRINUSE;
}

/* False if the port is 0, and UNSOCK_PORT lists ports, but none of the ephemeral range. */
static bool has_covered_port(uint16_t port) {
    if (port != 0 || unsock_settings.port_count == 0)
        return true;
    for (unsigned i = unsock_ephemeral_count(); i > 0; i--) {
        if (unsock_address_covers_port(unsock_ephemeral_next()))
            return true;
    }
    return false;
}

long unsock_bind_ip(int fd, struct unsock_fd *entry, const struct unsock_ip *ip, uint32_t scope) {
    struct unsock_standin standin;
    bool v6only = entry->domain == AF_INET6 && unsock_option_flag(fd, entry, IPPROTO_IPV6, IPV6_V6ONLY);
    if (v6only && ip->family == AF_INET)
        return -EINVAL;
    if (!unsock_address_covered_bind(ip, v6only) || !has_covered_port(ip->port))
        return bind_at_network(fd, entry, ip, scope);
    if (is_clients_port(fd, entry, ip, v6only))
        return unsock_log("bind", fd, ip, NULL, -EADDRINUSE);
    standin.bind.path.sun_path[0] = '\0';
    long result = unsock_errno_as_ip(UNSOCK_AT_STEP, bind_covered(fd, entry, ip, &standin));
    if (result == 0 && ip->port == 0)
        unsock_fds_mark(entry, UNSOCK_ANY_PORT);
    return unsock_log("bind", fd, result == 0 ? &standin.bind.ip : ip, &standin.bind.path, result);
}

static long bind_once(int fd, const struct sockaddr *address, socklen_t length) {
    struct unsock_whose whose;
    struct unsock_ip ip;
    union unsock_sockaddr copy;
    int family = unsock_call_address(address, length, &copy);
    if (family < 0)
        return unsock_bind(fd, address, length);
    /* AF_UNSPEC with the wildcard address counts as AF_INET (__inet_bind, net/ipv4/af_inet.c). */
    if (family == AF_UNSPEC && length >= sizeof(copy.in) && copy.in.sin_addr.s_addr == 0)
        family = copy.any.sa_family = AF_INET;
    if (!unsock_call_is_ip(family) && unsock_whose(fd, 0, &whose) == UNSOCK_IS_OURS)
        return unsock_call_check(whose.entry, family, length);
    if (family == AF_UNIX)
        return unsock_target_use_path(fd, &copy, length, true, unsock_bind(fd, &copy, length));
    bool covered = unsock_ip_read(&copy, length, &ip) && unsock_address_covered_bind(&ip, false);
    unsigned still = covered && !bind_tells(fd, &ip) ? UNSOCK_ASK_STILL : 0;
    long owner = unsock_whose(fd, UNSOCK_ASK_CHECK | still | UNSOCK_ASK_FOR(family), &whose);
    if (owner < 0)
        return owner;
    struct unsock_fd *entry = whose.entry;
    if (owner == UNSOCK_IS_KERNELS || !unsock_call_is_ip(family)) {
        if (unsock_call_is_ip(family) && unsock_settings.block_inet)
            return unsock_log("bind", fd, NULL, NULL, -EACCES);
        return unsock_bind(fd, &copy, length);
    }
    long wrong = unsock_call_check(entry, family, length);
    if (wrong < 0 || !unsock_ip_read(&copy, length, &ip))
        return entry->kind == UNSOCK_KIND_IP ? unsock_bind(fd, &copy, length) : wrong;
    /* After a refused connect TCP allows a bind if the program did not choose the port before. */
    if (unsock_fd_is_refused(entry) && !unsock_fd_has_chosen_port(entry))
        wrong = unsock_redirect_to_new(fd, entry);
    if (wrong < 0 || !unsock_state_in(entry->state, UNSOCK_STATE_BIT(NEW) | UNSOCK_STATE_BIT(SPENT)))
        return wrong < 0 ? wrong : -EINVAL;
    bool scoped = family == AF_INET6 && length >= sizeof(copy.in6);
    long result = unsock_bind_ip(fd, entry, &ip, scoped ? copy.in6.sin6_scope_id : 0);
    unsock_fds_tell_duplicates(fd);
    return result;
}

long unsock_call_bind(int fd, const struct sockaddr *address, socklen_t length) {
    long result = bind_once(fd, address, length);
    return unsock_reuse_failed(fd, result) ? bind_once(fd, address, length) : result;
}
