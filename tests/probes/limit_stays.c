/* A full table of descriptors, and threads that bind and send all the same: the limit is always what the program set.
 */
#include "probe.h"

#include <pthread.h>
#include <sys/resource.h>

#define THREADS 6
#define TIMES 60

static int receiver, failed;
static pthread_barrier_t barrier;
static volatile bool over;
static bool changed;

/* The limit may be the lower one just now. */
static int any_socket(int type) {
    int fd;
    do
        fd = socket(AF_INET, type, 0);
    while (fd < 0 && errno == EMFILE);
    return CHECK(fd);
}

/* All hold all that there is before they use it. */
static void *work(void *unused) {
    (void)unused;
    address to = name_of(receiver), any = ip("127.0.0.1", 0);
    for (int i = 0; i < TIMES; i++) {
        int first = any_socket(SOCK_DGRAM), second = any_socket(SOCK_DGRAM);
        pthread_barrier_wait(&barrier);
        bool good = sendto(first, "x", 1, 0, &to.any, to.length) == 1 && bind(second, &any.any, any.length) == 0;
        if (!good)
            __atomic_fetch_add(&failed, 1, __ATOMIC_RELAXED);
        pthread_barrier_wait(&barrier);
        close(first);
        close(second);
    }
    return NULL;
}

static void *take(void *unused) {
    (void)unused;
    char byte;
    while (!over) {
        ready(receiver, POLLIN, 1);
        while (recv(receiver, &byte, 1, MSG_DONTWAIT) >= 0) {
        }
    }
    return NULL;
}

/* Sets another limit now and then, and sees it changed by nobody else. */
static void *watch(void *unused) {
    (void)unused;
    struct rlimit set = {200, 4096};
    while (!over) {
        struct rlimit seen;
        set.rlim_cur = set.rlim_cur == 200 ? 199 : 200;
        CHECK(setrlimit(RLIMIT_NOFILE, &set));
        for (int i = 0; i < 50; i++) {
            CHECK(getrlimit(RLIMIT_NOFILE, &seen));
            changed |= seen.rlim_cur != set.rlim_cur || seen.rlim_max != set.rlim_max;
        }
    }
    return NULL;
}

static int used(void) {
    int count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

int main(void) {
    pthread_t threads[THREADS], taker, watcher;
    struct rlimit limit = {200, 4096};
    probe_start();
    receiver = bound("127.0.0.1", 0, SOCK_DGRAM);
    CHECK(setrlimit(RLIMIT_NOFILE, &limit));
    /* All but what the threads themselves need. */
    while (dup(0) >= 0) {
    }
    for (int fd = 199; fd > 199 - 2 * THREADS; fd--)
        close(fd);
    int before = used();
    CHECK(-pthread_barrier_init(&barrier, NULL, THREADS));
    CHECK(pthread_create(&taker, NULL, take, NULL));
    CHECK(pthread_create(&watcher, NULL, watch, NULL));
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, work, NULL));
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    over = true;
    pthread_join(taker, NULL);
    pthread_join(watcher, NULL);
    fact_yes("somebody else changed the limit", changed);
    fact("failed", "%d", failed);
    fact("descriptors more", "%d", used() - before);
    fact_number("children to wait for", waitpid(-1, NULL, WNOHANG));
    return 0;
}
