/* The options that are remembered. Initial values and ranges: net/ipv4/tcp.c, include/net/tcp.h, socket(7), tcp(7). */
#include "option_table.h"

#include "rt/mem.h"
#include "rt/sys.h"

#include <linux/mman.h>
#include <linux/tcp.h>

#define KERNEL(name) {SOL_SOCKET, name, UNSOCK_OPTION_KERNEL, 0, 0, 0, 0, 0}
#define APPLIED(name) {SOL_SOCKET, name, UNSOCK_OPTION_APPLIED, 0, 0, 0, 0, 0}
#define FLAG(level, name, initial) {level, name, UNSOCK_OPTION_FLAG, 0, 0, initial, 0, 0}
#define SIMPLE_FLAG(level, name, initial) {level, name, UNSOCK_OPTION_FLAG, 0, 1, initial, INT32_MIN, INT32_MAX}
#define NUMBER(level, name, index) {level, name, UNSOCK_OPTION_NUMBER, index, 0, 0, 0, 0}
#define SIMPLE_NUMBER(level, name, index, initial, least, most) \
    {level, name, UNSOCK_OPTION_NUMBER, index, 1, initial, least, most}

#define SO_NO_CHECK_NAME 11

const struct unsock_option unsock_option_table[] = {
    APPLIED(SO_REUSEADDR),
    APPLIED(SO_KEEPALIVE),
    APPLIED(SO_BROADCAST),
    KERNEL(SO_LINGER),
    KERNEL(SO_OOBINLINE),
    KERNEL(SO_PRIORITY),
    KERNEL(SO_RCVBUF),
    KERNEL(SO_SNDBUF),
    KERNEL(SO_RCVLOWAT),
    KERNEL(SO_RCVTIMEO),
    KERNEL(SO_TIMESTAMP),
    APPLIED(SO_DONTROUTE),
    KERNEL(SO_MARK),
    KERNEL(SO_BUSY_POLL),
    KERNEL(SO_INCOMING_CPU),
    KERNEL(SO_NO_CHECK_NAME),
    NUMBER(SOL_SOCKET, SO_SNDTIMEO, 0), /* milliseconds; a datagram socket's real one is ours */
    FLAG(SOL_SOCKET, SO_REUSEPORT, 0),
    SIMPLE_FLAG(IPPROTO_TCP, TCP_NODELAY, 0),
    SIMPLE_FLAG(IPPROTO_TCP, TCP_CORK, 0),
    SIMPLE_FLAG(IPPROTO_TCP, TCP_QUICKACK, 1),
    FLAG(IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 0),
    FLAG(IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, 0),
    FLAG(IPPROTO_TCP, TCP_SAVE_SYN, 0),
    FLAG(IPPROTO_TCP, TCP_INQ, 0),
    FLAG(IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 0),
    SIMPLE_NUMBER(IPPROTO_TCP, TCP_KEEPIDLE, 1, 7200, 1, 32767),
    SIMPLE_NUMBER(IPPROTO_TCP, TCP_KEEPINTVL, 2, 75, 1, 32767),
    SIMPLE_NUMBER(IPPROTO_TCP, TCP_KEEPCNT, 3, 9, 1, 127),
    SIMPLE_NUMBER(IPPROTO_TCP, TCP_USER_TIMEOUT, 4, 0, 0, INT32_MAX),
    NUMBER(IPPROTO_TCP, TCP_SYNCNT, 5),
    NUMBER(IPPROTO_TCP, TCP_LINGER2, 6),
    NUMBER(IPPROTO_TCP, TCP_DEFER_ACCEPT, 7),
    NUMBER(IPPROTO_TCP, TCP_WINDOW_CLAMP, 8),
    NUMBER(IPPROTO_TCP, TCP_NOTSENT_LOWAT, 9),
    NUMBER(IPPROTO_TCP, TCP_FASTOPEN, 10),
    NUMBER(IPPROTO_TCP, TCP_MAXSEG, 11),
    {IPPROTO_TCP, TCP_CONGESTION, UNSOCK_OPTION_TEXT, 12, 0, 0, 0, 0}, /* to 15 */
    NUMBER(IPPROTO_IP, IP_TOS, 16),
    NUMBER(IPPROTO_IP, IP_TTL, 17),
    NUMBER(IPPROTO_IP, IP_MTU_DISCOVER, 18),
    NUMBER(IPPROTO_IP, IP_MULTICAST_TTL, 19),
    NUMBER(IPPROTO_IP, IP_MULTICAST_LOOP, 20),
    NUMBER(IPPROTO_IP, IP_MINTTL, 25),
    FLAG(IPPROTO_IP, IP_PKTINFO, 0),
    FLAG(IPPROTO_IP, IP_RECVERR, 0),
    FLAG(IPPROTO_IP, IP_RECVTTL, 0),
    FLAG(IPPROTO_IP, IP_RECVTOS, 0),
    FLAG(IPPROTO_IP, IP_FREEBIND, 0),
    FLAG(IPPROTO_IP, IP_TRANSPARENT, 0),
    FLAG(IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 0),
    NUMBER(IPPROTO_IPV6, IPV6_TCLASS, 21),
    NUMBER(IPPROTO_IPV6, IPV6_UNICAST_HOPS, 22),
    NUMBER(IPPROTO_IPV6, IPV6_MTU_DISCOVER, 23),
    NUMBER(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 24),
    FLAG(IPPROTO_IPV6, IPV6_V6ONLY, 0),
    FLAG(IPPROTO_IPV6, IPV6_RECVPKTINFO, 0),
    FLAG(IPPROTO_IPV6, IPV6_RECVERR, 0),
    FLAG(IPPROTO_IPV6, IPV6_RECVTCLASS, 0),
    FLAG(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 0),
};

