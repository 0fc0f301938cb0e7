/* Remembers socket options. Initial values and ranges: net/ipv4/tcp.c, include/net/tcp.h, socket(7), tcp(7). */
#include "memory/option_table.h"

#include <linux/tcp.h>

#define KERNEL(name) {SOL_SOCKET, name, UNSOCK_OPTION_KERNEL, 0, 0, 0, 0, 0}
#define APPLIED(name) {SOL_SOCKET, name, UNSOCK_OPTION_APPLIED, 0, 0, 0, 0, 0}
#define FLAG(level, name, initial) {level, name, UNSOCK_OPTION_FLAG, 0, 0, initial, 0, 0}
#define SIMPLE_FLAG(level, name, initial) {level, name, UNSOCK_OPTION_FLAG, 0, 1, initial, INT32_MIN, INT32_MAX}
#define NUMBER(level, name, index) {level, name, UNSOCK_OPTION_NUMBER, index, 0, 0, 0, 0}
#define SIMPLE_NUMBER(level, name, index, initial, least, most)                                                        \
    {level, name, UNSOCK_OPTION_NUMBER, index, 1, initial, least, most}

/* Some names are numbers, because the headers included here, or those of older systems, lack the names. */
const struct unsock_option_row unsock_option_table[] = {
    APPLIED(SO_REUSEADDR),
    APPLIED(SO_KEEPALIVE),
    APPLIED(SO_BROADCAST),
    [UNSOCK_OPTION_LINGER] = KERNEL(SO_LINGER),
    KERNEL(SO_OOBINLINE),
    KERNEL(SO_PRIORITY),
    KERNEL(SO_RCVBUF),
    {SOL_SOCKET, SO_SNDBUF, UNSOCK_OPTION_KERNEL, 1, 0, 0, 0, 0}, /* values[1], datagrams: what getsockopt returns */
    KERNEL(SO_RCVLOWAT),
    KERNEL(SO_RCVTIMEO),
    KERNEL(SO_TIMESTAMP),
    APPLIED(SO_DONTROUTE),
    KERNEL(SO_MARK),
    KERNEL(SO_BUSY_POLL),
    KERNEL(SO_INCOMING_CPU),
    KERNEL(11 /* SO_NO_CHECK */),
    NUMBER(SOL_SOCKET, SO_SNDTIMEO, 0), /* milliseconds; in the kernel, a datagram socket has the library's limit */
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
    {IPPROTO_TCP, TCP_CONGESTION, UNSOCK_OPTION_TEXT, 12, 0, 0, 0, 0}, /* values 12 to 15 */
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
    [UNSOCK_OPTION_RARE] = KERNEL(SO_BINDTOIFINDEX),
    KERNEL(SO_RXQ_OVFL),
    KERNEL(SO_TIMESTAMPNS),
    KERNEL(SO_TIMESTAMPING),
    KERNEL(SO_MAX_PACING_RATE),
    NUMBER(SOL_SOCKET, SO_PEEK_OFF, 38), /* also set in the kernel, except for an unconnected stream */
    KERNEL(SO_LOCK_FILTER),
    KERNEL(SO_NOFCS),
    KERNEL(SO_SELECT_ERR_QUEUE),
    KERNEL(SO_DEBUG),
    KERNEL(SO_WIFI_STATUS),
    KERNEL(69 /* SO_PREFER_BUSY_POLL */),
    KERNEL(70 /* SO_BUSY_POLL_BUDGET */),
    KERNEL(SO_SNDBUFFORCE),
    KERNEL(SO_RCVBUFFORCE),
    KERNEL(72 /* SO_BUF_LOCK */), /* copied after the buffer sizes, as setting a size changes it, too */
    FLAG(SOL_SOCKET, SO_PASSCRED, 0),
    FLAG(SOL_SOCKET, SO_PASSSEC, 0),
    FLAG(SOL_SOCKET, 76 /* SO_PASSPIDFD */, 0),
    FLAG(SOL_SOCKET, UNSOCK_SO_PASSRIGHTS, 1),
    NUMBER(SOL_SOCKET, 74 /* SO_TXREHASH */, 26),
    NUMBER(IPPROTO_TCP, 37 /* TCP_TX_DELAY */, 27),
    NUMBER(IPPROTO_TCP, 44 /* TCP_RTO_MAX_MS */, 28),
    NUMBER(IPPROTO_TCP, 45 /* TCP_RTO_MIN_US */, 29),
    NUMBER(IPPROTO_TCP, 46 /* TCP_DELACK_MAX_US */, 30),
    NUMBER(IPPROTO_IP, IP_UNICAST_IF, 31),
    NUMBER(IPPROTO_IP, 51 /* IP_LOCAL_PORT_RANGE */, 32),
    FLAG(IPPROTO_IP, IP_RECVOPTS, 0),
    FLAG(IPPROTO_IP, IP_RETOPTS, 0),
    FLAG(IPPROTO_IP, 26 /* IP_RECVERR_RFC4884 */, 0),
    FLAG(IPPROTO_IP, IP_MULTICAST_ALL, 1),
    FLAG(IPPROTO_IP, IP_RECVORIGDSTADDR, 0),
    FLAG(IPPROTO_IP, IP_CHECKSUM, 0),
    FLAG(IPPROTO_IP, IP_RECVFRAGSIZE, 0),
    NUMBER(IPPROTO_IPV6, 76 /* IPV6_UNICAST_IF */, 33),
    NUMBER(IPPROTO_IPV6, IPV6_MULTICAST_IF, 34),
    NUMBER(IPPROTO_IPV6, 73 /* IPV6_MINHOPCOUNT */, 35),
    NUMBER(IPPROTO_IPV6, IPV6_ADDR_PREFERENCES, 36),
    NUMBER(IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, 37), /* initially as net.ipv6.auto_flowlabels says */
    FLAG(IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1),
    FLAG(IPPROTO_IPV6, 29 /* IPV6_MULTICAST_ALL */, 1),
    FLAG(IPPROTO_IPV6, IPV6_DONTFRAG, 0),
    FLAG(IPPROTO_IPV6, 78 /* IPV6_FREEBIND */, 0),
    FLAG(IPPROTO_IPV6, 75 /* IPV6_TRANSPARENT */, 0),
    FLAG(IPPROTO_IPV6, IPV6_RECVRTHDR, 0),
    FLAG(IPPROTO_IPV6, IPV6_RECVHOPOPTS, 0),
    FLAG(IPPROTO_IPV6, IPV6_RECVDSTOPTS, 0),
    FLAG(IPPROTO_IPV6, IPV6_RECVPATHMTU, 0),
    FLAG(IPPROTO_IPV6, 31 /* IPV6_RECVERR_RFC4884 */, 0),
    FLAG(IPPROTO_IPV6, 11 /* IPV6_FLOWINFO */, 0),
    FLAG(IPPROTO_IPV6, 33 /* IPV6_FLOWINFO_SEND */, 0),
    FLAG(IPPROTO_IPV6, 74 /* IPV6_ORIGDSTADDR */, 0),
    FLAG(IPPROTO_IPV6, 77 /* IPV6_RECVFRAGSIZE */, 0),
    FLAG(IPPROTO_UDP, 1 /* UDP_CORK */, 0),
    FLAG(IPPROTO_UDP, 101 /* UDP_NO_CHECK6_TX */, 0),
    FLAG(IPPROTO_UDP, 102 /* UDP_NO_CHECK6_RX */, 0),
    FLAG(IPPROTO_UDP, 104 /* UDP_GRO */, 0),
    NUMBER(IPPROTO_UDP, 103 /* UDP_SEGMENT */, 2), /* shared with TCP_KEEPINTVL: no socket has both */
};

