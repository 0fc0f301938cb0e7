/* Asking the kernel what a real TCP or UDP socket would say. */
#include "options/option_oracle.h"

#include "memory/fds.h"
#include "memory/option_table.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"

long unsock_oracle_open(const struct unsock_fd *entry) {
    return unsock_sys(__NR_socket, entry->domain, entry->type | SOCK_CLOEXEC, entry->protocol);
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
    unsock_sys(__NR_close, oracle);
    return result;
}

long unsock_option_answer(const void *from, socklen_t size, int level, void *value, socklen_t *length) {
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

long unsock_oracle_get(struct unsock_fd *entry, int level, int name, void *value, socklen_t *length) {
    long oracle = unsock_oracle_open(entry);
    if (oracle < 0)
        return -ENOPROTOOPT;
    long result = unsock_option_get((int)oracle, level, name, value, length);
    unsock_sys(__NR_close, oracle);
    return result;
}
