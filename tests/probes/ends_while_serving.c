/*
 * A thread accepts and writes while main's end is under way. libc empties its streams after the destructors of all
 * libraries: there this program connects once more, and waits for the thread.
 */
#include "probe.h"

#include <pthread.h>
#include <semaphore.h>
#include <sys/syscall.h>

static int listener, port;
static volatile int server;
static sem_t gone, served;

static void *serve(void *nothing) {
    server = (int)syscall(SYS_gettid);
    int client = CHECK(accept(listener, NULL, NULL));
    while (sem_wait(&gone) < 0)
        ;
    fact_number("write to a client that has closed", write(client, "hi", 2));
    address name = name_of(client);
    fact_yes("an accepted socket has the server's port", port_of(&name) == port);
    sem_post(&served);
    return nothing;
}

static ssize_t at_the_end(void *cookie, const char *text, size_t size) {
    (void)cookie;
    (void)text;
    int client = connected("127.0.0.1", port);
    close(client);
    sem_post(&gone);
    while (sem_wait(&served) < 0)
        ;
    fact_number("accept without a client", accept(listener, NULL, NULL));
    fact("the last words", "%zu bytes", size);
    return (ssize_t)size;
}

int main(void) {
    probe_start();
    pthread_t thread;
    listener = listening("127.0.0.1", 0);
    port = own_port(listener);
    sem_init(&gone, 0, 0);
    sem_init(&served, 0, 0);
    CHECK(-pthread_create(&thread, NULL, serve, NULL));
    while (server == 0 || !thread_sleeps(server))
        sched_yield();
    set_nonblocking(listener);
    FILE *stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = at_the_end});
    fprintf(stream, "done");
    return 0;
}
