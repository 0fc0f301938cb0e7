/* A handler that makes calls, in the middle of the calls of a thread with the smallest stack that there is. */
#include "probe.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#define SIGNALS 150
#define PAGE 4096
#define SIGNAL_STACK (16 * 1024)
#ifdef __aarch64__
#define THREAD_STACK (128 * 1024)
#else
#define THREAD_STACK (16 * 1024)
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

/* Below the stack for signals lies a page that cannot be accessed. */
static void *works(void *nothing) {
    char *at = mmap(NULL, PAGE + SIGNAL_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        die("mmap");
    CHECK(mprotect(at, PAGE, PROT_NONE));
    stack_t alternate = {.ss_sp = at + PAGE, .ss_size = SIGNAL_STACK};
    CHECK(sigaltstack(&alternate, NULL));
    while (!over) {
        CHECK(close(listening("127.0.0.1", 0)));
        CHECK(close(bound("127.0.0.1", 0, SOCK_DGRAM | SOCK_CLOEXEC)));
        rounds++;
    }
    return nothing;
}

/* Handlers of both kinds come to the thread, one in the middle of another. */
int main(void) {
    struct sigaction action = {.sa_handler = handler};
    pthread_attr_t attributes;
    pthread_t thread;
    probe_start();
    server = listening("127.0.0.1", 0);
    CHECK(sigaction(SIGUSR1, &action, NULL));
    action.sa_flags = SA_ONSTACK;
    CHECK(sigaction(SIGUSR2, &action, NULL));
    CHECK(sigaction(SIGURG, &action, NULL));
    CHECK(-pthread_attr_init(&attributes));
    CHECK(-pthread_attr_setstacksize(&attributes, THREAD_STACK));
    CHECK(-pthread_create(&thread, &attributes, works, NULL));
    while (rounds == 0)
        sched_yield();
    for (int i = 0; i < SIGNALS; i++) {
        int before = handled;
        CHECK(-pthread_kill(thread, i % 3 == 0 ? SIGUSR1 : SIGUSR2));
        if (i % 3 == 2)
            CHECK(-pthread_kill(thread, SIGURG));
        while (handled < before + 1 + (i % 3 == 2))
            sched_yield();
        usleep((useconds_t)(i % 10) * 13); /* somewhere in the middle of a call */
    }
    over = true;
    pthread_join(thread, NULL);
    close(server);
    fact("handlers in the middle of calls", "%d", (int)handled);
    return 0;
}
