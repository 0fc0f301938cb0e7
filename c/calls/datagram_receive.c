/* Receiving on datagram sockets: who sent it, and the control data that UDP would give. */
#include "calls/datagram.h"
#include "calls/datagram_peer.h"
#include "calls/datagram_refused.h"
#include "calls/packet_info.h"
#include "calls/passed_descriptors.h"
#include "calls/socket_names.h"
#include "files/plain_senders.h"
#include "kernel/other_name.h"
#include "kernel/socket_info.h"
#include "memory/fds.h"
#include "memory/known_ports.h"
#include "memory/state.h"
#include "rt/libc.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/system_calls.h"
#include "rules/address.h"
#include "rules/ip.h"
#include "rules/kernel_name.h"
#include "rules/settings.h"

/* Is it the name of the socket to which this one is connected? */
static bool is_peers(int fd, const struct unsock_fd *entry, const struct sockaddr_un *name, socklen_t length) {
    union unsock_sockaddr peer;
    return unsock_state_is_connected(entry->state) && !(entry->flags & UNSOCK_BY_CONTROL) &&
           unsock_socket_name(fd, __NR_getpeername, &peer) == (long)length && unsock_same(&peer, name, length);
}

/* The directory may have another name where the sender is. */
UNSOCK_OWN_FRAME static void read_other_name(int fd, const struct unsock_fd *entry, const struct sockaddr_un *name,
                                             socklen_t length, struct unsock_name *read) {
    struct unsock_name other;
    struct unsock_span file;
    if (!unsock_kernel_name_read_anywhere(name, length, &other, &file))
        return;
    if (is_peers(fd, entry, name, length) || unsock_other_name_is_ours(name, length, &other))
        *read = other;
}

/* What the sender's name tells. */
static struct unsock_name read_name(int fd, const struct unsock_fd *entry, const union unsock_sockaddr *name,
                                    socklen_t length) {
    struct unsock_name read = {.kind = UNSOCK_NAME_NONE};
    if (name->any.sa_family != AF_UNIX)
        return read;
    read = unsock_kernel_name_read(&name->un, length);
    if (read.kind == UNSOCK_NAME_FOREIGN)
        read_other_name(fd, entry, &name->un, length, &read);
    return read;
}

/* The family from which a sender comes that is on a wildcard, or is a client. */
static int family_of(const struct unsock_name *told) {
    int own = told->own ? told->address.family : AF_INET;
    return told->target.family != 0 ? told->target.family : own;
}

/*
 * The sender's IP address. Its port is in the name of its file, and its address where it is on one; else that is the
 * one that we sent to, for a reply from that port, and otherwise the address that local peers have.
 */
static struct unsock_ip sender_of(const struct unsock_fd *entry, const struct unsock_name *told,
                                  const struct sockaddr_un *name, socklen_t length) {
    uint16_t port = told->port;
    bool plain = told->kind != UNSOCK_NAME_FILE || told->type != SOCK_DGRAM;
    if (plain && (entry->flags & UNSOCK_BY_CONTROL))
        return entry->remote;
    if (plain)
        port = unsock_plain_sender_port(entry, name, length);
    bool tells = !plain && told->own && told->address_known && !unsock_ip_is_wildcard(&told->address);
    if ((!tells || unsock_settings.one_address) && unsock_state_has_remote(entry->state) &&
        entry->remote.port == port && !unsock_ip_is_wildcard(&entry->remote))
        return entry->remote;
    struct unsock_ip sender =
        tells ? told->address
              : unsock_address_default(plain ? unsock_socket_names_family(entry) : family_of(told), port);
    sender.port = port;
    return sender;
}

/* A family that the settings leave alone is shown as it is. */
static long give_sender(struct unsock_fd *entry, const struct unsock_name *told, const union unsock_sockaddr *name,
                        socklen_t name_length, void *address, socklen_t *length) {
    /* The number has become a UDP socket's. */
    if (entry->kind == UNSOCK_KIND_LOCAL && (name->any.sa_family == AF_INET || name->any.sa_family == AF_INET6))
        return unsock_socket_names_give(name, name_length, address, length);
    if (entry->kind == UNSOCK_KIND_FOREIGN && !unsock_socket_names_converts(name->any.sa_family))
        return unsock_socket_names_give(name, name_length, address, length);
    struct unsock_ip sender = sender_of(entry, told, &name->un, name_length);
    /* The answer goes to the same name. */
    if (told->kind == UNSOCK_NAME_FILE && told->type == SOCK_DGRAM && !told->own)
        unsock_known_port_note(&sender, SOCK_DGRAM, UNSOCK_KNOWN_PLAIN);
    return unsock_socket_names_give_ip(&sender, entry->domain, address, length);
}

/* Who waits on a client's socket must find it still there when the answer comes (unsock_datagram_choose_source). */
static void expect(struct unsock_fd *entry) {
    if (entry->flags & UNSOCK_ANY_PORT)
        unsock_fds_mark(entry, UNSOCK_HEARD);
}

long unsock_datagram_receive(int fd, struct unsock_fd *entry, struct msghdr *message, int flags) {
    union unsock_sockaddr name;
    struct msghdr own = *message;
    if (flags & MSG_ERRQUEUE)
        return -EAGAIN;
    own.msg_name = &name;
    own.msg_namelen = sizeof(name);
    name.any.sa_family = AF_UNSPEC;
    expect(entry);
    long result = unsock_real_recvmsg(fd, &own, flags);
    if (result < 0)
        return unsock_datagram_told(result);
    unsock_fds_mark(entry, UNSOCK_HEARD);
    unsock_passed_descriptors_refuse(fd, &own);
    message->msg_flags = own.msg_flags;
    size_t room = message->msg_controllen;
    message->msg_controllen = own.msg_controllen;
    if (entry->options == 0 && !message->msg_name)
        return result;
    struct unsock_name told = read_name(fd, entry, &name, own.msg_namelen);
    if (entry->options != 0)
        unsock_packet_info_append(fd, entry, &told, message, room);
    long wrong = 0;
    if (message->msg_name)
        wrong = give_sender(entry, &told, &name, own.msg_namelen, message->msg_name, &message->msg_namelen);
    return wrong < 0 ? wrong : result;
}

long unsock_datagram_recvfrom(int fd, struct unsock_fd *entry, void *data, size_t size, int flags, void *address,
                              socklen_t *length) {
    union unsock_sockaddr name;
    socklen_t name_length = sizeof(name);
    if (flags & MSG_ERRQUEUE)
        return -EAGAIN;
    name.any.sa_family = AF_UNSPEC;
    expect(entry);
    long result = unsock_real_recvfrom(fd, data, size, flags, &name, &name_length);
    if (result < 0)
        return unsock_datagram_told(result);
    unsock_fds_mark(entry, UNSOCK_HEARD);
    if (!address)
        return result;
    struct unsock_name told = read_name(fd, entry, &name, name_length);
    long wrong = give_sender(entry, &told, &name, name_length, address, length);
    return wrong < 0 ? wrong : result;
}
