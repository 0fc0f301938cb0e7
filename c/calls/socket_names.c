/* Answers getsockname and getpeername. The kernel's name decides; the cache only adds facts that the kernel lacks. */
#include "calls/arguments.h"

#include "calls/target.h"
#include "memory/process.h"
#include "replace/replace.h"
#include "rules/settings.h"

#include <linux/poll.h>

/* Makes the checks in the order of move_addr_to_user (net/socket.c). */
long unsock_socket_names_give(const union unsock_sockaddr *from, socklen_t from_length, void *address,
                              socklen_t *length) {
    int32_t room;
    if (unsock_user_read(&room, length, sizeof(room)) < 0)
        return -EFAULT;
    if (room < 0)
        return -EINVAL;
    if (unsock_user_write(length, &from_length, sizeof(from_length)) < 0)
        return -EFAULT;
    return room == 0 ? 0 : unsock_user_write(address, from, UNSOCK_MIN((socklen_t)room, from_length));
}

long unsock_socket_names_give_ip(const struct unsock_ip *ip, int domain, void *address, socklen_t *length) {
    union unsock_sockaddr written;
    struct unsock_ip shown = *ip;
    /* An IPv4 socket can have an IPv6 client, as both families share ports. The client's address has no IPv4 form. */
    if (domain == AF_INET && ip->family == AF_INET6)
        shown = unsock_address_default(AF_INET, ip->port);
    socklen_t written_length = unsock_ip_write(&shown, domain, &written);
    return unsock_socket_names_give(&written, written_length, address, length);
}

bool unsock_socket_names_converts(int family) {
    if (family == UNSOCK_AF_VSOCK)
        return unsock_settings.convert_all || unsock_settings.convert_vsock;
    return family == AF_UNIX || family == AF_UNSPEC || unsock_settings.convert_all;
}

/* Returns an IP address for a peer without one: the default address, with the low 16 bits of a vsock peer's port, or a
 * port made from the socket's inode number. With --accept-as, a vsock or TIPC peer gets an address of that range,
 * chosen by its machine's number: many servers trust the addresses of their own machine. */
static struct unsock_ip peer_address(const struct unsock_fd *entry, int fd, const union unsock_sockaddr *peer) {
    bool vsock = peer->any.sa_family == UNSOCK_AF_VSOCK;
    uint32_t machine = 0, number = 0;
    if (vsock)
        memcpy(&number, peer->bytes + 4, sizeof(number)); /* svm_port */
    if (vsock || peer->any.sa_family == UNSOCK_AF_TIPC)
        memcpy(&machine, peer->bytes + 8, sizeof(machine)); /* svm_cid; for TIPC the node in the socket's id */
    uint16_t port = (uint16_t)number != 0 ? (uint16_t)number : unsock_socket_invented_port(fd);
    if (machine == 0 || unsock_settings.accept_as.ip.family == 0)
        return unsock_address_default(unsock_socket_names_family(entry), port);
    return unsock_address_in_range(&unsock_settings.accept_as, machine, port);
}

/* Parses a kernel name. If the name shows an IP address, callers prefer this address to a cached one. */
static struct unsock_name read_telling_name(const union unsock_sockaddr *name, long length) {
    struct unsock_name none = {.kind = UNSOCK_NAME_NONE};
    return name->any.sa_family == AF_UNIX && length >= 0 ? unsock_kernel_name_read(&name->un, (size_t)length) : none;
}

long unsock_socket_names_peer(int fd, struct unsock_fd *entry, const union unsock_sockaddr *peer, socklen_t peer_length,
                              void *address, socklen_t *length) {
    bool accepted_foreign = entry->kind == UNSOCK_KIND_FOREIGN && (entry->flags & UNSOCK_ACCEPTED);
    if (accepted_foreign &&
        (unsock_call_is_ip(peer->any.sa_family) || !unsock_socket_names_converts(peer->any.sa_family)))
        return unsock_socket_names_give(peer, peer_length, address, length);
    struct unsock_name name = read_telling_name(peer, peer_length);
    struct unsock_ip none = {0}, *remote = unsock_state_has_remote(entry->state) ? unsock_fd_remote(entry) : &none;
    struct unsock_ip ip = name.kind == UNSOCK_NAME_STREAM ? name.source : *remote;
    if (ip.family == 0)
        ip = peer_address(entry, fd, peer);
    if (remote->family == 0)
        *remote = ip;
    return unsock_socket_names_give_ip(&ip, entry->domain, address, length);
}

int unsock_socket_names_family(const struct unsock_fd *entry) {
    return entry->local.family == AF_INET ? AF_INET : entry->domain;
}

/* True if the name, the socket's own or its peer's, is of the library's form. A plain Unix client's name is not. */
static bool is_name_of_ours(const union unsock_sockaddr *name, long length) {
    struct unsock_name told = read_telling_name(name, length);
    return told.kind == UNSOCK_NAME_FILE || told.kind == UNSOCK_NAME_STREAM;
}

