/* The mark of the library's own calls, functions that close, wait and write, and tables that grow without a lock. */
#include "rt/system_calls.h"

#include <linux/poll.h>
#include <linux/wait.h>

unsigned long unsock_sys_mark_bits = UNSOCK_SYS_MARK << 32;

__attribute__((noinline)) void unsock_close_open(long fd) {
    if (fd >= 0)
        unsock_close((int)fd);
}

long unsock_opened(long fd, long result) {
    if (result < 0)
        unsock_close_open(fd);
    return result < 0 ? result : fd;
}

__attribute__((noinline)) void unsock_cleanup_fd(const long *fd) {
    unsock_close_open(*fd);
}

int unsock_await(long fd, uint32_t events, int64_t milliseconds) {
    struct pollfd poll = {.fd = (int)fd, .events = (short)events};
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * UNSOCK_MILLISECOND_NS};
    long count = unsock_ppoll(&poll, 1, milliseconds < 0 ? NULL : &time, NULL, 0);
    return count > 0 ? poll.revents : (int)count;
}

int32_t unsock_wait_for(long process) {
    int32_t status = -1;
    while (process > 0 && unsock_wait4((int32_t)process, &status, __WALL, NULL) == -EINTR)
        ;
    return status;
}

long unsock_write_quietly(long fd, const void *bytes, size_t length) {
    uint64_t signals = UNSOCK_SIGNAL_BIT(SIGPIPE) | UNSOCK_SIGNAL_BIT(SIGXFSZ), mask = 0, before = 0;
    struct timespec now = {0, 0};
    unsock_rt_sigprocmask(SIG_BLOCK, &signals, &mask);
    unsock_rt_sigpending(&before);
    long result = unsock_write(fd, bytes, length);
    uint64_t sent = result == -EPIPE ? UNSOCK_SIGNAL_BIT(SIGPIPE) : result == -EFBIG ? UNSOCK_SIGNAL_BIT(SIGXFSZ) : 0;
    sent &= ~before;
    if (sent != 0)
        unsock_rt_sigtimedwait(&sent, NULL, &now);
    unsock_rt_sigprocmask(SIG_SETMASK, &mask, NULL);
    return result;
}

void *unsock_table_chunk(void **place, void *first, unsigned long size) {
    void *there = __atomic_load_n(place, __ATOMIC_ACQUIRE);
    void *chunk = there ? NULL : first ? first : unsock_map(size);
    if (!chunk)
        return there;
    if (__atomic_compare_exchange_n(place, &there, chunk, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return chunk;
    if (chunk != first)
        unsock_unmap(chunk, size);
    return there;
}

void unsock_table_reach(int *end, int number) {
    int seen = __atomic_load_n(end, __ATOMIC_RELAXED);
    while (seen <= number &&
           !__atomic_compare_exchange_n(end, &seen, number + 1, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        ;
}

int unsock_bits_next(const uint64_t *bits, int from, int end) {
    while (from < end) {
        uint64_t rest = __atomic_load_n(&bits[from / 64], __ATOMIC_RELAXED) >> from % 64;
        if (rest != 0)
            return UNSOCK_MIN(from + __builtin_ctzll(rest), end);
        from += 64 - from % 64;
    }
    return end;
}
