/* One thread sets an option while another disconnects the socket, for which no descriptor is left: the option stays. */
#include "probe.h"

#include <pthread.h>
#include <sys/resource.h>

#define ROUNDS 100
#define DISCONNECTS 200
#define IDLE 42

static pthread_barrier_t begin, end;
static int stream;

static void *set_idle_time(void *unused) {
    for (int i = 0; i < ROUNDS; i++) {
        pthread_barrier_wait(&begin);
        usleep((unsigned)i);
        CHECK(set_option(stream, IPPROTO_TCP, TCP_KEEPIDLE, IDLE));
        pthread_barrier_wait(&end);
    }
    return unused;
}

/* Lowers the limit to the descriptors that are open. */
static void leave_none(const struct rlimit *all) {
    int next = CHECK(dup(stream));
    struct rlimit limit = {(rlim_t)next, all->rlim_max};
    CHECK(close(next));
    CHECK(setrlimit(RLIMIT_NOFILE, &limit));
}

int main(void) {
    pthread_t thread;
    struct rlimit all;
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    int kept = 0;
    probe_start();
    CHECK(getrlimit(RLIMIT_NOFILE, &all));
    pthread_barrier_init(&begin, NULL, 2);
    pthread_barrier_init(&end, NULL, 2);
    if (pthread_create(&thread, NULL, set_idle_time, NULL) != 0)
        die("pthread_create");
    for (int i = 0; i < ROUNDS; i++) {
        address any = ip("127.0.0.1", 0);
        stream = CHECK(socket(AF_INET, SOCK_STREAM, 0));
        CHECK(bind(stream, &any.any, any.length));
        leave_none(&all);
        pthread_barrier_wait(&begin);
        for (int j = 0; j < DISCONNECTS; j++)
            connect(stream, &nobody, sizeof nobody);
        pthread_barrier_wait(&end);
        CHECK(setrlimit(RLIMIT_NOFILE, &all));
        kept += get_option(stream, IPPROTO_TCP, TCP_KEEPIDLE) == IDLE;
        CHECK(close(stream));
    }
    pthread_join(thread, NULL);
    fact("sockets that keep the option", "%d of %d", kept, ROUNDS);
    return 0;
}
