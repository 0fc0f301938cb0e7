/* Copies options to another socket: a stand-in, an accepted socket, or one that sends a datagram to the network. */
#include "kernel/socket_info.h"
#include "options/options.h"

/* Returns the name by which getsockopt reads the option: SO_SNDBUFFORCE and SO_RCVBUFFORCE can only be set. */
static int readable(int name) {
    return name == SO_SNDBUFFORCE ? SO_SNDBUF : name == SO_RCVBUFFORCE ? SO_RCVBUF : name;
}

static void carry_kernel_option(int from, int to, const struct unsock_option_row *option) {
    int32_t value[4] = {0};
    socklen_t length = sizeof(value);
    int name = readable(option->name);
    if (unsock_getsockopt(from, option->level, name, value, &length) < 0)
        return;
    /* Switching off either option switches off both (sock_set_timestamp, net/core/sock.c). */
    if ((name == SO_TIMESTAMP || name == SO_TIMESTAMPNS) && value[0] == 0)
        return;
    /* The kernel doubles a buffer size when it is set, and returns the doubled one (socket(7)). */
    if (name == SO_RCVBUF || name == SO_SNDBUF)
        value[0] /= 2;
    unsock_setsockopt(to, option->level, option->name, value, length);
}

/* Copies SO_SNDBUF of a datagram socket. The library remembers the size that UDP would show to the program; the AF_UNIX
 * socket's buffer is larger (set_send_buffer in options_socket.c). */
static void carry_send_buffer(int from, struct unsock_fd *entry, int name, int to, bool to_ip) {
    int row = unsock_option_find(SOL_SOCKET, SO_SNDBUF);
    int32_t size = (int32_t)unsock_socket_option(from, SO_SNDBUF);
    if (entry->kind == UNSOCK_KIND_IP)
        unsock_option_remember(from, entry, row, &size);
    const int32_t *known = unsock_option_recall(from, entry, row);
    int32_t half = (known ? *known : size) / 2;
    if (to_ip)
        unsock_setsockopt(to, SOL_SOCKET, name, &half, sizeof(half));
    else
        unsock_send_limit_grow(to, 2 * half);
}

static void carry_number(int from, struct unsock_fd *entry, int row) {
    int32_t value[4] = {0};
    socklen_t length = sizeof(value);
    const struct unsock_option_row *option = &unsock_option_table[row];
    if (unsock_getsockopt(from, option->level, option->name, value, &length) < 0) {
        unsock_option_mark(from, entry, row, false);
        return;
    }
    if (option->level == SOL_SOCKET && option->name == SO_SNDTIMEO)
        value[0] = unsock_socket_timeval_ms(value);
    unsock_option_remember(from, entry, row, value);
}

/* Sets a remembered option on the socket `to`. Ignores errors: they were reported when the program set the option. */
static void replay(int from, struct unsock_fd *entry, int row, int to) {
    const struct unsock_option_row *option = &unsock_option_table[row];
    const int32_t *value = unsock_option_recall(from, entry, row);
    if (!value || (option->level == SOL_SOCKET && option->name == SO_SNDTIMEO))
        return;
    size_t length = option->kind == UNSOCK_OPTION_TEXT ? UNSOCK_OPTION_TEXT_SIZE : sizeof(*value);
    unsock_setsockopt(to, option->level, option->name, value, (socklen_t)length);
}

/* Copies SO_PEEK_OFF, but not to an unconnected stream, which may be a listener (can_peek in options_socket.c). */
static void carry_peek_offset(const int32_t *offset, const struct unsock_fd *entry, int to) {
    union unsock_sockaddr peer;
    bool peeks = entry->type == SOCK_DGRAM || unsock_socket_name(to, __NR_getpeername, &peer) >= 0;
    if (offset && *offset >= 0 && peeks)
        unsock_setsockopt(to, SOL_SOCKET, SO_PEEK_OFF, offset, sizeof(*offset));
}

