/* setsockopt and getsockopt of redirected descriptors, at all levels but SOL_SOCKET (options_socket.c). */
#include "options/options.h"

#include "kernel/socket_info.h"
#include "rt/user.h"

#include <linux/poll.h>
#include <linux/tcp.h>

/* net/tcp_states.h */
enum {
    STATE_ESTABLISHED = 1,
    STATE_FIN_WAIT2 = 5,
    STATE_CLOSE = 7,
    STATE_CLOSE_WAIT = 8,
    STATE_LISTEN = 10,
};

static uint8_t tcp_state(int fd, const struct unsock_fd *entry) {
    if (entry->state == UNSOCK_STATE_LISTENING)
        return STATE_LISTEN;
    if (!unsock_state_is_connected(entry->state))
        return STATE_CLOSE;
    int events = unsock_socket_poll(fd, POLLRDHUP);
    unsigned mark = unsock_socket_mark_certain(fd);
    bool shut_both = (mark & UNSOCK_END_SHUT_WRITE) && (mark & UNSOCK_END_SHUT_READ);
    if (shut_both || unsock_end_is_over(fd, mark, events))
        return STATE_CLOSE;
    if (mark & UNSOCK_END_SHUT_WRITE)
        return STATE_FIN_WAIT2;
    /* AF_UNIX reports POLLRDHUP and POLLHUP if the peer has closed, only POLLRDHUP if this side shut down reading. */
    return events & (mark & UNSOCK_END_SHUT_READ ? POLLHUP : POLLRDHUP | POLLHUP) ? STATE_CLOSE_WAIT
                                                                                  : STATE_ESTABLISHED;
}

/* The loopback device's MTU is 65,536. IPv4's largest packet is a byte shorter (IP_MAX_MTU in include/net/ip.h). */
static int32_t mtu_of(const struct unsock_fd *entry) {
    return unsock_fd_remote(entry)->family == AF_INET6 ? 65536 : 65535;
}

/* Returns TCP_MAXSEG of a new loopback connection: half of what the MTU leaves after the headers. TCP raises the value
 * as data flows; here it stays, as a program may set the value that it has read, and TCP refuses large ones. */
static int32_t segment_of(const struct unsock_fd *entry) {
    return unsock_fd_remote(entry)->family == AF_INET6 ? 32732 : 32741;
}

/* Fills in the members of struct tcp_info that a connected or listening TCP socket has, and a new one lacks. */
static void complete_tcp_info(int fd, const struct unsock_fd *entry, void *info, socklen_t length) {
    struct tcp_info whole;
    if (!info || length == 0)
        return;
    socklen_t size = UNSOCK_MIN(length, sizeof(whole));
    memset(&whole, 0, sizeof(whole));
    memcpy(&whole, info, size);
    whole.tcpi_state = tcp_state(fd, entry);
    if (unsock_state_is_connected(entry->state)) {
        whole.tcpi_snd_mss = whole.tcpi_rcv_mss = (uint32_t)segment_of(entry);
        whole.tcpi_advmss = 65483;
        whole.tcpi_pmtu = (uint32_t)mtu_of(entry);
        whole.tcpi_snd_cwnd = 10;
    }
    memcpy(info, &whole, size);
}

static bool is_ip_level(int level) {
    return level == IPPROTO_TCP || level == IPPROTO_UDP || level == IPPROTO_IP || level == IPPROTO_IPV6;
}

static long set_simple(int fd, struct unsock_fd *entry, int row, const void *value, socklen_t length) {
    const struct unsock_option_row *option = &unsock_option_table[row];
    int32_t number;
    if (length < sizeof(number))
        return -EINVAL;
    if (unsock_user_read(&number, value, sizeof(number)) < 0)
        return -EFAULT;
    if (number < option->least || number > option->most)
        return -EINVAL;
    if (option->kind != UNSOCK_OPTION_NUMBER || number != option->initial || unsock_option_is_set(fd, entry, row))
        unsock_option_remember(fd, entry, row, &number);
    return 0;
}

bool unsock_options_wants_ip(const struct unsock_fd *entry, int level, int name) {
    int row = unsock_option_find(level, name);
    if (row >= 0 && row < UNSOCK_OPTION_RARE)
        return false;
    /* The socket stays as it is, and refuses SO_ZEROCOPY: local connections send the program no notifications. */
    if (level == SOL_SOCKET && name == SO_ZEROCOPY)
        return false;
    return (entry->kind == UNSOCK_KIND_LOCAL || unsock_fd_born_family(entry) != 0) && entry->state == UNSOCK_STATE_NEW;
}

