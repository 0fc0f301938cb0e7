/* A handler that makes calls, in the middle of the calls of a thread with the smallest stack that there is. */
#include "probe.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/auxv.h>

#define SIGNALS 150
#define FRAME 3632 /* tests/probes/small_stacks.c */
#ifdef __aarch64__
#define THREAD_STACK (128 * 1024)
#else
#define THREAD_STACK (16 * 1024)
#endif

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

static int server;
static atomic_bool over;
static atomic_int handled, rounds;

static void handler(int number) {
    int error = errno;
    (void)number;
    address name = name_of(server);
    CHECK(close(CHECK(socket(AF_INET, SOCK_STREAM, 0))));
    handled += name.length > 0;
    errno = error;
}

static void *works(void *nothing) {
    while (!over) {
        CHECK(close(listening("127.0.0.1", 0)));
        CHECK(close(bound("127.0.0.1", 0, SOCK_DGRAM | SOCK_CLOEXEC)));
        rounds++;
    }
    return nothing;
}

/* Trapped, each call is a signal of its own, with a frame: two more, as one comes in the middle of another. */
int main(int count, char **words) {
    struct sigaction action = {.sa_handler = handler};
    size_t said = getauxval(AT_MINSIGSTKSZ), frame = said != 0 ? said : FRAME;
    pthread_attr_t attributes;
    pthread_t thread;
    (void)words;
    probe_start();
    server = listening("127.0.0.1", 0);
    CHECK(sigaction(SIGUSR1, &action, NULL));
    CHECK(-pthread_attr_init(&attributes));
    size_t more = count > 1 ? (2 * frame + 4095) & ~(size_t)4095 : 0;
    CHECK(-pthread_attr_setstacksize(&attributes, THREAD_STACK + more));
    CHECK(-pthread_create(&thread, &attributes, works, NULL));
    while (rounds == 0)
        sched_yield();
    for (int i = 0; i < SIGNALS; i++) {
        int before = handled;
        CHECK(-pthread_kill(thread, SIGUSR1));
        while (handled == before)
            sched_yield();
        usleep((useconds_t)(i % 10) * 13); /* somewhere in the middle of a call */
    }
    over = true;
    pthread_join(thread, NULL);
    close(server);
    fact("handlers in the middle of calls", "%d", (int)handled);
    return 0;
}
