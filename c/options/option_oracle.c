/* Asking the kernel what a real TCP or UDP socket would say. */
#include "options/options.h"

#include "kernel/socket_info.h"
#include "memory/option_table.h"
#include "rt/user.h"

long unsock_oracle_open(const struct unsock_fd *entry) {
    return unsock_descriptor(__NR_socket, entry->domain, entry->type | SOCK_CLOEXEC, entry->protocol);
}

long unsock_oracle_set(int fd, struct unsock_fd *entry, int level, int name, const void *value, socklen_t length) {
    int row = unsock_option_find(level, name);
    int32_t answer[4] = {0};
    socklen_t answer_length = sizeof(answer);
    long oracle = unsock_oracle_open(entry);
    if (oracle < 0)
        return 0;
    long result = unsock_option_set((int)oracle, level, name, value, length);
    if (result == 0 && row >= 0 && unsock_option_get((int)oracle, level, name, answer, &answer_length) == 0)
        unsock_option_remember(fd, entry, row, answer);
    unsock_close(oracle);
    return result;
}

long unsock_option_answer(const void *from, socklen_t size, int level, void *value, socklen_t *length) {
    int32_t room;
    if (unsock_user_read(&room, length, sizeof(room)) < 0)
        return -EFAULT;
    if (room < 0)
        return -EINVAL;
    /* A byte is enough for a small number at this level (do_ip_getsockopt in net/ipv4/ip_sockglue.c). */
    bool as_byte = level == IPPROTO_IP && room > 0 && room < (int32_t)sizeof(int32_t) && size == sizeof(int32_t);
    socklen_t given = as_byte ? 1 : UNSOCK_MIN((socklen_t)room, size);
    /* At SOL_SOCKET the value comes first (net/core/sock.c), at the others the length. */
    long result = level == SOL_SOCKET ? unsock_user_write(value, from, given) : 0;
    if (result == 0)
        result = unsock_user_write(length, &given, sizeof(given));
    return result == 0 && level != SOL_SOCKET ? unsock_user_write(value, from, given) : result;
}

long unsock_oracle_get(struct unsock_fd *entry, int level, int name, void *value, socklen_t *length) {
    long oracle = unsock_oracle_open(entry);
    if (oracle < 0)
        return -ENOPROTOOPT;
    long result = unsock_option_get((int)oracle, level, name, value, length);
    unsock_close(oracle);
    return result;
}
