/* Identifies an unknown descriptor by asking the kernel for its family, type, protocol and names. */
#include "kernel/socket_info.h"

#include "memory/epoll_memory.h"
#include "memory/process.h"
#include "rules/settings.h"

#define INHERITED_MOST 1024 /* inherited sockets are looked for only below this number */

/* Fills the entry of a bound datagram socket, or of a bound, unconnected stream, from its file's name. If the name
 * shows no address (PORT.sock), the socket's marks show the family, and the wildcard of a service manager's socket. */
static void identify_file(struct unsock_fd *entry, int fd, const struct unsock_port_entry *name) {
    unsigned mark = (name->ip.family == AF_INET6 ? UNSOCK_MARK_INET6 : 0) | unsock_socket_mark(fd);
    entry->kind = UNSOCK_KIND_LOCAL;
    entry->domain = mark & UNSOCK_MARK_INET6 ? AF_INET6 : AF_INET;
    struct unsock_ip any = {.family = mark & UNSOCK_MARK_IPV6 ? AF_INET6 : AF_INET};
    if (unsock_port_entry_is_plain(name))
        entry->local = mark & UNSOCK_MARK_WILDCARD ? any : unsock_address_default(any.family, 0);
    else
        entry->local = name->form != UNSOCK_PORT_HASHED ? name->ip : unsock_address_default(name->ip.family, 0);
    entry->local.port = name->ip.port;
    entry->local.tag = unsock_port_tag(name);
    entry->flags = UNSOCK_BOUND | UNSOCK_NAMED | UNSOCK_FILE;
    if (mark & UNSOCK_MARK_BATCHES)
        unsock_fds_mark(entry, UNSOCK_DATAGRAM_BATCHES);
    unsock_fd_enter(entry, UNSOCK_STATE_BOUND);
    /* A stream that has a number in its name, but does not listen, is reserved: it takes its port again at listen. */
    bool is_stream = name->type == SOCK_STREAM, listens = is_stream && unsock_socket_option(fd, SO_ACCEPTCONN) == 1;
    if (listens)
        unsock_fd_enter(entry, UNSOCK_STATE_LISTENING);
    else if (is_stream && name->number != 0)
        unsock_fds_mark(entry, UNSOCK_STREAM_UNLISTED);
}

static void identify_stream(struct unsock_fd *entry, const struct unsock_ip *local, const struct unsock_ip *remote,
                            uint32_t flags) {
    entry->kind = UNSOCK_KIND_LOCAL;
    entry->domain = local->family == AF_INET6 || remote->family == AF_INET6 ? AF_INET6 : AF_INET;
    entry->local = *local;
    unsock_bit_set(unsock_fds_client_ports, local->port);
    entry->flags = flags;
    unsock_fd_enter(entry, UNSOCK_STATE_CONNECTED);
    *unsock_fd_remote(entry) = *remote;
}

/* Fills in the peer as calls/datagram_connect.c does. A peer whose name shows no address gets the default address. */
static void identify_datagram_peer(struct unsock_fd *entry, const struct unsock_port_entry *peer) {
    unsock_fd_enter(entry, UNSOCK_STATE_CONNECTED);
    struct unsock_ip *remote = unsock_fd_remote(entry);
    *remote = unsock_port_entry_tells(peer)
                  ? peer->ip
                  : unsock_address_default(peer->ip.family == AF_INET6 ? AF_INET6 : AF_INET, peer->ip.port);
    if (unsock_ip_is_wildcard(&entry->local)) {
        uint8_t tag = entry->local.tag;
        entry->local = unsock_address_default(remote->family, entry->local.port);
        entry->local.tag = tag;
        unsock_fds_mark(entry, UNSOCK_SETTLED);
    }
}

/* Reads the name of a bound socket, also of one that was bound by another path to the directory. */
static struct unsock_name read_bound_name(const struct sockaddr_un *address, size_t length) {
    struct unsock_name name = unsock_kernel_name_read(address, length), other;
    return name.kind == UNSOCK_NAME_FOREIGN && unsock_other_name_is_ours(address, length, &other) ? other : name;
}

