/* A handler that makes calls, in the middle of the calls of a thread with the smallest stack that there is. */
#include "probe.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#define SIGNALS 150
#define PAGE 4096
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

/* For two handlers, and a trapped call of the inner one. Below it lies a page that cannot be accessed. */
static void bring_signal_stack(void) {
    size_t said = getauxval(AT_MINSIGSTKSZ), frame = said != 0 ? said : FRAME;
    size_t size = (4096 + 3 * frame + PAGE - 1) & ~(size_t)(PAGE - 1);
    char *at = mmap(NULL, PAGE + size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        die("mmap");
    CHECK(mprotect(at, PAGE, PROT_NONE));
    stack_t alternate = {.ss_sp = at + PAGE, .ss_size = size};
    CHECK(sigaltstack(&alternate, NULL));
}

static sigjmp_buf before_call;
static atomic_int jumps;
static atomic_bool may_jump;

static void jumper(int number) {
    (void)number;
    name_of(server);
    if (may_jump && jumps < SIGNALS)
        siglongjmp(before_call, 1);
}

/* Out of a call that waits, again and again: nothing is left of it. */
static void *jumps_away(void *nothing) {
    for (volatile int i = 0; i < SIGNALS; i++) {
        if (sigsetjmp(before_call, 1) == 0) {
            may_jump = true;
            accept(server, NULL, NULL);
        }
        jumps++;
    }
    return nothing;
}

static int mappings(void) {
    int count = 0;
    char byte;
    FILE *file = fopen("/proc/self/maps", "r");
    while (file != NULL && fread(&byte, 1, 1, file) == 1)
        count += byte == '\n';
    if (file != NULL)
        fclose(file);
    return count;
}

static void *works(void *nothing) {
    bring_signal_stack();
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
    fact("handlers in the middle of calls", "%d", (int)handled);
    action = (struct sigaction){.sa_handler = jumper};
    CHECK(sigaction(SIGUSR1, &action, NULL));
    int first = mappings();
    CHECK(-pthread_create(&thread, &attributes, jumps_away, NULL));
    for (int seen = 0; seen < SIGNALS; seen = jumps) {
        usleep(300); /* it waits by then, mostly */
        if (jumps == seen && seen < SIGNALS)
            pthread_kill(thread, SIGUSR1);
        for (int tries = 0; tries < 100 && jumps == seen; tries++)
            usleep(20);
    }
    pthread_join(thread, NULL);
    fact("jumps out of calls", "%d, more than 50 mappings left by them: %d", (int)jumps, mappings() - first > 50);
    close(server);
    return 0;
}
