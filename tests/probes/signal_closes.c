/*
 * A handler that runs in another thread than the first, during a bind or a close, sends from sockets of its own and
 * closes them: their files are removed, at the latest when the thread closes the next socket.
 */
#include "probe.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>

#define ROUNDS 100
#define EACH 5

static atomic_int handled;
static atomic_bool over;

static void *works(void *nothing) {
    while (!over) {
        CHECK(close(listening("127.0.0.1", 0)));
        CHECK(close(bound("127.0.0.1", 0, SOCK_DGRAM | SOCK_CLOEXEC)));
    }
    return nothing;
}

static void ask_nobody(int number) {
    address to = ip("127.0.0.1", 9);
    (void)number;
    for (int i = 0; i < EACH; i++) {
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        sendto(fd, "x", 1, 0, &to.any, to.length);
        close(fd);
    }
    handled++;
}

/* Of this process there is none open. */
static int count_files(void) {
    const char *path = getenv("UNSOCK_DIR");
    DIR *directory = path == NULL ? NULL : opendir(path);
    int count = 0;
    for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;)
        count += strstr(entry->d_name, ".sock") != NULL;
    if (directory != NULL)
        closedir(directory);
    return count;
}

int main(void) {
    pthread_t thread;
    probe_start();
    struct sigaction action = {.sa_handler = ask_nobody};
    CHECK(sigaction(SIGUSR1, &action, NULL));
    pthread_create(&thread, NULL, works, NULL);
    for (int round = 0; round < ROUNDS; round++) {
        pthread_kill(thread, SIGUSR1);
        while (handled == round)
            sched_yield();
    }
    over = true;
    pthread_join(thread, NULL);
    CHECK(close(bound("127.0.0.1", 0, SOCK_DGRAM | SOCK_CLOEXEC)));
    fact("handlers", "%d", (int)handled);
    fact("files that are left", "%d", count_files());
    return 0;
}
