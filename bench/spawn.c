/*
 * Usage: spawn [-c] ROUNDS ++ [NAME=VALUE...] COMMAND [ARG...] [++ ...]
 *
 * Runs each command once a round, one after the other, so that other load affects all commands alike. Prints an array
 * for each round: the nanoseconds from each command's start to its end. With -c: the processor time of the command and
 * of the children that it waited for.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#define COMMANDS 16
#define VARIABLES 512

extern char **environ;

struct command {
    char *environment[VARIABLES];
    char **argv;
};

static void fail(const char *what, int error) {
    fprintf(stderr, "spawn: %s: %s\n", what, strerror(error));
    exit(1);
}

/* Reads a command's words. Its environment is that of this program and the variables before the command. */
static void read_command(struct command *command, char **words) {
    size_t count = 0;
    for (char **variable = environ; *variable && count < VARIABLES / 2; variable++)
        command->environment[count++] = *variable;
    for (; *words && strchr(*words, '=') && count < VARIABLES - 1; words++)
        command->environment[count++] = *words;
    command->argv = words;
    if (!*words)
        fail("no command", EINVAL);
}

static int counts_processor_time;

static long long nanoseconds(struct timeval time) {
    return time.tv_sec * 1000000000LL + time.tv_usec * 1000LL;
}

static long long run(const struct command *command, posix_spawn_file_actions_t *quiet) {
    struct timespec start, end;
    pid_t child;
    int status;
    clock_gettime(CLOCK_MONOTONIC, &start);
    int error = posix_spawnp(&child, command->argv[0], quiet, NULL, command->argv, (char **)command->environment);
    if (error != 0)
        fail(command->argv[0], error);
    struct rusage used;
    while (wait4(child, &status, 0, &used) < 0)
        if (errno != EINTR)
            fail("waitpid", errno);
    clock_gettime(CLOCK_MONOTONIC, &end);
    if (status != 0) {
        fprintf(stderr, "spawn: %s: status %d\n", command->argv[0], status);
        exit(1);
    }
    if (counts_processor_time)
        return nanoseconds(used.ru_utime) + nanoseconds(used.ru_stime);
    return (end.tv_sec - start.tv_sec) * 1000000000LL + end.tv_nsec - start.tv_nsec;
}

int main(int argc, char **argv) {
    static struct command commands[COMMANDS];
    posix_spawn_file_actions_t quiet;
    int count = 0;
    if (argc > 1 && strcmp(argv[1], "-c") == 0) {
        counts_processor_time = 1;
        argv++;
        argc--;
    }
    if (argc < 4)
        fail("usage: spawn [-c] ROUNDS ++ COMMAND [++ COMMAND]", EINVAL);
    long rounds = atol(argv[1]);
    for (int i = 2; i < argc; i++)
        if (strcmp(argv[i], "++") == 0 && count < COMMANDS)
            argv[i] = NULL;
    for (int i = 2; i < argc; i++)
        if (!argv[i] && count < COMMANDS)
            read_command(&commands[count++], &argv[i + 1]);
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    for (int i = 0; i < count; i++)
        run(&commands[i], &quiet);
    printf("[");
    for (long round = 0; round < rounds; round++) {
        printf("%s[", round == 0 ? "" : ",");
        for (int i = 0; i < count; i++)
            printf("%s%lld", i == 0 ? "" : ",", run(&commands[i], &quiet));
        printf("]");
    }
    printf("]\n");
    return 0;
}
