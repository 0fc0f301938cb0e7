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

void unsock_options_carry(int from, struct unsock_fd *entry, int to, bool to_ip) {
    uint64_t rows = entry->options;
    for (int row = 0; rows != 0; row++, rows >>= 1) {
        const struct unsock_option *option = &unsock_option_table[row];
        if (!(rows & 1))
            continue;
        if (option->kind == UNSOCK_OPTION_KERNEL)
            carry_kernel_option(from, to, option);
        else if (entry->kind == UNSOCK_KIND_IP)
            carry_number(from, entry, row);
        if (option->kind != UNSOCK_OPTION_KERNEL && to_ip)
            replay(from, entry, row, to);
        if (option->level == SOL_SOCKET && option->name == SO_SNDTIMEO && entry->type == SOCK_STREAM)
            carry_kernel_option(from, to, option);
    }
}

void unsock_options_copy(int from, int to) {
    const int32_t *source = unsock_option_values(from, false);
    int32_t *copy = source ? unsock_option_values(to, true) : NULL;
    if (copy)
        memcpy(copy, source, UNSOCK_OPTION_VALUES * sizeof(*copy));
}

void unsock_options_inherit(int listener, const struct unsock_fd *from, int fd, struct unsock_fd *to) {
    static const int kernel_options[] = {SO_KEEPALIVE, SO_LINGER,    SO_OOBINLINE, SO_RCVBUF,
                                         SO_SNDBUF,    SO_BROADCAST, SO_RCVTIMEO,  SO_SNDTIMEO,
                                         SO_REUSEADDR, SO_DONTROUTE, SO_TIMESTAMP, SO_BUSY_POLL};
    to->options = from->options;
    to->flags |= from->flags & UNSOCK_OPTIONS;
    if (from->flags & UNSOCK_OPTIONS)
        unsock_options_copy(listener, fd);
    for (size_t i = 0; from->options != 0 && i < sizeof(kernel_options) / sizeof(kernel_options[0]); i++) {
        int row = unsock_option_find(SOL_SOCKET, kernel_options[i]);
        if (from->options & UNSOCK_OPTION_BIT(row))
            carry_kernel_option(listener, fd, &unsock_option_table[row]);
    }
}