/* Returns the entry if the program must not see the kernel's name of `fd`. *wrong: 0, or -errno if unidentified. */
static struct unsock_fd *redirected(int fd, const union unsock_sockaddr *name, long length, struct unsock_whose *whose,
                                    long *wrong) {
    long owner = unsock_whose(fd, is_name_of_ours(name, length) ? UNSOCK_ASK_ALWAYS : UNSOCK_ASK_KERNEL, whose);
    struct unsock_fd *entry = whose->entry;
    int family = name->any.sa_family;
    *wrong = family == AF_UNIX ? UNSOCK_MIN(owner, 0) : 0;
    if (owner != UNSOCK_IS_OURS)
        return NULL;
    /* The TCP socket in a refused stream's place has the name that the program must see, except for a bound stream. */
    bool bound = unsock_fd_is_refused(entry) && (entry->flags & UNSOCK_BOUND);
    return entry->kind == UNSOCK_KIND_FOREIGN || family == AF_UNIX || bound ? entry : NULL;
}

static long give_local(struct unsock_fd *entry, struct sockaddr *address, socklen_t *length) {
    struct unsock_ip local = entry->local;
    /* Like TCP, an unbound or wildcard socket shows the wildcard of its own family. */
    if (local.family == 0 || unsock_ip_is_wildcard(&local))
        local.family = entry->domain == AF_INET6 ? AF_INET6 : AF_INET;
    return unsock_socket_names_give_ip(&local, entry->domain, address, length);
}

/* True for a descriptor that is known not to be redirected: the kernel alone answers the program. */
static bool is_known_plain(int fd) {
    struct unsock_whose whose;
    long owner = unsock_whose(fd, 0, &whose);
    return whose.entry && (owner == UNSOCK_IS_IP || whose.entry->kind == UNSOCK_KIND_OTHER);
}

long unsock_call_getsockname(int fd, struct sockaddr *address, socklen_t *length) {
    union unsock_sockaddr name;
    struct unsock_whose whose;
    if (is_known_plain(fd))
        return unsock_getsockname(fd, address, length);
    long result = unsock_socket_name(fd, __NR_getsockname, &name);
    if (result < 0)
        return result;
    long wrong;
    unsock_reuse_named(fd, &name, (size_t)result);
    struct unsock_fd *entry = redirected(fd, &name, result, &whose, &wrong);
    if (wrong < 0)
        return wrong;
    struct unsock_name own = entry ? read_telling_name(&name, result) : (struct unsock_name){0};
    bool raw = !entry || (entry->kind == UNSOCK_KIND_FOREIGN && (entry->flags & UNSOCK_ACCEPTED) &&
                          !unsock_socket_names_converts(name.any.sa_family));
    if (raw)
        return unsock_socket_names_give(&name, (socklen_t)result, address, length);
    if (own.kind == UNSOCK_NAME_STREAM)
        return unsock_socket_names_give_ip(&own.source, entry->domain, address, length);
    /* Another process, which shares the socket, has given it a name. */
    if (own.kind == UNSOCK_NAME_FILE && entry->type == SOCK_DGRAM && unsock_fd_is_fresh(entry))
        unsock_identify_name(fd, entry);
    return give_local(entry, address, length);
}

/* True if the connection is over: TCP then reports no peer. Makes one system call for a live connection. If the program
 * has installed a seccomp filter, which may forbid this call, every connection counts as live. */
static bool is_connection_over(int fd, const struct unsock_fd *entry, const union unsock_sockaddr *peer) {
    if (unsock_sandboxed || peer->any.sa_family != AF_UNIX || entry->type != SOCK_STREAM)
        return false;
    int events = unsock_socket_poll(fd, POLLRDHUP);
    return (events & (POLLRDHUP | POLLHUP)) && unsock_end_is_over(fd, unsock_socket_mark(fd), events);
}

long unsock_call_getpeername(int fd, struct sockaddr *address, socklen_t *length) {
    union unsock_sockaddr name = {0};
    struct unsock_whose whose;
    if (is_known_plain(fd))
        return unsock_getpeername(fd, address, length);
    if (unsock_asking_look(fd) < 0)
        return -ENOTCONN;
    long result = unsock_socket_name(fd, __NR_getpeername, &name);
    if (result < 0 && result != -ENOTCONN)
        return result;
    long wrong = is_name_of_ours(&name, result) ? 0 : unsock_reuse_look(fd);
    if (wrong < 0)
        return wrong;
    if (result == -ENOTCONN)
        name.any.sa_family = AF_UNIX;
    struct unsock_fd *entry = redirected(fd, &name, result, &whose, &wrong);
    if (wrong < 0)
        return wrong;
    /* The kernel may lack the peer's name: a datagram peer may not have started, and AF_TIPC forgets a closed peer. */
    bool waiting =
        entry && unsock_state_is_connected(entry->state) &&
        (entry->type == SOCK_DGRAM || (entry->kind == UNSOCK_KIND_FOREIGN && unsock_fd_remote(entry)->family));
    if (result < 0 && !waiting)
        return result;
    if (!entry)
        return unsock_socket_names_give(&name, (socklen_t)result, address, length);
    if (!unsock_state_is_connected(entry->state) || is_connection_over(fd, entry, &name))
        return -ENOTCONN;
    return unsock_socket_names_peer(fd, entry, &name, result < 0 ? 0 : (socklen_t)result, address, length);
}