const int unsock_option_count = sizeof(unsock_option_table) / sizeof(unsock_option_table[0]);

_Static_assert(sizeof(unsock_option_table) / sizeof(unsock_option_table[0]) <= 64, "a bit for each row");

int unsock_option_find(int level, int name) {
    for (int i = 0; i < unsock_option_count; i++) {
        if (unsock_option_table[i].level == level && unsock_option_table[i].name == name)
            return i;
    }
    return -1;
}

#define CHUNK 256
#define CHUNKS 4096

typedef int32_t values[UNSOCK_OPTION_VALUES];
static values *chunks[CHUNKS];

int32_t *unsock_option_values(int fd, bool create) {
    if (fd < 0 || fd >= CHUNK * CHUNKS)
        return NULL;
    values *chunk = __atomic_load_n(&chunks[fd / CHUNK], __ATOMIC_ACQUIRE);
    if (!chunk && create) {
        size_t size = CHUNK * sizeof(values);
        long memory = unsock_sys(__NR_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory < 0 && memory > -4096)
            return NULL;
        if (__atomic_compare_exchange_n(&chunks[fd / CHUNK], &chunk, (values *)memory, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE))
            chunk = (values *)memory;
        else
            unsock_sys(__NR_munmap, memory, size);
    }
    return chunk ? chunk[fd % CHUNK] : NULL;
}

void unsock_option_remember(int fd, struct unsock_fd *entry, int row, const int32_t *value) {
    const struct unsock_option *option = &unsock_option_table[row];
    if (option->kind == UNSOCK_OPTION_FLAG || option->kind == UNSOCK_OPTION_APPLIED) {
        bool differs = (*value != 0) != (option->initial != 0);
        entry->options = differs ? entry->options | UNSOCK_OPTION_BIT(row) : entry->options & ~UNSOCK_OPTION_BIT(row);
        return;
    }
    int32_t *values = unsock_option_values(fd, true);
    if (!values)
        return;
    if (!(entry->flags & UNSOCK_OPTIONS))
        memset(values, 0, UNSOCK_OPTION_VALUES * sizeof(*values));
    memcpy(&values[option->value], value, option->kind == UNSOCK_OPTION_TEXT ? UNSOCK_OPTION_TEXT_SIZE : sizeof(*value));
    entry->flags |= UNSOCK_OPTIONS;
    entry->options |= UNSOCK_OPTION_BIT(row);
}

const int32_t *unsock_option_recall(int fd, const struct unsock_fd *entry, int row) {
    static const int32_t flags[2] = {0, 1};
    const struct unsock_option *option = &unsock_option_table[row];
    bool set = (entry->options & UNSOCK_OPTION_BIT(row)) != 0;
    if (option->kind == UNSOCK_OPTION_FLAG || option->kind == UNSOCK_OPTION_APPLIED)
        return &flags[set != (option->initial != 0)];
    const int32_t *values = set && (entry->flags & UNSOCK_OPTIONS) ? unsock_option_values(fd, false) : NULL;
    return values ? &values[option->value] : NULL;
}
