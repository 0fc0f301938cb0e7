/* Sending and receiving with addresses: who does the work? */
#include "calls.h"

#include "datagram.h"
#include "option_table.h"
#include "options.h"
#include "rights.h"
#include "rt/libc.h"
#include "rt/mem.h"
#include "rt/sys.h"
#include "settings.h"
#include "socket_info.h"

#define SIGPIPE_NUMBER 13

static bool is_ip_address(const void *address, socklen_t length) {
    uint16_t family = 0;
    if (!unsock_is_nowhere(address) && length >= sizeof(family))
        memcpy(&family, address, sizeof(family));
    return family == AF_INET || family == AF_INET6;
}

/* UDP takes AF_UNSPEC for AF_INET, or, over IPv6, for no address at all (net/ipv4/udp.c, net/ipv6/udp.c). */
static bool is_unspecified(const void *address, socklen_t length) {
    uint16_t family = AF_INET;
    if (!unsock_is_nowhere(address) && length >= sizeof(struct sockaddr_in))
        memcpy(&family, address, sizeof(family));
    return family == AF_UNSPEC;
}

static bool is_covered(const void *address, socklen_t length) {
    struct unsock_ip ip;
    return unsock_ip_read(address, length, &ip) && unsock_address_covered(&ip);
}

bool unsock_call_send_concerns(int fd, const void *address, socklen_t length, int flags) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    if (entry && unsock_fd_is_redirected(entry))
        return true;
    if (!address || (entry && entry->kind == UNSOCK_KIND_OTHER && !unsock_settings.block_inet))
        return false;
    if (entry && entry->type == SOCK_STREAM && !(flags & MSG_FASTOPEN))
        return false;
    return is_covered(address, length) || is_unspecified(address, length) ||
           (unsock_settings.block_inet && is_ip_address(address, length));
}

bool unsock_call_receive_concerns(int fd, bool wants_address) {
    struct unsock_fd scratch;
    struct unsock_fd *entry = unsock_fds_known(fd);
    if (!entry && wants_address)
        entry = unsock_identify(fd, &scratch);
    if (entry && entry->kind == UNSOCK_KIND_IP && entry->type == SOCK_DGRAM)
        unsock_fds_mark(entry, UNSOCK_HEARD);
    return entry && unsock_fd_is_redirected(entry);
}

/* TCP ignores an address on a connected socket; with MSG_FASTOPEN it connects first (tcp(7)). */
static long send_stream(int fd, const struct msghdr *message, int flags) {
    struct msghdr plain = *message;
    if ((flags & MSG_FASTOPEN) && message->msg_name) {
        if (is_unspecified(message->msg_name, message->msg_namelen))
            return -EOPNOTSUPP;
        long result = unsock_call_connect(fd, message->msg_name, message->msg_namelen);
        if (result < 0)
            return result;
    }
    plain.msg_name = NULL;
    plain.msg_namelen = 0;
    long result = unsock_real_send(fd, &plain, flags & ~MSG_FASTOPEN);
    if (result != -ENOTCONN)
        return result;
    /* TCP says that it cannot be written to, with the signal that goes with it (sk_stream_error). */
    if (!(flags & MSG_NOSIGNAL))
        unsock_sys(__NR_tgkill, unsock_sys(__NR_getpid), unsock_sys(__NR_gettid), SIGPIPE_NUMBER);
    return -EPIPE;
}

/* UNSOCK_PORT names the servers' ports. Their clients' ports are others, and answers to them stay here too. */
static bool is_local_client(const struct unsock_fd *entry, const struct unsock_ip *ip) {
    struct unsock_ip address = *ip;
    address.port = 0;
    return entry->kind == UNSOCK_KIND_LOCAL && unsock_address_covered(&address);
}

static long send_unspecified(int fd, const struct unsock_fd *entry, const struct msghdr *message, int flags) {
    struct sockaddr_in in;
    struct msghdr named = *message;
    memcpy(&in, message->msg_name, sizeof(in));
    in.sin_family = AF_INET;
    named.msg_name = entry->domain == AF_INET ? &in : NULL;
    named.msg_namelen = entry->domain == AF_INET ? sizeof(in) : 0;
    return unsock_call_sendmsg(fd, &named, flags);
}

