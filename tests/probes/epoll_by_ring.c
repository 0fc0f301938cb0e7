/*
 * Registrations as libuv makes them: by an io_uring (IORING_OP_EPOLL_CTL) if the kernel's rings have the features of
 * new ones, else by epoll_ctl.
 */
#include "probe.h"

#include <linux/io_uring.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define DATA 0x1122334455667788ull

static int ring = -1;
static char *queues;
static struct io_uring_sqe *entries;
static struct io_uring_params params;

static void *map(size_t size, off_t which) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, which);
    if (memory == MAP_FAILED)
        die("map a ring");
    return memory;
}

static void start_ring(void) {
    ring = (int)syscall(SYS_io_uring_setup, 8, &params);
    if (ring < 0)
        return;
    if (!(params.features & IORING_FEAT_RSRC_TAGS)) {
        close(ring);
        ring = -1;
        return;
    }
    size_t submitted = params.sq_off.array + params.sq_entries * sizeof(unsigned);
    size_t completed = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
    queues = map(submitted > completed ? submitted : completed, IORING_OFF_SQ_RING);
    entries = map(params.sq_entries * sizeof *entries, IORING_OFF_SQES);
}

static unsigned *word(unsigned offset) {
    return (unsigned *)(void *)(queues + offset);
}

/* One entry at a time: the ring is empty before and after. */
static void add(int set, int fd, uint32_t events) {
    struct epoll_event event = {.events = events, .data.u64 = DATA};
    if (ring < 0) {
        CHECK(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
        return;
    }
    unsigned tail = *word(params.sq_off.tail), slot = tail & *word(params.sq_off.ring_mask);
    entries[slot] = (struct io_uring_sqe){
        .opcode = IORING_OP_EPOLL_CTL, .fd = set, .off = (uint64_t)fd, .len = EPOLL_CTL_ADD, .addr = (uintptr_t)&event};
    word(params.sq_off.array)[slot] = slot;
    __atomic_store_n(word(params.sq_off.tail), tail + 1, __ATOMIC_RELEASE);
    CHECK(syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0));
    unsigned head = *word(params.cq_off.head);
    struct io_uring_cqe *completions = (struct io_uring_cqe *)(void *)word(params.cq_off.cqes);
    errno = -completions[head & *word(params.cq_off.ring_mask)].res;
    if (errno > 0)
        die("register by the ring");
    __atomic_store_n(word(params.cq_off.head), head + 1, __ATOMIC_RELEASE);
}

static void show(const char *name, int set, int milliseconds) {
    struct epoll_event event = {0};
    int count = CHECK(epoll_wait(set, &event, 1, milliseconds));
    if (count == 0)
        fact(name, "no event");
    else
        fact(name, "0x%x with 0x%llx", event.events, (unsigned long long)event.data.u64);
}

static void answer(int server) {
    char text[8];
    address from = unwritten();
    CHECK(recvfrom(server, text, sizeof text, 0, &from.any, &from.length));
    CHECK(sendto(server, "answer", 6, 0, &from.any, from.length));
}

/* The socket is registered before it has met an address. */
static void datagrams(const char *server_text) {
    char text[80];
    int server = bound(server_text, 0, SOCK_DGRAM), set = CHECK(epoll_create1(EPOLL_CLOEXEC));
    address to = name_of(server);
    int client = CHECK(socket(to.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    add(set, client, EPOLLIN);
    CHECK(sendto(client, "asked", 5, 0, &to.any, to.length));
    answer(server);
    snprintf(text, sizeof text, "%s: the answer to a datagram", server_text);
    show(text, set, 5000);
    char got[8];
    CHECK(recv(client, got, sizeof got, 0));
    /* Connected, and disconnected again (node's dgram): by now another socket may be behind the number. */
    CHECK(connect(client, &to.any, to.length));
    CHECK(connect(client, &(struct sockaddr){.sa_family = AF_UNSPEC}, sizeof(struct sockaddr)));
    CHECK(sendto(client, "again", 5, 0, &to.any, to.length));
    answer(server);
    snprintf(text, sizeof text, "%s: the answer after a disconnect", server_text);
    show(text, set, 5000);
    close(client);
    close(server);
    close(set);
}

static void peer_that_has_gone(void) {
    int server = listening("127.0.0.1", 0), set = CHECK(epoll_create1(EPOLL_CLOEXEC));
    int client = connected("127.0.0.1", own_port(server));
    int peer = CHECK(accept(server, NULL, NULL));
    add(set, client, EPOLLIN | EPOLLRDHUP);
    CHECK(close(peer));
    show("the peer has closed", set, 5000);
    CHECK(shutdown(client, SHUT_WR));
    show("and so has this side", set, 5000);
    close(client);
    close(server);
    close(set);
}

/* With an argument: without a peer that has gone. */
int main(int argc, char **argv) {
    (void)argv;
    probe_start();
    start_ring();
    datagrams("127.0.0.1");
    datagrams("::1");
    if (argc == 1)
        peer_that_has_gone();
    return 0;
}
