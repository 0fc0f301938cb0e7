/* Chooses ephemeral ports (ip(7), ip_local_port_range), from a random start in each process. */
#include "files/bind.h"

#include "memory/process.h"
#include "rt/system_calls.h"

#define FIRST_DEFAULT 32768
#define LAST_DEFAULT 60999
#define SPREAD 0x9e3779b1u /* puts successive process numbers far apart in any range (Knuth, 6.4) */

/* first | last << 16; 0: not read yet. One word, so that two threads may both set it. */
static uint32_t range;
static uint32_t start;

static uint32_t read_range(void) {
    char text[64];
    uint64_t first, last;
    UNSOCK_CLOSED long fd = unsock_openat(AT_FDCWD, "/proc/sys/net/ipv4/ip_local_port_range", O_RDONLY | O_CLOEXEC, 0);
    long count = fd < 0 ? fd : unsock_read(fd, text, sizeof(text));
    struct unsock_span rest = {text, count > 0 ? (size_t)count : 0};
    struct unsock_span line = unsock_span_next(&rest, '\n');
    struct unsock_span part = unsock_span_next(&line, '\t');
    if (unsock_span_number(part, 10, 65535, &first) && unsock_span_number(line, 10, 65535, &last) && first > 0 &&
        first <= last)
        return (uint32_t)(first | last << 16);
    return FIRST_DEFAULT | (uint32_t)LAST_DEFAULT << 16;
}

static uint32_t known_range(void) {
    uint32_t known = __atomic_load_n(&range, __ATOMIC_RELAXED);
    if (known != 0)
        return known;
    unsock_getrandom(&start, sizeof(start), GRND_NONBLOCK);
    known = read_range();
    __atomic_store_n(&range, known, __ATOMIC_RELAXED);
    return known;
}

/* Returns this process's cursor, the place of its next search. The cursor's start depends on the pid: forked children
 * with their parent's cursor would all try the same ports. A program's seccomp filter hardly ever forbids getpid. */
static uint32_t *cursor(void) {
    uint32_t *own = &unsock_this_process()->port_cursor;
    if (__atomic_load_n(own, __ATOMIC_RELAXED) == 0)
        __atomic_store_n(own, start + SPREAD * (uint32_t)unsock_getpid(), __ATOMIC_RELAXED);
    return own;
}

unsigned unsock_ephemeral_count(void) {
    uint32_t known = known_range();
    return (known >> 16) - (known & 0xffff) + 1;
}

uint16_t unsock_ephemeral_next(void) {
    uint32_t known = known_range(), *next = cursor();
    /* Two threads may get the same port here; the bind of one of them then fails, and it tries the next port. */
    uint32_t step = __atomic_load_n(next, __ATOMIC_RELAXED);
    __atomic_store_n(next, step + 1, __ATOMIC_RELAXED);
    return (uint16_t)((known & 0xffff) + step % ((known >> 16) - (known & 0xffff) + 1));
}

bool unsock_ephemeral_has(uint16_t port) {
    uint32_t known = known_range();
    return port >= (known & 0xffff) && port <= known >> 16;
}

uint16_t unsock_ephemeral_aside(unsigned index) {
    known_range();
    return (uint16_t)(__atomic_load_n(cursor(), __ATOMIC_RELAXED) + index);
}
