/* Guesses if the next socket will be local (AF_UNIX), from the number of local connects, or first datagrams, in a row.
 * Each wrong guess, which costs replacing the socket, raises the number that the next guess needs: a process with local
 * and other peers soon pays little. A listener counts less than a connect: a server may connect elsewhere. */
#include "memory/fds.h"

#include "memory/process.h"
#include "rules/settings.h"

#define CONNECT 8 /* listeners that count as one connect */
#define RUN_FIRST (2 * CONNECT)
#define RUN_AFTER_WRONG (64 * CONNECT)
#define RUN_MOST (1 << 24)
#define NEVER INT32_MAX
#define TARGETS 2

/* One guess for streams, and one for datagram sockets. */
static struct guess {
    int run;
    int needed;
} guesses[] = {{0, RUN_FIRST}, {0, RUN_FIRST}};

static struct guess *guess_of(int type) {
    return &guesses[type == SOCK_DGRAM];
}

/* True if every address of the family is covered, on all ports: there is nothing to predict. */
static bool covers_all(int domain) {
    for (unsigned i = 0; i < unsock_settings.address_count; i++) {
        const struct unsock_prefix *prefix = &unsock_settings.addresses[i];
        if (prefix->ip.family == domain && prefix->bits == 0)
            return unsock_settings.port_count == 0;
    }
    return false;
}

static bool guesses_local(int type) {
    const struct guess *guess = guess_of(type);
    return __atomic_load_n(&guess->run, __ATOMIC_RELAXED) >= __atomic_load_n(&guess->needed, __ATOMIC_RELAXED);
}

/* Not NULL in programs that use liburing. IORING_OP_CONNECT is not intercepted: on an AF_UNIX socket, it would fail to
 * connect to an address that is not covered. */
extern int io_uring_queue_init(unsigned entries, void *ring, unsigned flags) __attribute__((weak));

/* The last family that unsock_born_note_target got, and how often in a row: at most TARGETS, for AF_UNIX always 1. */
static int target;
static int targets;

void unsock_born_note_target(int family) {
    bool again = family != AF_UNIX && family == __atomic_load_n(&target, __ATOMIC_RELAXED);
    int run = again ? __atomic_load_n(&targets, __ATOMIC_RELAXED) : 0;
    if (run == TARGETS)
        return;
    __atomic_store_n(&target, family, __ATOMIC_RELAXED);
    __atomic_store_n(&targets, run + 1, __ATOMIC_RELAXED);
}

/* Does not use covers_all for datagram sockets, which have other uses (multicast, queries about interfaces). */
int unsock_born_family(int domain, int type) {
    if (io_uring_queue_init)
        return domain;
    if (type == SOCK_DGRAM)
        return guesses_local(type) ? AF_UNIX : domain;
    int family = __atomic_load_n(&target, __ATOMIC_RELAXED);
    bool fits = family == domain || (family != AF_INET && family != AF_INET6);
    if (fits && __atomic_load_n(&targets, __ATOMIC_RELAXED) == TARGETS && !unsock_sandboxed)
        return family;
    return guesses_local(type) || covers_all(domain) ? AF_UNIX : domain;
}

void unsock_born_streams_alone(void) {
    guess_of(SOCK_DGRAM)->needed = NEVER;
}

static void lengthen(int type, int by) {
    struct guess *guess = guess_of(type);
    if (!guesses_local(type) && guess->needed != NEVER)
        __atomic_fetch_add(&guess->run, by, __ATOMIC_RELAXED);
}

void unsock_born_local_note_local(int type) {
    lengthen(type, CONNECT);
}

void unsock_predict_listens(void) {
    lengthen(SOCK_STREAM, 1);
}

void unsock_born_local_note_ip(int type) {
    struct guess *guess = guess_of(type);
    int wait = __atomic_load_n(&guess->needed, __ATOMIC_RELAXED);
    if (guesses_local(type)) {
        wait = wait < RUN_AFTER_WRONG ? RUN_AFTER_WRONG : wait < RUN_MOST ? 2 * wait : wait;
        __atomic_store_n(&guess->needed, wait, __ATOMIC_RELAXED);
    }
    if (__atomic_load_n(&guess->run, __ATOMIC_RELAXED) != 0)
        __atomic_store_n(&guess->run, 0, __ATOMIC_RELAXED);
    if (type == SOCK_STREAM)
        unsock_born_note_target(AF_UNIX);
}
