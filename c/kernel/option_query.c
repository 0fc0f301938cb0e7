/* Options that decide about the socket itself. */
#include "kernel/socket_info.h"

#include "memory/option_table.h"

int32_t unsock_option_number(int fd, const struct unsock_fd *entry, int level, int name) {
    int row = unsock_option_find(level, name);
    int32_t value = 0;
    socklen_t length = sizeof(value);
    /* The kernel remembers it. */
    if (row >= 0 && entry->kind == UNSOCK_KIND_IP) {
        bool set = unsock_option_is_set(fd, entry, row);
        return set && unsock_option_get(fd, level, name, &value, &length) == 0 ? value : 0;
    }
    const int32_t *known = row < 0 ? NULL : unsock_option_recall(fd, entry, row);
    return known ? *known : 0;
}
