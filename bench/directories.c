/*
 * Usage: directories DIRECTORY FILES SHARDS PROCESSES COUNT
 *
 * Measures a directory of very many sockets. Binds FILES sockets, spread over SHARDS subdirectories. Then PROCESSES
 * processes at once each bind a socket and remove its file, COUNT times, and connect COUNT times to one of the FILES
 * sockets, none of which listens. Prints one line of JSON: the microseconds of each bind, and of each connect. The
 * caller removes the files.
 */
#include "workload.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SPARE_DESCRIPTORS 32

struct places {
    const char *directory;
    long shards;
};

static struct sockaddr_un place(const struct places *places, const char *kind, long n) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/%ld/%s%ld", places->directory, n % places->shards, kind,
             n);
    return address;
}

/* Binds the sockets from `first` to before `end`, and holds them until `release` is posted. Then ends the process. */
static void hold(const struct places *places, long first, long end, struct shared *shared) {
    for (long i = first; i < end; i++) {
        struct sockaddr_un address = place(places, "f", i);
        int fd = (int)must(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
        must(bind(fd, (struct sockaddr *)&address, sizeof(address)), "bind");
    }
    sem_post(&shared->holding);
    await(&shared->release);
    _exit(0);
}

/* Binds all sockets, in as many child processes as the limit of descriptors needs. Returns the number of processes. */
static long fill(const struct places *places, long files, struct shared *shared) {
    struct rlimit limit;
    char path[4096];
    long holders = 0;
    for (long i = 0; i < places->shards; i++) {
        snprintf(path, sizeof(path), "%s/%ld", places->directory, i);
        must(mkdir(path, 0700), "mkdir");
    }
    must(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    long share = (long)limit.rlim_cur - SPARE_DESCRIPTORS;
    for (long first = 0; first < files; first += share, holders++) {
        if (must(fork(), "fork") == 0)
            hold(places, first, first + share < files ? first + share : files, shared);
        await(&shared->holding);
    }
    return holders;
}

static double bind_and_remove(const struct places *places, long process, long count) {
    double start = now();
    for (long i = 0; i < count; i++) {
        struct sockaddr_un own = place(places, "own", process * count + i);
        int fd = (int)must(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
        must(bind(fd, (struct sockaddr *)&own, sizeof(own)), "bind");
        must(unlink(own.sun_path), "unlink");
        close(fd);
    }
    return (now() - start) / (double)count * 1e6;
}

static double connect_to_each(const struct places *places, long files, long count) {
    int fd = (int)must(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
    double start = now();
    for (long i = 0; i < count; i++) {
        /* The names follow in no order, as with clients of many servers. */
        struct sockaddr_un other = place(places, "f", i * 7919 % files);
        if (connect(fd, (struct sockaddr *)&other, sizeof(other)) == 0)
            must(-1, "somebody is there");
    }
    double seconds = now() - start;
    close(fd);
    return seconds / (double)count * 1e6;
}

int main(int argc, char **argv) {
    if (argc != 6)
        return 2;
    struct places places = {argv[1], atol(argv[3])};
    long files = atol(argv[2]), processes = atol(argv[4]), count = atol(argv[5]);
    double *times = mmap(NULL, (size_t)processes * 2 * sizeof(*times) + sizeof(struct shared), PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    double binds = 0, connects = 0;
    struct sched_param first = {.sched_priority = 1};
    /* Runs at real-time priority if the user may. */
    sched_setscheduler(0, SCHED_FIFO, &first);
    if (times == MAP_FAILED)
        must(-1, "mmap");
    struct shared *shared = (struct shared *)(times + 2 * processes);
    must(sem_init(&shared->holding, 1, 0), "sem_init");
    must(sem_init(&shared->release, 1, 0), "sem_init");
    long holders = fill(&places, files, shared);
    for (long i = 0; i < processes; i++) {
        if (must(fork(), "fork") == 0) {
            times[2 * i] = bind_and_remove(&places, i, count);
            times[2 * i + 1] = connect_to_each(&places, files, count);
            _exit(0);
        }
    }
    for (long i = 0; i < processes; i++)
        must(wait(NULL), "wait");
    for (long i = 0; i < holders; i++)
        sem_post(&shared->release);
    for (long i = 0; i < processes; i++)
        binds += times[2 * i] / (double)processes, connects += times[2 * i + 1] / (double)processes;
    printf("{\"bind\":%.3f,\"connect\":%.3f}\n", binds, connects);
    return 0;
}
