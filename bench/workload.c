/*
 * Usage: workload NAME unix DIRECTORY COUNT [HELD [HOLDERS]] [pinned]
 *        workload NAME inet ADDRESS:PORT COUNT [HELD [HOLDERS]] [pinned]
 *
 * Does the named work COUNT times. Prints one line of JSON: the count, the seconds, and for "held" the bytes of memory
 * that each end took. During the work, HELD other sockets exist, each with a file: in HOLDERS other processes, or in
 * this one without HOLDERS. For "askers", HELD is the number of clients that never read. With "pinned", both ends run
 * on one processor.
 */
#include "workload.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define SPARE_DESCRIPTORS 32

static const struct workload *const workloads[] = {
    &bulk,     &round_trips,       &connections,      &datagrams,  &held,  &others, &mixed,  &listeners,
    &closings, &datagram_closings, &datagram_clients, &duplicates, &forks, &askers, &starts, &leavings,
    &names,
};

static void usage(void) {
    fprintf(stderr, "usage: workload NAME unix DIRECTORY|inet ADDRESS:PORT COUNT [HELD [HOLDERS]] [pinned]\n");
    exit(2);
}

static const struct workload *find(const char *name) {
    for (size_t i = 0; i < sizeof(workloads) / sizeof(*workloads); i++)
        if (strcmp(workloads[i]->name, name) == 0)
            return workloads[i];
    usage();
    return NULL;
}

static void place_unix(struct endpoint *endpoint, const char *directory) {
    struct sockaddr_un *un = (struct sockaddr_un *)&endpoint->address;
    size_t room = sizeof(un->sun_path);
    un->sun_family = AF_UNIX;
    endpoint->local = true;
    endpoint->length = sizeof(*un);
    if ((size_t)snprintf(un->sun_path, room, "%s/server", directory) >= room ||
        (size_t)snprintf(endpoint->client_path, room, "%s/client", directory) >= room)
        usage();
    unlink(un->sun_path);
    unlink(endpoint->client_path);
}

static void place_inet(struct endpoint *endpoint, char *where) {
    struct sockaddr_in *in = (struct sockaddr_in *)&endpoint->address;
    char *colon = strchr(where, ':');
    if (!colon)
        usage();
    *colon = '\0';
    in->sin_family = AF_INET;
    in->sin_port = htons((uint16_t)atoi(colon + 1));
    endpoint->length = sizeof(*in);
    if (inet_pton(AF_INET, where, &in->sin_addr) != 1)
        usage();
}

/*
 * Keeps this process on the last processor that it may use: the first ones handle interrupts. Raises its priority above
 * that of all other programs, if the user may.
 */
static void stay_on_one_processor(void) {
    struct sched_param first = {.sched_priority = 1};
    cpu_set_t set, one;
    int last = -1;
    must(sched_getaffinity(0, sizeof(set), &set), "sched_getaffinity");
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &set))
            last = cpu;
    CPU_ZERO(&one);
    CPU_SET(last, &one);
    must(sched_setaffinity(0, sizeof(one), &one), "sched_setaffinity");
    sched_setscheduler(0, SCHED_FIFO, &first);
}

/* Raises the limit of descriptors. Returns how many connections each end can hold, at most `wanted`. */
static long descriptors_at_most(long wanted) {
    struct rlimit limit;
    must(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    struct rlimit more = {(rlim_t)(wanted + SPARE_DESCRIPTORS), (rlim_t)(wanted + SPARE_DESCRIPTORS)};
    if (more.rlim_max > limit.rlim_max && setrlimit(RLIMIT_NOFILE, &more) == 0)
        return wanted;
    limit.rlim_cur = limit.rlim_max;
    must(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
    long room = limit.rlim_max > 1 << 20 ? 1 << 20 : (long)limit.rlim_max - SPARE_DESCRIPTORS;
    return wanted < room ? wanted : room;
}

static struct shared *share(void) {
    struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        must(-1, "mmap");
    must(sem_init(&shared->served, 1, 0), "sem_init");
    must(sem_init(&shared->announced, 1, 0), "sem_init");
    must(sem_init(&shared->leave, 1, 0), "sem_init");
    must(sem_init(&shared->holding, 1, 0), "sem_init");
    must(sem_init(&shared->release, 1, 0), "sem_init");
    return shared;
}

static void serve(const struct workload *workload, struct run *run, pid_t client) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == client)
        workload->serve(run);
    _exit(0);
}

/* Ends the client if the server has failed: no answer would come. */
static void end_with_server(int signal) {
    (void)signal;
    int status = 0;
    if (waitpid(-1, &status, WNOHANG) > 0 && status != 0)
        _exit(1);
}

int main(int argc, char **argv) {
    if (argc < 5)
        usage();
    const struct workload *workload = find(argv[1]);
    struct run run = {.count = atol(argv[4]), .listener = -1};
    run.endpoint.type = workload->type;
    if (strcmp(argv[2], "unix") == 0)
        place_unix(&run.endpoint, argv[3]);
    else
        place_inet(&run.endpoint, argv[3]);
    run.held = argc > 5 ? atol(argv[5]) : 0;
    run.holders = argc > 6 ? atol(argv[6]) : 0;
    if (strcmp(argv[argc - 1], "pinned") == 0)
        stay_on_one_processor();
    long descriptors = descriptors_at_most(run.count + run.held);
    if (workload == &held)
        run.count = descriptors;
    run.shared = share();
    pid_t client = getpid(), server = 0;
    if (workload != &askers)
        hold_sockets(&run);
    if (workload->serve) {
        run.listener = open_server(&run.endpoint);
        signal(SIGCHLD, end_with_server);
        server = (pid_t)must(fork(), "fork");
        if (server == 0)
            serve(workload, &run, client);
    }
    workload->client(&run);
    signal(SIGCHLD, SIG_DFL);
    if (server > 0)
        waitpid(server, NULL, 0);
    drop_sockets(&run);
    printf("{\"count\":%ld,\"seconds\":%.9f", run.count, run.seconds);
    if (workload == &held)
        printf(",\"clientMemory\":%ld,\"serverMemory\":%ld", run.client_memory, run.shared->server_memory);
    printf("}\n");
    return 0;
}
