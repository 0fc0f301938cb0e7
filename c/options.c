/* setsockopt and getsockopt of redirected descriptors. */
#include "options.h"

#include "option_table.h"
#include "rt/mem.h"
#include "rt/sys.h"
#include "socket_info.h"
#include "target.h"

#define SEND_TIMEOUT_MS 100

/* A socket of the kind that the program believes to have, to ask the kernel. */
static long open_oracle(const struct unsock_fd *entry) {
    return unsock_sys(__NR_socket, entry->domain, entry->type | SOCK_CLOEXEC, entry->protocol);
}

static bool is_ip_level(int level) {
    return level == IPPROTO_TCP || level == IPPROTO_UDP || level == IPPROTO_IP || level == IPPROTO_IPV6;
}

void unsock_options_note(int fd, struct unsock_fd *entry, int level, int name) {
    int row = unsock_option_find(level, name);
    if (row >= 0)
        entry->options |= UNSOCK_OPTION_BIT(row);
    unsock_fds_tell_options(fd);
}

static long set_simple(int fd, struct unsock_fd *entry, int row, const void *value, socklen_t length) {
    const struct unsock_option *option = &unsock_option_table[row];
    int32_t number;
    if (length < sizeof(number))
        return -EINVAL;
    if (unsock_is_nowhere(value))
        return -EFAULT;
    memcpy(&number, value, sizeof(number));
    if (number < option->least || number > option->most)
        return -EINVAL;
    if (option->kind == UNSOCK_OPTION_NUMBER && number == option->initial && !(entry->options & UNSOCK_OPTION_BIT(row)))
        return 0;
    unsock_option_remember(fd, entry, row, &number);
    return 0;
}

/* Sets it on a real socket, and remembers what that one then answers. */
static long set_by_oracle(int fd, struct unsock_fd *entry, int level, int name, const void *value, socklen_t length) {
    int row = unsock_option_find(level, name);
    int32_t answer[4] = {0};
    socklen_t answer_length = sizeof(answer);
    long oracle = open_oracle(entry);
    if (oracle < 0)
        return 0;
    long result = unsock_option_set((int)oracle, level, name, value, length);
    if (result == 0 && row >= 0 && unsock_option_get((int)oracle, level, name, answer, &answer_length) == 0)
        unsock_option_remember(fd, entry, row, answer);
    unsock_sys(__NR_close, oracle);
    return result;
}

/* A datagram's send never blocks for more than 100 ms (UDP never blocks for a receiver); the program sees its own. */
static long set_send_timeout(int fd, struct unsock_fd *entry, const void *value, socklen_t length) {
    struct unsock_timeval time;
    long result = unsock_option_set(fd, SOL_SOCKET, SO_SNDTIMEO, value, length);
    if (result < 0 || length < sizeof(time))
        return result;
    memcpy(&time, value, sizeof(time));
    int64_t ms = time.seconds > 2000000 ? 2000000000 : time.seconds * 1000 + time.microseconds / 1000;
    int32_t number = (int32_t)ms;
    unsock_option_remember(fd, entry, unsock_option_find(SOL_SOCKET, SO_SNDTIMEO), &number);
    if (entry->type == SOCK_DGRAM && (number == 0 || number > SEND_TIMEOUT_MS))
        unsock_socket_limit_send(fd);
    return 0;
}

static long set_socket_level(int fd, struct unsock_fd *entry, int name, const void *value, socklen_t length) {
    if (name == SO_REUSEPORT)
        return set_by_oracle(fd, entry, SOL_SOCKET, name, value, length);
    if (name == SO_SNDTIMEO && entry->type == SOCK_DGRAM)
        return set_send_timeout(fd, entry, value, length);
    long result = unsock_option_set(fd, SOL_SOCKET, name, value, length);
    int row = unsock_option_find(SOL_SOCKET, name);
    if (result < 0 || row < 0)
        return result;
    int32_t number = 1;
    if (unsock_option_table[row].kind == UNSOCK_OPTION_APPLIED)
        memcpy(&number, value, sizeof(number));
    if (unsock_option_table[row].kind == UNSOCK_OPTION_APPLIED)
        unsock_option_remember(fd, entry, row, &number);
    else
        unsock_options_note(fd, entry, SOL_SOCKET, name);
    return result;
}

