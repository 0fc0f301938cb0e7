/* Many descriptors of one socket: a change by one is seen by all; closing some, in any order, changes nothing. */
#include "probe.h"

#include <pthread.h>

#define MANY 40
#define THREADS 8
#define ROUNDS 2000

static int all_have(const int *copies, int value) {
    int count = 0;
    for (int i = 0; i < MANY; i++)
        count += copies[i] >= 0 && get_option(copies[i], IPPROTO_TCP, TCP_KEEPIDLE) == value;
    return count;
}

static int bound_at(const int *copies, int port) {
    int count = 0;
    for (int i = 0; i < MANY; i++)
        count += copies[i] >= 0 && own_port(copies[i]) == port;
    return count;
}

static void close_copy(int *copy) {
    CHECK(close(*copy));
    *copy = -1;
}

/* Each closes every third, in another order, and a number of it becomes another socket's, or another duplicate. */
static void in_order(int step) {
    int copies[MANY], value = 1000 * step, kept = step + 1, lost = step + 2;
    copies[0] = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    for (int i = 1; i < MANY; i++)
        copies[i] = CHECK(i % 2 ? dup(copies[i / 2]) : fcntl(copies[0], F_DUPFD_CLOEXEC, 100));
    CHECK(set_option(copies[MANY / 2], IPPROTO_TCP, TCP_KEEPIDLE, value));
    fact("all have it", "%d", all_have(copies, value));
    for (int i = step; i < MANY; i += 3)
        close_copy(&copies[i]);
    int stranger = CHECK(socket(AF_INET, SOCK_STREAM, 0)), another = CHECK(dup(stranger));
    CHECK(dup2(copies[0], copies[kept]));
    CHECK(dup2(stranger, copies[lost]));
    CHECK(set_option(copies[0], IPPROTO_TCP, TCP_KEEPIDLE, value + 1));
    fact("the rest have it", "%d", all_have(copies, value + 1));
    fact_number("the stranger's duplicate", get_option(copies[lost], IPPROTO_TCP, TCP_KEEPIDLE));
    CHECK(set_option(another, IPPROTO_TCP, TCP_KEEPIDLE, 77));
    fact_number("is told of its own", get_option(copies[lost], IPPROTO_TCP, TCP_KEEPIDLE));
    address at = ip("127.0.0.1", free_port(SOCK_STREAM));
    CHECK(bind(copies[kept], &at.any, at.length));
    CHECK(listen(copies[0], 1));
    fact("all are bound", "%d", bound_at(copies, port_of(&at)));
    for (int i = MANY - 1; i > 0; i--)
        if (copies[i] >= 0)
            close_copy(&copies[i]);
    int client = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    fact_call("the last one is there", connect(client, &at.any, at.length));
    close_copy(&copies[0]);
    close(client);
    client = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    fact_call("and gone", connect(client, &at.any, at.length));
    close(client);
    close(stranger);
    close(another);
}

static int shared;

static void *duplicate(void *wrong) {
    for (int i = 0; i < ROUNDS; i++) {
        int copies[3];
        for (int k = 0; k < 3; k++)
            copies[k] = CHECK(dup(k == 0 ? shared : copies[k - 1]));
        *(int *)wrong += get_option(copies[2], IPPROTO_TCP, TCP_USER_TIMEOUT) != 1234;
        for (int k = 0; k < 3; k++)
            CHECK(close(copies[(k + i) % 3]));
    }
    return NULL;
}

/* All at once, on a socket that is bound: its address is kept as long as one is left, and no longer. */
static void at_once(void) {
    pthread_t threads[THREADS];
    int wrong[THREADS] = {0}, sum = 0;
    shared = listening("127.0.0.1", 0);
    int port = own_port(shared), copies[MANY] = {0};
    CHECK(set_option(shared, IPPROTO_TCP, TCP_USER_TIMEOUT, 1234));
    for (int i = 0; i < MANY; i++)
        copies[i] = CHECK(dup(shared));
    for (int i = 0; i < THREADS; i++)
        CHECK(-pthread_create(&threads[i], NULL, duplicate, &wrong[i]));
    for (int i = 0; i < THREADS; i++) {
        CHECK(-pthread_join(threads[i], NULL));
        sum += wrong[i];
    }
    fact("threads that miss an option", "%d", sum);
    CHECK(set_option(shared, IPPROTO_TCP, TCP_KEEPIDLE, 4321));
    fact("all have it after threads", "%d", all_have(copies, 4321));
    close(shared);
    for (int i = 0; i < MANY - 1; i++)
        close(copies[i]);
    int client = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    fact_call("one is left", connect_to(client, "127.0.0.1", port));
    close(client);
    close(copies[MANY - 1]);
    client = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    fact_call("none is", connect_to(client, "127.0.0.1", port));
    close(client);
}

int main(void) {
    probe_start();
    for (int step = 1; step < 4; step++)
        in_order(step);
    at_once();
    return 0;
}