/* A socket that is none of ours, a raw one for example. */
static long send_other(int fd, const struct msghdr *message, int flags) {
    if (unsock_settings.block_inet && (is_ip_address(message->msg_name, message->msg_namelen) ||
                                       (is_unspecified(message->msg_name, message->msg_namelen) &&
                                        unsock_socket_option(fd, SO_DOMAIN) == AF_INET)))
        return -EACCES;
    return unsock_real_sendmsg(fd, message, flags);
}

long unsock_call_sendmsg(int fd, const struct msghdr *message, int flags) {
    struct unsock_fd scratch;
    struct unsock_ip ip;
    struct unsock_fd *entry = unsock_identify(fd, &scratch);
    bool has_ip = is_ip_address(message->msg_name, message->msg_namelen);
    if (!unsock_fd_is_redirected(entry) && entry->kind != UNSOCK_KIND_IP)
        return send_other(fd, message, flags);
    if (entry->type == SOCK_STREAM)
        return send_stream(fd, message, flags);
    if (is_unspecified(message->msg_name, message->msg_namelen))
        return send_unspecified(fd, entry, message, flags);
    if (!message->msg_name || message->msg_namelen == 0)
        return entry->kind == UNSOCK_KIND_LOCAL ? unsock_datagram_send(fd, entry, message, flags, NULL)
                                                : unsock_real_sendmsg(fd, message, flags);
    if (unsock_is_nowhere(message->msg_name))
        return -EFAULT;
    if (!has_ip)
        return entry->kind == UNSOCK_KIND_LOCAL ? -EAFNOSUPPORT : unsock_real_sendmsg(fd, message, flags);
    if (!unsock_ip_read(message->msg_name, message->msg_namelen, &ip))
        return -EINVAL;
    if (ip.family == AF_INET6 && entry->domain == AF_INET)
        return -EAFNOSUPPORT;
    if (unsock_address_covered(&ip) || entry->kind == UNSOCK_KIND_FOREIGN || is_local_client(entry, &ip))
        return unsock_datagram_send(fd, entry, message, flags, &ip);
    if (unsock_settings.block_inet)
        return -EACCES;
    return unsock_datagram_send_real(fd, entry, message, flags);
}

long unsock_call_recvmsg(int fd, struct msghdr *message, int flags) {
    struct unsock_fd scratch;
    struct unsock_fd *entry = unsock_identify(fd, &scratch);
    if (message->msg_name && (unsock_is_nowhere(message->msg_name) || (int32_t)message->msg_namelen < 0))
        return unsock_is_nowhere(message->msg_name) ? -EFAULT : -EINVAL;
    if (entry->type == SOCK_DGRAM)
        return unsock_datagram_receive(fd, entry, message, flags);
    if (flags & MSG_ERRQUEUE)
        return -EAGAIN;
    struct msghdr plain = *message;
    plain.msg_name = NULL;
    plain.msg_namelen = 0;
    long result = unsock_real_recvmsg(fd, &plain, flags);
    if (result < 0)
        return result;
    unsock_rights_refuse(&plain);
    message->msg_flags = plain.msg_flags;
    message->msg_controllen = plain.msg_controllen;
    message->msg_namelen = 0;
    return result;
}

/* TCP gives no address, and says so by the length. */
long unsock_call_recvfrom(int fd, void *data, size_t size, int flags, void *address, socklen_t *length) {
    struct unsock_fd scratch;
    struct unsock_fd *entry = unsock_identify(fd, &scratch);
    if (entry->type == SOCK_DGRAM)
        return unsock_datagram_recvfrom(fd, entry, data, size, flags, address, length);
    if (flags & MSG_ERRQUEUE)
        return -EAGAIN;
    long result = unsock_real_recvfrom(fd, data, size, flags, NULL, NULL);
    if (result >= 0 && address)
        *length = 0;
    return result;
}