long unsock_options_set(int fd, struct unsock_fd *entry, int level, int name, const void *value, socklen_t length) {
    if (level == SOL_SOCKET)
        return set_socket_level(fd, entry, name, value, length);
    if (entry->kind == UNSOCK_KIND_FOREIGN && !is_ip_level(level))
        return unsock_option_set(fd, level, name, value, length);
    int row = unsock_option_find(level, name);
    if (row >= 0 && unsock_option_table[row].simple && entry->type == SOCK_STREAM)
        return set_simple(fd, entry, row, value, length);
    /* So in do_tcp_setsockopt, net/ipv4/tcp.c. */
    if (level == IPPROTO_TCP &&
        ((name == UNSOCK_TCP_FASTOPEN_CONNECT && (entry->flags & (UNSOCK_LISTENING | UNSOCK_CONNECTED))) ||
         (name == UNSOCK_TCP_FASTOPEN_NO_COOKIE && (entry->flags & UNSOCK_CONNECTED))))
        return -EINVAL;
    /* IPV6_V6ONLY is fixed once the socket has a port (net/ipv6/ipv6_sockglue.c). */
    if (entry->domain == AF_INET6 && level == IPPROTO_IPV6 && name == IPV6_V6ONLY &&
        (entry->flags & (UNSOCK_BOUND | UNSOCK_CONNECTED)))
        return -EINVAL;
    return set_by_oracle(fd, entry, level, name, value, length);
}

/* Copies an answer out as the kernel does: cut to the caller's length, which becomes the length used. */
static long answer(const void *from, socklen_t size, int level, void *value, socklen_t *length) {
    if (unsock_is_nowhere(length) || unsock_is_nowhere(value))
        return -EFAULT;
    if ((int32_t)*length < 0)
        return -EINVAL;
    /* A byte is enough for a small number at this level (do_ip_getsockopt in net/ipv4/ip_sockglue.c). */
    bool as_byte = level == IPPROTO_IP && *length > 0 && *length < sizeof(int32_t) && size == sizeof(int32_t);
    *length = as_byte ? 1 : UNSOCK_MIN(*length, size);
    memcpy(value, from, *length);
    return 0;
}

static long get_by_oracle(struct unsock_fd *entry, int level, int name, void *value, socklen_t *length) {
    long oracle = open_oracle(entry);
    if (oracle < 0)
        return -ENOPROTOOPT;
    long result = unsock_option_get((int)oracle, level, name, value, length);
    unsock_sys(__NR_close, oracle);
    return result;
}

/* What a connected or listening TCP socket says that a new one does not. */
static long get_by_state(int fd, struct unsock_fd *entry, int level, int name, void *value, socklen_t *length) {
    bool connected = (entry->flags & UNSOCK_CONNECTED) != 0;
    int32_t mss = entry->domain == AF_INET6 && entry->remote.family == AF_INET6 ? 65463 : 65483;
    int32_t mtu = 65536;
    if (level == IPPROTO_TCP && name == UNSOCK_TCP_INFO) {
        long result = get_by_oracle(entry, level, name, value, length);
        if (result == 0)
            unsock_socket_complete_tcp_info(fd, entry, value, *length);
        return result;
    }
    if (connected && level == IPPROTO_TCP && name == UNSOCK_TCP_MAXSEG && entry->type == SOCK_STREAM)
        return answer(&mss, sizeof(mss), level, value, length);
    if (connected && ((level == IPPROTO_IP && name == UNSOCK_IP_MTU) || (level == IPPROTO_IPV6 && name == IPV6_MTU)))
        return answer(&mtu, sizeof(mtu), level, value, length);
    return get_by_oracle(entry, level, name, value, length);
}