#define ROWS (sizeof(unsock_option_table) / sizeof(unsock_option_table[0]))
#define RARE_ROWS (ROWS - UNSOCK_OPTION_RARE)

_Static_assert(UNSOCK_OPTION_RARE <= 63 && RARE_ROWS < 64, "a bit for each row");

int unsock_option_find(int level, int name) {
    for (int i = 0; i < (int)ROWS; i++) {
        if (unsock_option_table[i].level == level && unsock_option_table[i].name == name)
            return i;
    }
    return -1;
}

#define BIT(row) ((uint64_t)1 << (row))
#define ALL_RARE (BIT(RARE_ROWS) - 1)
#define CHUNK 256
#define CHUNKS 4096

static UNSOCK_TABLE void *chunks[CHUNKS];

struct unsock_option_memory *unsock_option_memory(int fd, bool create) {
    if (fd < 0 || fd >= CHUNK * CHUNKS)
        return NULL;
    struct unsock_option_memory *chunk = __atomic_load_n(&chunks[fd / CHUNK], __ATOMIC_ACQUIRE);
    if (!chunk && create)
        chunk = unsock_table_chunk(&chunks[fd / CHUNK], NULL, CHUNK * sizeof(*chunk));
    return chunk ? &chunk[fd % CHUNK] : NULL;
}

