/* Processes that start at once, and stale files. */
#include "workload.h"

#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Starts the program BENCH_PROGRAM `count` times. If a library is preloaded here, it is preloaded there, too. */
static void start_all(struct run *run) {
    char *program = getenv("BENCH_PROGRAM");
    char *arguments[] = {program, NULL};
    pid_t child;
    double start = now();
    for (long i = 0; i < run->count; i++)
        if (!program || posix_spawn(&child, program, NULL, NULL, arguments, environ) != 0)
            must(-1, "posix_spawn");
    for (long i = 0; i < run->count; i++)
        must(wait(NULL), "wait");
    run->seconds = now() - start;
}

const struct workload starts = {"starts", 0, NULL, start_all};

/* Leaves stale files: kills a process that has bound `count` datagram sockets to any ports. */
static void leave_files(struct run *run) {
    double start = now();
    if (must(fork(), "fork") == 0) {
        for (long i = 0; i < run->count; i++) {
            struct endpoint endpoint = run->endpoint;
            endpoint.type = SOCK_DGRAM;
            ((struct sockaddr_in *)&endpoint.address)->sin_port = 0;
            open_server(&endpoint);
        }
        raise(SIGKILL);
    }
    must(wait(NULL), "wait");
    run->seconds = now() - start;
}

const struct workload leavings = {"leavings", 0, NULL, leave_files};
