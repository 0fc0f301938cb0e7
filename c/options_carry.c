/* Options on their way from one socket to another: a replacement, an accepted connection, a duplicate. */
#include "options.h"

#include "option_table.h"
#include "rt/mem.h"
#include "rt/sys.h"
#include "socket_info.h"

static void carry_kernel_option(int from, int to, const struct unsock_option *option) {
    int32_t value[4] = {0};
    socklen_t length = sizeof(value);
    if (unsock_option_get(from, option->level, option->name, value, &length) < 0)
        return;
    /* The kernel doubles a buffer size that is set and tells the doubled one (socket(7)). */
    if (option->name == SO_RCVBUF || option->name == SO_SNDBUF)
        value[0] /= 2;
    unsock_option_set(to, option->level, option->name, value, length);
}

static void carry_number(int from, struct unsock_fd *entry, int row) {
    int32_t value[4] = {0};
    socklen_t length = sizeof(value);
    const struct unsock_option *option = &unsock_option_table[row];
    if (unsock_option_get(from, option->level, option->name, value, &length) < 0) {
        entry->options &= ~UNSOCK_OPTION_BIT(row);
        return;
    }
    if (option->level == SOL_SOCKET && option->name == SO_SNDTIMEO)
        value[0] = unsock_socket_timeval_ms(value);
    unsock_option_remember(from, entry, row, value);
}

/* On a kernel TCP or UDP socket: everything that the program had set. Errors have been reported when it was set. */
static void replay(int from, struct unsock_fd *entry, int row, int to) {
    const struct unsock_option *option = &unsock_option_table[row];
    const int32_t *value = unsock_option_recall(from, entry, row);
    if (!value || (option->level == SOL_SOCKET && option->name == SO_SNDTIMEO))
        return;
    size_t length = option->kind == UNSOCK_OPTION_TEXT ? UNSOCK_OPTION_TEXT_SIZE : sizeof(*value);
    unsock_option_set(to, option->level, option->name, value, (socklen_t)length);
}

/* One option that was set on the program's socket `from`, on its way to `to`. */
static void carry(int from, struct unsock_fd *entry, int row, int to, bool to_ip) {
    const struct unsock_option *option = &unsock_option_table[row];
    bool in_kernel = option->kind == UNSOCK_OPTION_KERNEL || option->kind == UNSOCK_OPTION_APPLIED;
    bool send_timeout = option->level == SOL_SOCKET && option->name == SO_SNDTIMEO;
    if (option->kind == UNSOCK_OPTION_KERNEL || (send_timeout && entry->type == SOCK_STREAM))
        carry_kernel_option(from, to, option);
    if (option->kind != UNSOCK_OPTION_KERNEL && entry->kind == UNSOCK_KIND_IP)
        carry_number(from, entry, row);
    if (option->kind == UNSOCK_OPTION_APPLIED || (!in_kernel && to_ip))
        replay(from, entry, row, to);
}

void unsock_options_carry(int from, struct unsock_fd *entry, int to, bool to_ip) {
    for (uint64_t rows = entry->options; rows != 0; rows &= rows - 1)
        carry(from, entry, __builtin_ctzll(rows), to, to_ip);
    unsock_fds_tell_options(from);
}

void unsock_options_copy(int from, int to) {
    const int32_t *source = unsock_option_values(from, false);
    int32_t *copy = source ? unsock_option_values(to, true) : NULL;
    if (copy)
        memcpy(copy, source, UNSOCK_OPTION_VALUES * sizeof(*copy));
}

/* What sk_clone_lock copies and AF_UNIX does not; a new connection has the priority of its first packet. */
static bool is_inherited(const struct unsock_option *option) {
    if (option->level == SOL_SOCKET && option->name == SO_SNDTIMEO)
        return true;
    return option->kind == UNSOCK_OPTION_KERNEL && option->name != SO_PRIORITY && option->name != SO_INCOMING_CPU;
}

void unsock_options_inherit(int listener, const struct unsock_fd *from, int fd, struct unsock_fd *to) {
    to->options = from->options;
    to->flags |= from->flags & UNSOCK_OPTIONS;
    if (from->flags & UNSOCK_OPTIONS)
        unsock_options_copy(listener, fd);
    for (uint64_t rows = from->options; rows != 0; rows &= rows - 1) {
        const struct unsock_option *option = &unsock_option_table[__builtin_ctzll(rows)];
        if (is_inherited(option))
            carry_kernel_option(listener, fd, option);
    }
}