static void carry(int from, struct unsock_fd *entry, int row, int to, bool to_ip) {
    const struct unsock_option_row *option = &unsock_option_table[row];
    if (entry->type == SOCK_DGRAM && option->level == SOL_SOCKET && readable(option->name) == SO_SNDBUF) {
        carry_send_buffer(from, entry, option->name, to, to_ip);
        return;
    }
    bool in_kernel = option->kind == UNSOCK_OPTION_KERNEL || option->kind == UNSOCK_OPTION_APPLIED;
    bool send_timeout = option->level == SOL_SOCKET && option->name == SO_SNDTIMEO;
    if (option->kind == UNSOCK_OPTION_KERNEL || (send_timeout && entry->type == SOCK_STREAM))
        carry_kernel_option(from, to, option);
    if (option->kind != UNSOCK_OPTION_KERNEL && entry->kind == UNSOCK_KIND_IP)
        carry_number(from, entry, row);
    if (option->level == SOL_SOCKET && option->name == SO_PEEK_OFF && !to_ip)
        carry_peek_offset(unsock_option_recall(from, entry, row), entry, to);
    if (option->kind == UNSOCK_OPTION_APPLIED || (!in_kernel && to_ip))
        replay(from, entry, row, to);
}

void unsock_options_carry(int from, struct unsock_fd *entry, int to, bool to_ip) {
    /* Read before the first loop, as carry may change these bits. */
    uint64_t rare = unsock_option_rare(from, entry);
    for (uint64_t rows = entry->options & ~UNSOCK_OPTION_SOME_RARE; rows != 0; rows &= rows - 1)
        carry(from, entry, __builtin_ctzll(rows), to, to_ip);
    for (; rare != 0; rare &= rare - 1)
        carry(from, entry, UNSOCK_OPTION_RARE + __builtin_ctzll(rare), to, to_ip);
    unsock_fds_tell_options(from);
}

/* Copies an option that TCP's accepted sockets inherit from their listener (sk_clone_lock), but AF_UNIX's do not. Skips
 * SO_PRIORITY, which TCP takes from the first packet, and SO_INCOMING_CPU, which holds the socket's marks. */
static void inherit(int listener, int fd, const struct unsock_fd *to, int row) {
    const struct unsock_option_row *option = &unsock_option_table[row];
    if ((option->level == SOL_SOCKET && option->name == SO_SNDTIMEO) ||
        (option->kind == UNSOCK_OPTION_KERNEL && option->name != SO_PRIORITY && option->name != SO_INCOMING_CPU))
        carry_kernel_option(listener, fd, option);
    if (option->level == SOL_SOCKET && option->name == SO_PEEK_OFF)
        carry_peek_offset(unsock_option_recall(fd, to, row), to, fd);
}

void unsock_options_inherit(int listener, const struct unsock_fd *from, int fd, struct unsock_fd *to) {
    to->options = from->options;
    unsock_fds_mark(to, from->flags & UNSOCK_OPTIONS);
    if (from->flags & UNSOCK_OPTIONS)
        unsock_option_copy(listener, fd);
    for (uint64_t rows = from->options & ~UNSOCK_OPTION_SOME_RARE; rows != 0; rows &= rows - 1)
        inherit(listener, fd, to, __builtin_ctzll(rows));
    for (uint64_t rare = unsock_option_rare(listener, from); rare != 0; rare &= rare - 1)
        inherit(listener, fd, to, UNSOCK_OPTION_RARE + __builtin_ctzll(rare));
}

static void mark_option(int fd, struct unsock_fd *entry, int level, int name) {
    int row = unsock_option_find(level, name);
    if (row >= 0)
        unsock_option_mark(fd, entry, row, true);
}

void unsock_option_note(int fd, struct unsock_fd *entry, int level, int name) {
    /* SO_BINDTODEVICE and SO_BINDTOIFINDEX set the same option. */
    if (level == SOL_SOCKET && name == SO_BINDTODEVICE)
        name = SO_BINDTOIFINDEX;
    if (level == SOL_SOCKET && (name == SO_SNDBUFFORCE || name == SO_RCVBUFFORCE))
        mark_option(fd, entry, level, name == SO_SNDBUFFORCE ? SO_SNDBUF : SO_RCVBUF);
    mark_option(fd, entry, level, name);
    unsock_fds_tell_options(fd);
}