/* Returns the descriptor's memory for writing; NULL: no memory. Clears it first if the entry lacks UNSOCK_OPTIONS: the
 * memory is then new, or has the options of an earlier descriptor with this number. */
static struct unsock_option_memory *take_memory(int fd, struct unsock_fd *entry) {
    struct unsock_option_memory *memory = unsock_option_memory(fd, true);
    if (!memory || (entry->flags & UNSOCK_OPTIONS))
        return memory;
    memset(memory, 0, sizeof(*memory));
    memory->rare = entry->options & UNSOCK_OPTION_SOME_RARE ? ALL_RARE : 0;
    unsock_fds_mark(entry, UNSOCK_OPTIONS);
    return memory;
}

uint64_t unsock_option_rare(int fd, const struct unsock_fd *entry) {
    if (!(entry->options & UNSOCK_OPTION_SOME_RARE))
        return 0;
    if (!(entry->flags & UNSOCK_OPTIONS))
        return ALL_RARE;
    const struct unsock_option_memory *memory = unsock_option_memory(fd, false);
    return memory ? memory->rare : 0;
}

bool unsock_option_is_set(int fd, const struct unsock_fd *entry, int row) {
    if (row < UNSOCK_OPTION_RARE)
        return (entry->options & BIT(row)) != 0;
    return (unsock_option_rare(fd, entry) & BIT(row - UNSOCK_OPTION_RARE)) != 0;
}

void unsock_option_mark(int fd, struct unsock_fd *entry, int row, bool set) {
    if (row < UNSOCK_OPTION_RARE) {
        (set ? unsock_bit_set : unsock_bit_clear)(&entry->options, (unsigned)row);
        return;
    }
    struct unsock_option_memory *memory = set || unsock_option_rare(fd, entry) != 0 ? take_memory(fd, entry) : NULL;
    if (!memory)
        return;
    (set ? unsock_bit_set : unsock_bit_clear)(&memory->rare, (unsigned)(row - UNSOCK_OPTION_RARE));
    __atomic_fetch_or(&entry->options, UNSOCK_OPTION_SOME_RARE, __ATOMIC_RELAXED);
}

void unsock_option_remember(int fd, struct unsock_fd *entry, int row, const int32_t *value) {
    const struct unsock_option_row *option = &unsock_option_table[row];
    if (option->kind == UNSOCK_OPTION_FLAG || option->kind == UNSOCK_OPTION_APPLIED) {
        unsock_option_mark(fd, entry, row, (*value != 0) != (option->initial != 0));
        return;
    }
    struct unsock_option_memory *memory = take_memory(fd, entry);
    if (!memory)
        return;
    size_t size = option->kind == UNSOCK_OPTION_TEXT ? UNSOCK_OPTION_TEXT_SIZE : sizeof(*value);
    memcpy(&memory->values[option->value], value, size);
    unsock_option_mark(fd, entry, row, true);
}

const int32_t *unsock_option_recall(int fd, const struct unsock_fd *entry, int row) {
    static const int32_t flags[2] = {0, 1};
    const struct unsock_option_row *option = &unsock_option_table[row];
    bool set = unsock_option_is_set(fd, entry, row);
    if (option->kind == UNSOCK_OPTION_FLAG || option->kind == UNSOCK_OPTION_APPLIED)
        return &flags[set != (option->initial != 0)];
    const struct unsock_option_memory *memory =
        set && (entry->flags & UNSOCK_OPTIONS) ? unsock_option_memory(fd, false) : NULL;
    return memory ? &memory->values[option->value] : NULL;
}

void unsock_option_copy(int from, int to) {
    const struct unsock_option_memory *source = unsock_option_memory(from, false);
    struct unsock_option_memory *copy = source ? unsock_option_memory(to, true) : NULL;
    if (copy)
        *copy = *source;
}

int32_t unsock_option_number(int fd, const struct unsock_fd *entry, int level, int name) {
    int row = unsock_option_find(level, name);
    int32_t value = 0;
    socklen_t length = sizeof(value);
    /* The kernel keeps an IP socket's options itself. */
    if (row >= 0 && entry->kind == UNSOCK_KIND_IP) {
        bool set = unsock_option_is_set(fd, entry, row);
        return set && unsock_getsockopt(fd, level, name, &value, &length) == 0 ? value : 0;
    }
    const int32_t *known = row < 0 ? NULL : unsock_option_recall(fd, entry, row);
    return known ? *known : 0;
}