long unsock_options_set(int fd, struct unsock_fd *entry, int level, int name, const void *value, socklen_t length) {
    int row = unsock_option_find(level, name);
    if ((int32_t)length < 0)
        return -EINVAL;
    if (level == SOL_SOCKET)
        return unsock_options_set_socket(fd, entry, row, name, value, length);
    if (entry->kind == UNSOCK_KIND_FOREIGN && !is_ip_level(level))
        return unsock_setsockopt(fd, level, name, value, length);
    if (row >= 0 && unsock_option_table[row].simple && entry->type == SOCK_STREAM)
        return set_simple(fd, entry, row, value, length);
    /* Refuses these options in the states in which TCP does (do_tcp_setsockopt, net/ipv4/tcp.c). */
    bool tcp = level == IPPROTO_TCP && entry->type == SOCK_STREAM;
    bool connected = unsock_state_is_connected(entry->state), listening = entry->state == UNSOCK_STATE_LISTENING;
    if (tcp && ((name == TCP_FASTOPEN_CONNECT && (listening || connected)) ||
                ((name == TCP_FASTOPEN || name == TCP_FASTOPEN_NO_COOKIE) && connected)))
        return -EINVAL;
    /* A program that saves and restores connections must learn that TCP_REPAIR does not work here. */
    if (tcp && name == TCP_REPAIR)
        return -EPERM;
    bool clamps = tcp && name == TCP_WINDOW_CLAMP && listening;
    /* IPV6_V6ONLY is fixed once the socket has a port (net/ipv6/ipv6_sockglue.c). */
    bool fixed = entry->domain == AF_INET6 && level == IPPROTO_IPV6 && name == IPV6_V6ONLY &&
                 ((entry->flags & UNSOCK_BOUND) || connected ||
                  unsock_state_in(entry->state, UNSOCK_STATE_BIT(NAMED) | UNSOCK_STATE_BIT(SENT)));
    int32_t number = 0;
    if ((fixed || clamps) && value && length >= sizeof(number) && unsock_user_read(&number, value, sizeof(number)) < 0)
        return -EFAULT;
    if (fixed || (clamps && number == 0))
        return -EINVAL;
    return unsock_oracle_set(fd, entry, level, name, value, length);
}

/* Answers options whose value depends on the socket's state. For all others, and most of TCP_INFO, asks an oracle. */
static long get_by_state(int fd, struct unsock_fd *entry, int level, int name, void *value, socklen_t *length) {
    bool connected = unsock_state_is_connected(entry->state);
    int32_t mss = connected ? segment_of(entry) : 0, mtu = connected ? mtu_of(entry) : 0;
    if (connected && level == IPPROTO_TCP && name == TCP_MAXSEG && entry->type == SOCK_STREAM)
        return unsock_option_answer(&mss, sizeof(mss), level, value, length);
    if (connected && ((level == IPPROTO_IP && name == IP_MTU) || (level == IPPROTO_IPV6 && name == IPV6_MTU)))
        return unsock_option_answer(&mtu, sizeof(mtu), level, value, length);
    long result = unsock_oracle_get(entry, level, name, value, length);
    if (result == 0 && level == IPPROTO_TCP && name == TCP_INFO)
        complete_tcp_info(fd, entry, value, *length);
    return result;
}

long unsock_options_get(int fd, struct unsock_fd *entry, int level, int name, void *value, socklen_t *length) {
    if (level == SOL_SOCKET)
        return unsock_options_get_socket(fd, entry, name, value, length);
    if (entry->kind == UNSOCK_KIND_FOREIGN && !is_ip_level(level))
        return unsock_getsockopt(fd, level, name, value, length);
    int row = unsock_option_find(level, name);
    bool fits = row >= 0 && (level != IPPROTO_TCP || entry->type == SOCK_STREAM) &&
                (level != IPPROTO_UDP || entry->type == SOCK_DGRAM) &&
                (level != IPPROTO_IPV6 || entry->domain == AF_INET6);
    /* An older kernel may lack the rare options: unless the program has set one, an oracle answers. */
    fits = fits && (row < UNSOCK_OPTION_RARE || unsock_option_is_set(fd, entry, row));
    const int32_t *known = fits ? unsock_option_recall(fd, entry, row) : NULL;
    if (!known)
        return get_by_state(fd, entry, level, name, value, length);
    bool text = unsock_option_table[row].kind == UNSOCK_OPTION_TEXT;
    return unsock_option_answer(known, text ? UNSOCK_OPTION_TEXT_SIZE : sizeof(*known), level, value, length);
}
