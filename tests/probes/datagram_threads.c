/* Threads that share a datagram socket: one waits for the reply to another's datagram, and several send first. */
#include "probe.h"

#include <pthread.h>

#define SENDERS 4
#define ROUNDS 100

static int client;
static pthread_barrier_t barrier;

static void *wait_recvfrom(void *result) {
    char bytes[16];
    address from = unwritten();
    *(long *)result = recvfrom(client, bytes, sizeof bytes, 0, &from.any, &from.length);
    fact("recvfrom in another thread: from", "%s", ip_text(&from));
    return NULL;
}

static void *wait_recvmsg(void *result) {
    char bytes[16];
    struct iovec part = {bytes, sizeof bytes};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    *(long *)result = recvmsg(client, &message, 0);
    return NULL;
}

/* Gives the other thread the time to wait: there is no way to see it do so. */
static void let_wait(void) {
    usleep(100000);
}

static void answer(int server, size_t size) {
    char bytes[16];
    address from = unwritten();
    fact_number("the server hears", recvfrom(server, bytes, sizeof bytes, 0, &from.any, &from.length));
    fact_number("the server answers", sendto(server, "answer", size, 0, &from.any, from.length));
}

static void ask(const char *how, void *(*waits)(void *), int server, int domain, const char *to_text) {
    pthread_t thread;
    long result = -1;
    address to = ip(to_text, own_port(server));
    client = CHECK(socket(domain, SOCK_DGRAM, 0));
    if (domain == AF_INET6) {
        address any = ip("::", 0);
        CHECK(bind(client, &any.any, any.length));
    }
    pthread_create(&thread, NULL, waits, &result);
    let_wait();
    fact_number(how, sendto(client, "ask", 3, 0, &to.any, to.length));
    answer(server, 6);
    pthread_join(thread, NULL);
    fact("the other thread has", "%ld", result);
    close(client);
}

/* The other thread waits by the socket's first number, and this one sends by its second. */
static void ask_by_duplicate(const char *how, void *(*waits)(void *), int server, const address *to) {
    pthread_t thread;
    long result = -1;
    client = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    int second = CHECK(dup(client));
    pthread_create(&thread, NULL, waits, &result);
    let_wait();
    fact_number(how, sendto(second, "ask", 3, 0, &to->any, to->length));
    if (server >= 0)
        answer(server, 6);
    pthread_join(thread, NULL);
    fact(how, "the other thread has %ld", result);
    close(second);
    close(client);
}

/* A process that has no other socket, and had none. */
static void only_client(int told) {
    static void *(*const ways[])(void *) = {wait_recvfrom, wait_recvmsg};
    address to;
    if (read(told, &to, sizeof to) != sizeof to)
        die("no address came");
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        pid_t child = fork_peer();
        if (child == 0) {
            ask_by_duplicate("the only socket, by a duplicate", ways[i], -1, &to);
            _exit(0);
        }
        ended(child);
    }
    _exit(0);
}

static void *send_first(void *to) {
    pthread_barrier_wait(&barrier);
    sendto(client, "x", 1, 0, &((address *)to)->any, ((address *)to)->length);
    return NULL;
}

/* Returns whether all datagrams of one socket came from one port. */
static bool same_port(int server, address *to) {
    pthread_t threads[SENDERS];
    char bytes[16];
    int first = 0;
    bool same = true;
    client = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    for (int i = 0; i < SENDERS; i++)
        pthread_create(&threads[i], NULL, send_first, to);
    for (int i = 0; i < SENDERS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < SENDERS; i++) {
        address from = unwritten();
        CHECK(recvfrom(server, bytes, sizeof bytes, 0, &from.any, &from.length));
        first = first == 0 ? port_of(&from) : first;
        same &= first == port_of(&from);
    }
    close(client);
    return same;
}

int main(void) {
    int told[2];
    probe_start();
    CHECK(pipe(told));
    pid_t child = fork_peer();
    if (child == 0)
        only_client(told[0]);
    int server = bound("127.0.0.1", 0, SOCK_DGRAM);
    address to = name_of(server);
    int good = 0;
    if (write(told[1], &to, sizeof to) != sizeof to)
        die("write");
    for (int i = 0; i < 2; i++)
        answer(server, 6);
    ended(child);
    ask_by_duplicate("by a duplicate, recvfrom", wait_recvfrom, server, &to);
    ask_by_duplicate("by a duplicate, recvmsg", wait_recvmsg, server, &to);
    ask("IPv4, recvfrom waits: ask", wait_recvfrom, server, AF_INET, "127.0.0.1");
    ask("IPv4, recvmsg waits: ask", wait_recvmsg, server, AF_INET, "127.0.0.1");
    ask("both families, recvfrom waits: ask", wait_recvfrom, server, AF_INET6, "::ffff:127.0.0.1");
    ask("both families, recvmsg waits: ask", wait_recvmsg, server, AF_INET6, "::ffff:127.0.0.1");
    pthread_barrier_init(&barrier, NULL, SENDERS);
    for (int i = 0; i < ROUNDS; i++)
        good += same_port(server, &to);
    fact("rounds with one port", "%d of %d", good, ROUNDS);
}