/* Identifies an AF_UNIX socket that this process did not make: its names tell whether it replaces an IP socket. */
UNSOCK_OWN_FRAME static long identify_unix(int fd, struct unsock_fd *entry) {
    union unsock_sockaddr address;
    long length = unsock_socket_name(fd, __NR_getsockname, &address);
    if (length < 0 || address.any.sa_family != AF_UNIX)
        return length < 0 ? length : -ENOTSOCK; /* the descriptor now refers to another socket */
    struct unsock_name own = read_bound_name(&address.un, (size_t)length), peer = {.kind = UNSOCK_NAME_NONE};
    if (own.kind == UNSOCK_NAME_STREAM)
        identify_stream(entry, &own.source, &own.target, UNSOCK_NAMED);
    length = unsock_socket_name(fd, __NR_getpeername, &address);
    if (length < 0 && length != -ENOTCONN)
        return length;
    /* If a stream has a client's name but no peer, its connect has failed. */
    if (own.kind == UNSOCK_NAME_STREAM && length < 0)
        unsock_fd_enter(entry, UNSOCK_STATE_SPENT);
    else if (own.kind != UNSOCK_NAME_STREAM && length >= 0)
        peer = read_bound_name(&address.un, (size_t)length);
    if (own.kind == UNSOCK_NAME_FILE && peer.kind == UNSOCK_NAME_STREAM) {
        struct unsock_ip any = {.family = peer.target.family, .port = own.entry.ip.port};
        if (!unsock_port_entry_is_plain(&own.entry) && own.entry.form != UNSOCK_PORT_HASHED)
            any = own.entry.ip;
        struct unsock_ip local = unsock_address_accepted(&any, &peer.target);
        identify_stream(entry, &local, &peer.source, UNSOCK_NAMED | UNSOCK_ACCEPTED);
    } else if (own.kind == UNSOCK_NAME_FILE && length >= 0 && own.entry.type == SOCK_STREAM) {
        struct unsock_ip local = unsock_address_default(AF_INET, own.entry.ip.port);
        if (unsock_port_entry_tells(&own.entry))
            local = own.entry.ip;
        struct unsock_ip remote = unsock_address_default(local.family, unsock_socket_invented_port(fd));
        identify_stream(entry, &local, &remote, UNSOCK_NAMED | UNSOCK_ACCEPTED);
    } else if (own.kind == UNSOCK_NAME_FILE) {
        identify_file(entry, fd, &own.entry);
        if (length >= 0 && peer.kind == UNSOCK_NAME_FILE)
            identify_datagram_peer(entry, &peer.entry);
    }
    return 0;
}

static struct unsock_fd *keep_identified(int fd, struct unsock_fd *scratch) {
    struct unsock_fd *entry = unsock_fds_entry(fd);
    unsock_epoll_note_anywhere(fd); /* the descriptor may be in an epoll set already */
    if (!entry)
        return scratch;
    *entry = *scratch;
    unsock_this_process_note_bound(fd, false);
    if (entry->flags & UNSOCK_FILE)
        unsock_fds_note_file(fd);
    return entry;
}

/* Returns `scratch` as an unknown descriptor, with the -errno that follows from the kernel's answer `result`. */
static struct unsock_fd *unanswered(struct unsock_fd *scratch, long result) {
    long wrong = unsock_socket_unanswered(result);
    memset(scratch, 0, sizeof(*scratch));
    unsock_fd_refusal(scratch)->error = (int32_t)wrong;
    return scratch;
}

struct unsock_fd *unsock_identify_unknown(int fd, struct unsock_fd *scratch) {
    if (!unsock_sandboxed)
        return unsock_identify_asking(fd, scratch);
    memset(scratch, 0, sizeof(*scratch));
    return scratch;
}

UNSOCK_OWN_FRAME void unsock_identify_inherited(void) {
    struct unsock_fd scratch;
    for (int fd = 0; fd < INHERITED_MOST; fd++) {
        if (!unsock_fds_known(fd))
            unsock_identify_unknown(fd, &scratch);
    }
}

struct unsock_fd *unsock_identify_asking(int fd, struct unsock_fd *scratch) {
    memset(scratch, 0, sizeof(*scratch));
    long domain = unsock_socket_option(fd, SO_DOMAIN);
    if (domain != AF_INET && domain != AF_INET6 && domain != AF_UNIX) {
        unanswered(scratch, domain);
        scratch->domain = domain == UNSOCK_AF_VSOCK || domain == UNSOCK_AF_TIPC ? (uint8_t)domain : 0;
        return scratch;
    }
    long type = unsock_socket_option(fd, SO_TYPE), protocol = unsock_socket_option(fd, SO_PROTOCOL);
    if (type < 0 || protocol < 0)
        return unanswered(scratch, type < 0 ? type : protocol);
    scratch->domain = (uint8_t)domain;
    scratch->type = (uint8_t)type;
    scratch->protocol = (uint16_t)protocol;
    if (domain == AF_UNIX) {
        long result = identify_unix(fd, scratch);
        if (result < 0)
            return unanswered(scratch, result);
        scratch->protocol = scratch->type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
    } else if ((scratch->type == SOCK_STREAM &&
                (scratch->protocol == IPPROTO_TCP || scratch->protocol == UNSOCK_IPPROTO_MPTCP)) ||
               (scratch->type == SOCK_DGRAM && scratch->protocol == IPPROTO_UDP)) {
        /* The library has not seen which options were set: a replacement socket gets copies of all. */
        scratch->kind = UNSOCK_KIND_IP;
        scratch->options = UNSOCK_OPTION_ALL;
    }
    if (scratch->kind == UNSOCK_KIND_LOCAL)
        unsock_socket_refuse_descriptors(fd);
    return scratch->kind == UNSOCK_KIND_UNKNOWN ? scratch : keep_identified(fd, scratch);
}

