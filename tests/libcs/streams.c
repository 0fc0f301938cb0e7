/*
 * libc's own streams, for inside_test.ts. Prints whether libc's write has been changed, and then the result for the
 * argument:
 *
 *   cancel   a thread that waits in fputs is cancelled, once it waits and once before
 *   threads  threads print line by line into one pipe, with signals meanwhile; no line may be lost or cut
 *   handle   the write that dlopen("libc.so.6") gives
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS 4
#define LINES 2000
#define JUMP 0xe9

static int ends[2];
static volatile sig_atomic_t signals;
static pthread_barrier_t begins;

static void handler(int number) {
    (void)number;
    signals++;
}

static void *waits(void *early) {
    FILE *stream = fdopen(dup(ends[1]), "w");
    setvbuf(stream, NULL, _IONBF, 0);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    pthread_barrier_wait(&begins);
    if (early)
        pthread_barrier_wait(&begins);
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    for (;;)
        fputs("something to wait with", stream);
    return NULL;
}

/* Fills the pipe, so that the next write waits in the kernel. */
static void until_full(void) {
    int flags = fcntl(ends[1], F_GETFL);
    fcntl(ends[1], F_SETFL, flags | O_NONBLOCK);
    while (write(ends[1], "x", 1) == 1)
        continue;
    fcntl(ends[1], F_SETFL, flags);
}

static void cancel(bool early) {
    pthread_t thread;
    void *result;
    pthread_barrier_init(&begins, NULL, 2);
    until_full();
    pthread_create(&thread, NULL, waits, early ? &thread : NULL);
    pthread_barrier_wait(&begins);
    if (!early)
        usleep(20000);
    pthread_cancel(thread);
    if (early)
        pthread_barrier_wait(&begins);
    pthread_join(thread, &result);
    printf("cancelled %s: %d\n", early ? "before" : "in it", result == PTHREAD_CANCELED);
}

static void *prints(void *stream) {
    pthread_barrier_wait(&begins);
    for (int i = 0; i < LINES; i++)
        fprintf(stream, "a line of %s\n", "one thread");
    pthread_barrier_wait(&begins);
    return NULL;
}

static void *counts(void *good) {
    char line[64];
    FILE *stream = fdopen(ends[0], "r");
    while (fgets(line, sizeof line, stream))
        *(int *)good += strcmp(line, "a line of one thread\n") == 0;
    return NULL;
}

static void print_from_threads(void) {
    pthread_t threads[THREADS], reader;
    int good = 0;
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
    FILE *stream = fdopen(ends[1], "w");
    setvbuf(stream, NULL, _IOLBF, BUFSIZ);
    pthread_barrier_init(&begins, NULL, THREADS + 1);
    pthread_create(&reader, NULL, counts, &good);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, prints, stream);
    pthread_barrier_wait(&begins);
    for (int i = 0; i < 500; i++)
        pthread_kill(threads[i % THREADS], SIGUSR1);
    /* Where the lines were faster than the signals, some thread is still there to have one. */
    pthread_barrier_wait(&begins);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    fclose(stream);
    pthread_join(reader, NULL);
    printf("whole lines: %d, signals: %d\n", good, signals > 0);
}

static void by_handle(const unsigned char *code) {
    ssize_t (*libcs)(int, const void *, size_t);
    char got[8] = "";
    memcpy(&libcs, &code, sizeof libcs);
    printf("written: %zd, ", libcs(ends[1], "hello", 5));
    printf("read: %zd, ", read(ends[0], got, sizeof got));
    errno = 0;
    printf("to none: %zd, ", libcs(-1, "hello", 5));
    printf("%s, %s\n", errno == EBADF ? "EBADF" : "another", got);
}

int main(int count, char **words) {
    const unsigned char *code = dlsym(dlopen("libc.so.6", RTLD_NOW), "write");
    if (count < 2 || !code || pipe(ends) != 0)
        return 1;
    alarm(60);
    printf("changed: %d\n", code[0] == JUMP);
    fflush(stdout);
    if (strcmp(words[1], "cancel") == 0) {
        cancel(false);
        cancel(true);
    } else if (strcmp(words[1], "threads") == 0) {
        print_from_threads();
    } else {
        by_handle(code);
    }
    return 0;
}