long unsock_call_sendto(int fd, const void *data, size_t size, int flags, const void *address, socklen_t length) {
    struct unsock_ip ip;
    struct unsock_fd *entry = unsock_fds_known(fd);
    bool named = entry && entry->kind == UNSOCK_KIND_LOCAL && entry->type == SOCK_DGRAM &&
                 (entry->flags & UNSOCK_NAMED) && !(entry->options & UNSOCK_OPTION_SOME_RARE);
    if (named && unsock_ip_read(address, length, &ip) && ip.port != 0 && size <= unsock_datagram_most(entry, &ip) &&
        (ip.family == AF_INET || entry->domain == AF_INET6) && is_local_client(entry, &ip))
        return unsock_datagram_sendto(fd, entry, data, size, flags, &ip);
    struct iovec part = {.iov_len = size};
    struct msghdr message = {.msg_namelen = address ? length : 0, .msg_iov = &part, .msg_iovlen = 1};
    memcpy(&part.iov_base, &data, sizeof(data));
    memcpy(&message.msg_name, &address, sizeof(address));
    return unsock_call_sendmsg(fd, &message, flags);
}

long unsock_call_sendmmsg(int fd, struct unsock_mmsghdr *messages, unsigned count, int flags) {
    for (unsigned i = 0; i < count; i++) {
        long result = unsock_call_sendmsg(fd, &messages[i].header, flags);
        if (result < 0)
            return i > 0 ? (long)i : result;
        messages[i].length = (unsigned)result;
    }
    return (long)count;
}

static bool is_past(const struct timespec *deadline) {
    struct timespec now = {0};
    unsock_sys(__NR_clock_gettime, 1 /* CLOCK_MONOTONIC */, &now);
    return now.tv_sec > deadline->tv_sec || (now.tv_sec == deadline->tv_sec && now.tv_nsec >= deadline->tv_nsec);
}

/* As the kernel: the timeout is looked at after each datagram, and never interrupts a wait (recvmmsg(2), BUGS). */
long unsock_call_recvmmsg(int fd, struct unsock_mmsghdr *messages, unsigned count, int flags, const void *timeout) {
    struct timespec deadline = {0}, wait = {0};
    if (timeout) {
        memcpy(&wait, timeout, sizeof(wait));
        if (wait.tv_sec < 0 || wait.tv_nsec < 0 || wait.tv_nsec > 999999999)
            return -EINVAL;
        unsock_sys(__NR_clock_gettime, 1 /* CLOCK_MONOTONIC */, &deadline);
        deadline.tv_sec += wait.tv_sec + (deadline.tv_nsec + wait.tv_nsec) / 1000000000;
        deadline.tv_nsec = (deadline.tv_nsec + wait.tv_nsec) % 1000000000;
    }
    for (unsigned i = 0; i < count; i++) {
        long result = unsock_call_recvmsg(fd, &messages[i].header, flags & ~UNSOCK_MSG_WAITFORONE);
        if (result < 0)
            return i > 0 ? (long)i : result;
        messages[i].length = (unsigned)result;
        if (flags & UNSOCK_MSG_WAITFORONE)
            flags |= MSG_DONTWAIT;
        if (timeout && is_past(&deadline))
            return (long)i + 1;
    }
    return (long)count;
}

/* A descriptor that nothing is known of: it is ours when an AF_UNIX socket's names say so. */
static struct unsock_fd *entry_for_option(int fd, int level, int name, struct unsock_fd *scratch) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    bool telling = level == IPPROTO_TCP || level == IPPROTO_IP || level == IPPROTO_IPV6 || level == IPPROTO_UDP ||
                   (level == SOL_SOCKET && (name == SO_DOMAIN || name == SO_PROTOCOL || name == SO_REUSEPORT));
    return !entry && telling ? unsock_identify(fd, scratch) : entry;
}

long unsock_call_setsockopt(int fd, int level, int name, const void *value, socklen_t length) {
    struct unsock_fd scratch;
    struct unsock_fd *entry = entry_for_option(fd, level, name, &scratch);
    if (entry && unsock_fd_is_redirected(entry)) {
        long result = unsock_options_set(fd, entry, level, name, value, length);
        unsock_fds_tell_duplicates(fd);
        return result;
    }
    long result = unsock_sys(__NR_setsockopt, fd, level, name, value, length);
    if (result == 0 && entry && entry->kind == UNSOCK_KIND_IP)
        unsock_options_note(fd, entry, level, name);
    return result;
}

long unsock_call_getsockopt(int fd, int level, int name, void *value, socklen_t *length) {
    struct unsock_fd scratch;
    struct unsock_fd *entry = entry_for_option(fd, level, name, &scratch);
    if (entry && unsock_fd_is_redirected(entry))
        return unsock_options_get(fd, entry, level, name, value, length);
    return unsock_sys(__NR_getsockopt, fd, level, name, value, length);
}
