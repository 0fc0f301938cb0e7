/*
 * Signals while threads bind and close. One for the process is delivered to the first thread, which sleeps, whatever
 * the others do. One for a thread runs its handler there, which may jump out of the call, or end the thread.
 */
#include "probe.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#define THREADS 3
#define SIGNALS 200
#define JUMPS 100
#define ENDINGS 40

static pthread_t first;
static int came[2];
static volatile sig_atomic_t in_others, handled;
static atomic_bool over;
static atomic_int at_work;

static void on(int number, void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler};
    CHECK(sigaction(number, &action, NULL));
}

static void bind_and_close(void) {
    CHECK(close(listening("127.0.0.1", 0)));
    CHECK(close(bound("127.0.0.1", 0, SOCK_DGRAM | SOCK_CLOEXEC)));
}

static void *works(void *nothing) {
    bind_and_close();
    at_work++;
    while (!over)
        bind_and_close();
    return nothing;
}

static void to_process(int number) {
    (void)number;
    if (!pthread_equal(pthread_self(), first))
        in_others++;
    else if (write(came[1], "x", 1) != 1)
        _exit(3);
}

/* A child sends one signal after the other. */
static void comes_to_first(void) {
    pthread_t threads[THREADS];
    int asks[2], arrived = 0;
    pid_t parent = getpid();
    CHECK(pipe2(asks, O_CLOEXEC));
    CHECK(pipe2(came, O_CLOEXEC));
    on(SIGTERM, to_process);
    pid_t child = fork_peer();
    if (child == 0) {
        close(asks[1]);
        while (wait_byte(asks[0]))
            CHECK(kill(parent, SIGTERM));
        _exit(0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, works, NULL);
    /* A thread that begins lets signals in, as libc does it. */
    while (at_work < THREADS)
        sched_yield();
    for (int i = 0; i < SIGNALS && arrived == i; i++) {
        send_byte(asks[1]);
        arrived += ready(came[0], POLLIN, 2000) == POLLIN && wait_byte(came[0]);
    }
    over = true;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    close(asks[0]);
    close(asks[1]);
    ended(child);
    fact("signals that came to the first thread", "%d", arrived);
    fact("to others", "%d", (int)in_others);
}

static void count(int number) {
    (void)number;
    handled++;
}

/* Handlers of a thread's own signals run in it, between or within its calls. */
static void comes_to_one(void) {
    pthread_t thread;
    over = false;
    on(SIGUSR1, count);
    pthread_create(&thread, NULL, works, NULL);
    for (int i = 0; i < SIGNALS; i++) {
        int before = handled;
        pthread_kill(thread, SIGUSR1);
        while (handled == before)
            sched_yield();
    }
    over = true;
    pthread_join(thread, NULL);
    fact("handlers of a thread", "%d", (int)handled);
}

static sigjmp_buf back;
static volatile sig_atomic_t may_jump;

static void jump(int number) {
    (void)number;
    if (may_jump)
        siglongjmp(back, 1);
}

/* A jump loses only the descriptors that it leaves open, as over TCP. */
static void *jumps(void *nothing) {
    volatile int times = 0;
    if (sigsetjmp(back, 1) != 0)
        times++;
    may_jump = true;
    while (times < JUMPS)
        bind_and_close();
    may_jump = false;
    for (int i = 0; i < 20; i++)
        bind_and_close();
    over = true;
    return nothing;
}

static void leaves_by_jump(void) {
    pthread_t thread;
    over = false;
    on(SIGUSR2, jump);
    pthread_create(&thread, NULL, jumps, NULL);
    while (!over) {
        pthread_kill(thread, SIGUSR2);
        usleep(200);
    }
    pthread_join(thread, NULL);
    bind_and_close();
    fact("jumps", "%d", JUMPS);
}

static void leave(int number) {
    (void)number;
    syscall(SYS_exit, 0);
}

static void ends_in_handler(void) {
    over = false;
    on(SIGUSR2, leave);
    for (int i = 0; i < ENDINGS; i++) {
        pthread_t thread;
        at_work = 0;
        pthread_create(&thread, NULL, works, NULL);
        while (at_work == 0)
            sched_yield();
        usleep((useconds_t)(i * 7));
        pthread_kill(thread, SIGUSR2);
        pthread_join(thread, NULL);
        bind_and_close();
    }
    fact("threads that ended in a handler", "%d", ENDINGS);
}

int main(int words, char **word) {
    probe_start();
    first = pthread_self();
    if (words < 2 || strcmp(word[1], "of threads alone") != 0)
        comes_to_first();
    comes_to_one();
    leaves_by_jump();
    ends_in_handler();
    return 0;
}