/* How an asynchronous connect through a control file ended, in TCP's words. */
static long get_error(int fd, void *value, socklen_t *length) {
    union unsock_sockaddr peer;
    int32_t error = (int32_t)unsock_socket_option(fd, SO_ERROR);
    if (unsock_target_is_refusal(error) && unsock_socket_name(fd, __NR_getpeername, &peer) == -ENOTCONN)
        error = ECONNREFUSED;
    return answer(&error, sizeof(error), SOL_SOCKET, value, length);
}

static long get_socket_level(int fd, struct unsock_fd *entry, int name, void *value, socklen_t *length) {
    int32_t domain = entry->domain, protocol = entry->protocol;
    int row = unsock_option_find(SOL_SOCKET, name);
    if (name == SO_DOMAIN)
        return answer(&domain, sizeof(domain), SOL_SOCKET, value, length);
    if (name == SO_PROTOCOL)
        return answer(&protocol, sizeof(protocol), SOL_SOCKET, value, length);
    if (name == SO_ERROR && entry->kind == UNSOCK_KIND_FOREIGN)
        return get_error(fd, value, length);
    bool applied = row >= 0 && unsock_option_table[row].kind == UNSOCK_OPTION_APPLIED;
    if (name == SO_REUSEPORT || (applied && (entry->options & UNSOCK_OPTION_BIT(row))))
        return answer(unsock_option_recall(fd, entry, row), sizeof(int32_t), SOL_SOCKET, value, length);
    if (name == SO_SNDTIMEO && entry->type == SOCK_DGRAM) {
        const int32_t *ms = unsock_option_recall(fd, entry, row);
        struct unsock_timeval time = {ms ? *ms / 1000 : 0, ms ? *ms % 1000 * 1000 : 0};
        return answer(&time, sizeof(time), SOL_SOCKET, value, length);
    }
    /* Until it is connected, a TCP socket has the sizes that tcp_rmem and tcp_wmem say. */
    bool size = name == SO_SNDBUF || name == SO_RCVBUF;
    if (size && entry->type == SOCK_STREAM && !(entry->flags & UNSOCK_CONNECTED) && !(entry->options & UNSOCK_OPTION_BIT(row)))
        return get_by_oracle(entry, SOL_SOCKET, name, value, length);
    return unsock_option_get(fd, SOL_SOCKET, name, value, length);
}

long unsock_options_get(int fd, struct unsock_fd *entry, int level, int name, void *value, socklen_t *length) {
    if (level == SOL_SOCKET)
        return get_socket_level(fd, entry, name, value, length);
    if (entry->kind == UNSOCK_KIND_FOREIGN && !is_ip_level(level))
        return unsock_option_get(fd, level, name, value, length);
    int row = unsock_option_find(level, name);
    bool fits = row >= 0 && (level != IPPROTO_TCP || entry->type == SOCK_STREAM) &&
                (level != IPPROTO_IPV6 || entry->domain == AF_INET6);
    const int32_t *known = fits ? unsock_option_recall(fd, entry, row) : NULL;
    if (!known)
        return get_by_state(fd, entry, level, name, value, length);
    bool text = unsock_option_table[row].kind == UNSOCK_OPTION_TEXT;
    return answer(known, text ? UNSOCK_OPTION_TEXT_SIZE : sizeof(*known), level, value, length);
}

bool unsock_options_flag(int fd, const struct unsock_fd *entry, int level, int name) {
    int row = unsock_option_find(level, name);
    int32_t value = 0;
    socklen_t length = sizeof(value);
    if (row < 0 || (unsock_option_table[row].kind != UNSOCK_OPTION_FLAG && !(entry->options & UNSOCK_OPTION_BIT(row))))
        return false;
    if (entry->kind != UNSOCK_KIND_IP && unsock_option_table[row].kind == UNSOCK_OPTION_FLAG)
        return *unsock_option_recall(fd, entry, row) != 0;
    return (entry->options & UNSOCK_OPTION_BIT(row)) && unsock_option_get(fd, level, name, &value, &length) == 0 && value != 0;
}
