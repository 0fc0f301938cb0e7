/* A blocking connect to a server whose backlog is full. */
#include "calls/connect.h"

#include "kernel/socket_info.h"
#include "memory/option_table.h"
#include "options/options.h"
#include "rules/syn_limit.h"

#define TCP_SYNCNT 7
#define TCP_USER_TIMEOUT 18
#define RETRIES_DEFAULT 6
#define SLICE_MS 20
#define RECENT_NS (5 * 1000000000ll)

#define SIGNALS 64

/* The kernel's struct sigaction. */
struct action {
    void (*handler)(int);
    unsigned long flags;
#if defined(__x86_64__)
    void (*restorer)(void);
#endif
    uint64_t mask;
};

/* Signals whose handlers let a connect go on, and those whose handlers end it. */
struct signals {
    uint64_t restarting;
    uint64_t ending;
};

struct wait {
    int fd;
    const void *path; /* a sockaddr_un */
    socklen_t length;
    int64_t begun; /* milliseconds */
    int64_t limit; /* as long as TCP tries */
    int64_t own;   /* the program's SO_SNDTIMEO; 0: none */
};

static uint32_t read_setting(const char *path, uint32_t otherwise) {
    char text[32];
    uint64_t number;
    long fd = unsock_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    long count = fd < 0 ? fd : unsock_read(fd, text, sizeof(text));
    unsock_close_open(fd);
    struct unsock_span rest = {text, count > 0 ? (size_t)count : 0};
    return unsock_span_number(unsock_span_next(&rest, '\n'), 10, UINT16_MAX, &number) ? (uint32_t)number : otherwise;
}

static int64_t tcp_limit(int fd, const struct unsock_fd *entry) {
    int32_t retries = unsock_option_number(fd, entry, IPPROTO_TCP, TCP_SYNCNT);
    int32_t user = unsock_option_number(fd, entry, IPPROTO_TCP, TCP_USER_TIMEOUT);
    uint32_t linear = read_setting("/proc/sys/net/ipv4/tcp_syn_linear_timeouts", 0);
    if (retries <= 0)
        retries = (int32_t)read_setting("/proc/sys/net/ipv4/tcp_syn_retries", RETRIES_DEFAULT);
    return unsock_syn_limit((uint32_t)retries, linear, user > 0 ? (uint32_t)user : 0);
}

/* The kernel's wait in connect; 0: without end. */
static void set_kernel_limit(int fd, int64_t ms) {
    struct unsock_timeval time = {ms / 1000, ms % 1000 * 1000};
    unsock_setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
}

static struct signals read_signals(void) {
    struct signals signals = {0, 0};
    struct action action;
    for (int number = 1; number <= SIGNALS; number++) {
        uint64_t bit = (uint64_t)1 << (number - 1);
        if (unsock_rt_sigaction(number, NULL, &action) < 0 || (uintptr_t)action.handler <= 1)
            continue;
        if (action.flags & SA_RESTART)
            signals.restarting |= bit;
        else
            signals.ending |= bit;
    }
    return signals;
}

bool unsock_connect_is_ended(void) {
    return read_signals().ending != 0;
}

static long wait_slice(const struct wait *wait, const struct signals *signals, int64_t ms) {
    uint64_t before = 0;
    /* Which handler has run cannot be told afterwards: those that end nothing wait for the end of a short slice. */
    bool mixed = signals->restarting != 0 && signals->ending != 0;
    set_kernel_limit(wait->fd, mixed ? UNSOCK_MIN(ms, SLICE_MS) : ms);
    if (mixed)
        unsock_rt_sigprocmask(SIG_BLOCK, &signals->restarting, &before);
    long result = unsock_real_connect(wait->fd, wait->path, wait->length);
    if (mixed)
        unsock_rt_sigprocmask(SIG_SETMASK, &before, NULL);
    return result == -EINTR && signals->ending == 0 ? -EAGAIN : result;
}

/* A program that has a limit of its own hears of every signal (sock_intr_errno). */
static long wait_on(const struct wait *wait) {
    struct signals signals = read_signals();
    if (wait->own > 0)
        signals = (struct signals){0, ~(uint64_t)0};
    for (;;) {
        int64_t waited = unsock_clock_ms() - wait->begun;
        int64_t most = wait->own > 0 ? UNSOCK_MIN(wait->own, wait->limit) : wait->limit;
        long result = waited < most         ? wait_slice(wait, &signals, most - waited)
                      : most == wait->limit ? -ETIMEDOUT
                                            : -EINPROGRESS;
        if (result != -EAGAIN)
            return result;
    }
}

/* The options by which a program says that it minds how long a connect takes. */
static bool has_limit(int fd, const struct unsock_fd *entry) {
    if (entry->options == 0)
        return false;
    return unsock_option_is_set(fd, entry, unsock_option_find(SOL_SOCKET, SO_SNDTIMEO)) ||
           unsock_option_is_set(fd, entry, unsock_option_find(IPPROTO_TCP, TCP_SYNCNT)) ||
           unsock_option_is_set(fd, entry, unsock_option_find(IPPROTO_TCP, TCP_USER_TIMEOUT));
}

static int64_t last;

/*
 * TCP's own limit is not worth two system calls to every connection: where this process connected a moment ago, a
 * backlog of thousands has hardly filled up since. Where no clock is free of charge (0), the limit is always set.
 */
int64_t unsock_connect_unlimited(int fd, const struct unsock_fd *entry) {
    int64_t now = unsock_libc_clock(), since = now - __atomic_load_n(&last, __ATOMIC_RELAXED);
    return since >= 0 && since < RECENT_NS && !has_limit(fd, entry) ? now : 0;
}

void unsock_connect_note(int64_t clock) {
    __atomic_store_n(&last, clock, __ATOMIC_RELAXED);
}

/* The program's SO_SNDTIMEO; a control file can set it, too. */
static struct unsock_timeval own_limit(int fd, const struct unsock_fd *entry) {
    struct unsock_timeval time = {0, 0};
    socklen_t size = sizeof(time);
    if (entry->kind == UNSOCK_KIND_FOREIGN ||
        unsock_option_is_set(fd, entry, unsock_option_find(SOL_SOCKET, SO_SNDTIMEO)))
        unsock_option_get(fd, SOL_SOCKET, SO_SNDTIMEO, &time, &size);
    return time;
}

int64_t unsock_connect_limit(int fd, const struct unsock_fd *entry, long *end) {
    struct unsock_timeval time = own_limit(fd, entry);
    int64_t own = unsock_socket_timeval_ms(&time), limit = tcp_limit(fd, entry);
    *end = own > 0 && own < limit ? -EINPROGRESS : -ETIMEDOUT;
    return own > 0 ? UNSOCK_MIN(own, limit) : limit;
}

/* First without a wait worth the name: what it costs to do it right is for those alone who must wait. */
long unsock_connect_wait(int fd, const struct unsock_fd *entry, const void *path, socklen_t length) {
    struct unsock_timeval time = own_limit(fd, entry);
    socklen_t tick = 1;
    set_kernel_limit(fd, tick);
    long result = unsock_real_connect(fd, path, length);
    if (result == -EAGAIN || result == -EINTR) {
        struct wait wait = {.fd = fd, .path = path, .length = length, .begun = unsock_clock_ms() - tick};
        wait.own = unsock_socket_timeval_ms(&time);
        wait.limit = tcp_limit(fd, entry);
        result = result == -EINTR && (wait.own > 0 || unsock_connect_is_ended()) ? -EINTR : wait_on(&wait);
    }
    unsock_setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
    return result;
}
