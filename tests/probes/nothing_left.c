/*
 * nothing_left [count]: no descriptor, name or memory leaks when threads use sockets while other threads fork, vfork
 * and spawn. With `count` the exit status is the number of descriptors beyond the first
 * three.
 */
#include "probe.h"

#include <dirent.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>

#define WORKERS 3
#define STARTERS 3
#define TURNS 40
#define MEMORY_MOST_KIB 2048

extern char **environ;

static char *self;
static int server, port, receiver;
static address receiver_at;
static atomic_int wrong, reached;

static int descriptors(void) {
    DIR *directory = opendir("/proc/self/fd");
    int count = 0;
    if (directory == NULL)
        die("opendir");
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count - 6; /* ".", "..", the directory itself, and standard input and output */
}

/* How many lines of a table of the kernel's have a word in them; the number behind it is added to `behind`. */
static long table(const char *path, const char *word, long *behind) {
    char line[512];
    long found = 0;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        die(path);
    while (fgets(line, sizeof line, file) != NULL) {
        const char *at = strstr(line, word);
        found += at != NULL;
        if (at != NULL && behind != NULL)
            *behind += atol(at + strlen(word));
    }
    fclose(file);
    return found;
}

/* Sockets with a name in the directory: listeners, what waits there for accept, datagram sockets. Others' are not
 * counted. */
static long names(void) {
    const char *directory = getenv("UNSOCK_DIR");
    return directory == NULL ? 0 : table("/proc/net/unix", directory, NULL);
}

static long memory(void) {
    long kib = 0;
    table("/proc/self/status", "VmData:", &kib);
    return kib;
}

/* One of each: a connection, a connect that is refused, a datagram with its answer, a listener that goes. */
static void use_sockets(void) {
    char byte;
    int client = connected("127.0.0.1", port), other = listening("127.0.0.1", 0);
    int peer = connected("127.0.0.1", own_port(other));
    int accepted = CHECK(accept4(other, NULL, NULL, SOCK_CLOEXEC));
    if (write(peer, "x", 1) != 1 || read(accepted, &byte, 1) != 1)
        wrong++;
    close(accepted);
    close(peer);
    close(other);
    if (read(client, &byte, 1) != 0)
        wrong++;
    close(client);
    int fd = CHECK(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (connect_to(fd, "127.0.0.1", 1) == 0)
        wrong++;
    close(fd);
    fd = CHECK(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (sendto(fd, "x", 1, 0, &receiver_at.any, receiver_at.length) != 1 || recv(fd, &byte, 1, 0) != 1)
        wrong++;
    close(fd);
}

static void *work(void *unused) {
    for (int i = 0; i < TURNS; i++)
        use_sockets();
    return unused;
}

/* Each client hears the end of its connection from here. */
static void *serve(void *unused) {
    for (int i = 0; i < WORKERS * TURNS; i++)
        close(CHECK(accept4(server, NULL, NULL, SOCK_CLOEXEC)));
    return unused;
}

static void *answer(void *unused) {
    for (int i = 0; i < WORKERS * TURNS; i++) {
        char byte;
        address from = unwritten();
        CHECK(recvfrom(receiver, &byte, 1, 0, &from.any, &from.length));
        CHECK(sendto(receiver, "y", 1, 0, &from.any, from.length));
    }
    return unused;
}

static void *start(void *how) {
    char *const arguments[] = {self, "count", NULL};
    for (volatile int i = 0; i < TURNS / 4; i++) { /* vfork's child has the same stack */
        pid_t pid = 0;
        if (how == (void *)0) {
            pid = CHECK(fork());
            if (pid == 0) {
                int fd = socket(AF_INET, SOCK_STREAM, 0);
                close(fd);
                execv(self, arguments);
                _exit(127);
            }
        } else if (how == (void *)1) {
            pid = vfork();
            if (pid == 0) {
                execv(self, arguments);
                _exit(127);
            }
        } else if ((errno = posix_spawn(&pid, self, NULL, NULL, arguments, environ)) != 0) {
            die("posix_spawn");
        }
        reached += ended(CHECK(pid));
    }
    return NULL;
}

static void run_all(void) {
    pthread_t threads[WORKERS + STARTERS + 2];
    int count = 0;
    for (int i = 0; i < WORKERS; i++)
        CHECK(-pthread_create(&threads[count++], NULL, work, NULL));
    for (intptr_t i = 0; i < STARTERS; i++)
        CHECK(-pthread_create(&threads[count++], NULL, start, (void *)i));
    CHECK(-pthread_create(&threads[count++], NULL, serve, NULL));
    CHECK(-pthread_create(&threads[count++], NULL, answer, NULL));
    while (count > 0)
        pthread_join(threads[--count], NULL);
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "count") == 0)
        return descriptors();
    probe_start();
    alarm(3 * PROBE_SECONDS); /* three times a hundred programs */
    self = argv[0];
    close_range(3, ~0u, 0);
    server = listening("127.0.0.1", 0);
    port = own_port(server);
    receiver = bound("127.0.0.1", 0, SOCK_DGRAM | SOCK_CLOEXEC);
    receiver_at = name_of(receiver);
    run_all(); /* what is made once is made */
    int before = descriptors();
    long names_before = names(), memory_before = memory();
    run_all();
    run_all();
    fact("descriptors more than before", "%d", descriptors() - before);
    fact("names more than before", "%ld", names() - names_before);
    fact_yes("memory as before", memory() - memory_before < MEMORY_MOST_KIB);
    fact("descriptors that reached other programs", "%d", atomic_load(&reached));
    fact("answers that were wrong", "%d", atomic_load(&wrong));
    return 0;
}