UNSOCK_OWN_FRAME long unsock_identify_name(int fd, struct unsock_fd *entry) {
    union unsock_sockaddr address;
    struct unsock_fd told = {.type = SOCK_DGRAM};
    long length = unsock_socket_name(fd, __NR_getsockname, &address);
    if (length < 0 || address.any.sa_family != AF_UNIX)
        return -EINVAL;
    struct unsock_name name = unsock_kernel_name_read(&address.un, (size_t)length);
    if (name.kind != UNSOCK_NAME_FILE || name.entry.type != SOCK_DGRAM)
        return -EINVAL;
    identify_file(&told, fd, &name.entry);
    entry->local = told.local;
    unsock_fd_enter(entry, UNSOCK_STATE_NAMED);
    unsock_fds_mark(entry, UNSOCK_NAMED | UNSOCK_FILE);
    unsock_fds_note_file(fd);
    return 0;
}

/* True if the descriptor still has the accepted socket that `entry` describes: the peer's kernel name is a client's
 * name with the remote address in `entry`. */
UNSOCK_OWN_FRAME static bool has_its_client(int fd, const struct unsock_fd *entry) {
    union unsock_sockaddr address;
    struct unsock_ip source, target;
    if (entry->kind != UNSOCK_KIND_LOCAL || !(entry->flags & UNSOCK_ACCEPTED) || entry->state != UNSOCK_STATE_CONNECTED)
        return false;
    long length = unsock_socket_name(fd, __NR_getpeername, &address);
    return length > 0 && address.any.sa_family == AF_UNIX &&
           unsock_kernel_name_read_stream(&address.un, (size_t)length, &source, &target) &&
           unsock_ip_same_address(&source, unsock_fd_remote(entry)) && source.port == unsock_fd_remote(entry)->port;
}

bool unsock_identify_is_connection(int fd) {
    struct unsock_fd scratch = {.type = SOCK_STREAM};
    const struct unsock_fd *known = unsock_fds_known(fd);
    /* A foreign socket that is itself a TCP socket needs no correction of its events. */
    if (known && known->kind == UNSOCK_KIND_FOREIGN && unsock_fd_is_redirected(known))
        return known->type == SOCK_STREAM && unsock_state_is_connected(known->state) && !unsock_socket_is_ip(fd);
    if (known && has_its_client(fd, known))
        return true;
    if (unsock_socket_option(fd, SO_TYPE) != SOCK_STREAM || identify_unix(fd, &scratch) < 0)
        return false;
    if (scratch.kind == UNSOCK_KIND_LOCAL)
        return unsock_state_is_connected(scratch.state);
    /* If a client has no name, only the entry in this process shows that it is connected. */
    const struct unsock_fd *entry = unsock_fds_known(fd);
    return entry && entry->kind == UNSOCK_KIND_LOCAL && entry->type == SOCK_STREAM &&
           unsock_state_is_connected(entry->state);
}

struct unsock_fd *unsock_identify_unknown_for(int fd, int family, struct unsock_fd *scratch) {
    union unsock_sockaddr name;
    struct unsock_fd *entry = unsock_identify_asking(fd, scratch);
    uint8_t born = entry->domain;
    long type = entry->kind == UNSOCK_KIND_UNKNOWN && born != 0 ? unsock_socket_option(fd, SO_TYPE) : 0;
    if (type != SOCK_STREAM && (type != SOCK_DGRAM || born != AF_UNIX))
        return entry;
    long length = unsock_socket_name(fd, __NR_getsockname, &name);
    if (length < 0 || (born == AF_UNIX && length > (long)UNSOCK_SUN_PATH_OFFSET) ||
        unsock_socket_name(fd, __NR_getpeername, &name) != -ENOTCONN)
        return entry;
    scratch->kind = born == AF_UNIX ? UNSOCK_KIND_LOCAL : UNSOCK_KIND_FOREIGN;
    scratch->born = born == AF_UNIX ? 0 : born;
    scratch->type = (uint8_t)type;
    scratch->domain = (uint8_t)family;
    scratch->protocol = type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
    return keep_identified(fd, scratch);
}
