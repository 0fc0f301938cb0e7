/*
 * explore [-1] [-k | -e ERRNO] [-n MOST] [-s SEED] [-r SCHEDULE] DIRECTORY SCENARIO: runs two or three processes under
 * the library (LD_PRELOAD) and schedules them, stopping each at every system call: A runs k calls, B j calls, C i
 * calls, then A, B and C run to their ends, for all k, j and i. With -k A is killed after its k calls; with -e its next
 * call fails, if it changes the directory. A scenario is the processes' operations (operations.c), divided by "|";
 * operations before "/" run first. -n runs so many of the schedules, chosen by the seed; -r runs the one of a
 * finding ("12,7,3"). -1 sets UNSOCK_ONE_ADDRESS. Prints each finding, and then "N schedules, M findings".
 */
#include "explore.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHOWN_MOST 10
#define WAITS_MORE 12 /* calls that a process makes only where it meets another */

struct shared *shared;
char directory[90];
int hold[2];
bool two_users;
bool one_address;
int failure;

static const char *operations[PROCESSES_MOST];
static int count;
static bool kills;
static long schedules, findings;

/* Names that are left, the lock's file aside. */
static int list_names(char *text, size_t size) {
    DIR *names = opendir(directory);
    int left = 0;
    *text = 0;
    for (struct dirent *name; names && (name = readdir(names));) {
        if (strcmp(name->d_name, ".") == 0 || strcmp(name->d_name, "..") == 0 ||
            strcmp(name->d_name, ".unsock.lock") == 0)
            continue;
        left++;
        if (strlen(text) + strlen(name->d_name) + 2 < size)
            strcat(strcat(text, " "), name->d_name);
    }
    if (names)
        closedir(names);
    return left;
}

static void empty_directory(void) {
    DIR *names = opendir(directory);
    char path[512];
    for (struct dirent *name; names && (name = readdir(names));) {
        snprintf(path, sizeof path, "%s/%s", directory, name->d_name);
        unlink(path);
    }
    if (names)
        closedir(names);
}

/* In a child, which remembers nothing for the next schedule. */
static long in_child(long (*work)(const struct operation *), const struct operation *of) {
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit((int)-work(of));
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
}

static long bind_again(const struct operation *of) {
    return try_bind(of->where.text, of->kind == 'd');
}

static long prune_now(const struct operation *of) {
    (void)of;
    prune_all();
    return 0;
}

static bool has(char kind) {
    for (int i = 0; i < count; i++)
        for (const char *at = operations[i]; *at; at++)
            if (*at == kind && (at == operations[i] || at[-1] == ' '))
                return true;
    return false;
}

/* When all have ended: nobody who is gone keeps a port, and nothing is left. */
static const char *judge_rest(bool killed) {
    static char text[4096 + 64], names[4096];
    if (has('s') || has('S') || has('m'))
        return NULL;
    if (!killed && list_names(names, sizeof names) > 0) {
        snprintf(text, sizeof text, "stale:%s", names);
        return text;
    }
    for (int i = 0; i < shared->operations; i++)
        if (strchr("bnd", shared->operation[i].kind) && in_child(bind_again, &shared->operation[i]) != 0) {
            snprintf(text, sizeof text, "one that is gone keeps %s", shared->operation[i].where.text);
            return text;
        }
    in_child(prune_now, NULL);
    if (list_names(names, sizeof names) == 0)
        return NULL;
    snprintf(text, sizeof text, "prune leaves:%s", names);
    return text;
}

/* Its sockets are gone with it, unless a child has copies. */
static void note_death(int process) {
    for (int i = 0; i < shared->operations; i++) {
        struct operation *each = &shared->operation[i];
        if (each->process == process && each->kind == 'f')
            return;
    }
    for (int i = 0; i < shared->operations; i++) {
        struct operation *each = &shared->operation[i];
        if (each->process == process && each->leaves == FOREVER)
            each->leaves = shared->now;
        if (each->process == process && each->gone == FOREVER)
            each->gone = shared->now;
    }
}

/* A child of it has copies of what was bound before. */
static void note_copies(void) {
    for (int i = 0; i < shared->operations; i++)
        for (int j = 0; shared->operation[i].kind == 'f' && j < i; j++)
            if (shared->operation[j].process == shared->operation[i].process &&
                shared->operation[j].gone >= shared->operation[i].began)
                shared->operation[j].leaves = shared->operation[j].gone = FOREVER;
}

static const char *end_all(struct process *processes, bool killed) {
    const char *wrong = NULL;
    for (int i = 0; i < count; i++)
        if (end_process(&processes[i]) > 0)
            wrong = "a process ended by a signal, or with an error";
    close(hold[1]);
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR) {
    }
    return wrong ? wrong : judge_rest(killed);
}

static const char *run_one(const int *calls) {
    struct process processes[PROCESSES_MOST];
    bool killed = kills || failure != 0;
    if (pipe2(hold, 0) < 0)
        exit(2);
    memset(shared, 0, sizeof *shared);
    empty_directory();
    for (int i = 0; i < count; i++) {
        start_process(&processes[i], i, operations[i]);
        if (processes[i].gone) {
            killed = true;
            note_death(i);
        }
    }
    close(hold[0]);
    for (int i = 0; i < count; i++) {
        let_go(&processes[i], calls[i]);
        if (kills && i == 0) {
            kill_process(&processes[0]);
            note_death(0);
        } else if (failure != 0 && i == 0) {
            fail_call(&processes[0]);
        }
    }
    const char *wrong = let_all_end(processes, count) ? NULL : "it comes to no end";
    note_copies();
    if (!wrong)
        wrong = judge_living(killed);
    shared->now++;
    const char *rest = end_all(processes, killed);
    if (!wrong)
        wrong = judge(killed);
    return wrong ? wrong : rest;
}

static void check(const int *calls) {
    const char *wrong = run_one(calls);
    schedules++;
    if (wrong && findings++ < SHOWN_MOST) {
        printf("%d", calls[0]);
        for (int i = 1; i < count; i++)
            printf(",%d", calls[i]);
        printf(": %s\n", wrong);
        fflush(stdout);
    }
}

/* How many calls each makes alone, behind those before it. */
static void measure(int *most) {
    struct process processes[PROCESSES_MOST];
    if (pipe2(hold, 0) < 0)
        exit(2);
    memset(shared, 0, sizeof *shared);
    empty_directory();
    for (int i = 0; i < count; i++)
        start_process(&processes[i], i, operations[i]);
    close(hold[0]);
    for (int i = 0; i < count; i++) {
        let_all_end(&processes[i], 1);
        most[i] = processes[i].calls + (i > 0 ? WAITS_MORE : 0);
    }
    end_all(processes, true);
}

static uint64_t next_random(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

static void run_all(const int *most, long chosen, uint64_t seed) {
    long all = 1;
    for (int i = 0; i < count; i++)
        all *= most[i] + 1;
    for (long n = 0, took = 0; n < all && (chosen == 0 || took < chosen); n++) {
        /* Each of those that are left has the same chance. */
        if (chosen > 0 && (long)(next_random(&seed) % (uint64_t)(all - n)) >= chosen - took)
            continue;
        int calls[PROCESSES_MOST];
        long rest = n;
        took++;
        for (int i = count - 1; i >= 0; i--) {
            calls[i] = (int)(rest % (most[i] + 1));
            rest /= most[i] + 1;
        }
        check(calls);
    }
}

static void read_scenario(char *text) {
    for (char *part = strtok(text, "|"); part && count < PROCESSES_MOST; part = strtok(NULL, "|"))
        operations[count++] = part;
}

int main(int argc, char **argv) {
    long chosen = 0;
    uint64_t seed = 1;
    int most[PROCESSES_MOST] = {0}, again[PROCESSES_MOST];
    const char *schedule = NULL;
    for (int option; (option = getopt(argc, argv, "1ke:n:s:r:")) != -1;)
        switch (option) {
        case '1':
            one_address = true;
            break;
        case 'k':
            kills = true;
            break;
        case 'e':
            failure = atoi(optarg);
            break;
        case 'n':
            chosen = atol(optarg);
            break;
        case 's':
            seed = strtoull(optarg, NULL, 10);
            break;
        case 'r':
            schedule = optarg;
            break;
        default:
            return 2;
        }
    if (optind + 2 != argc)
        return 2;
    snprintf(directory, sizeof directory, "%s", argv[optind]);
    read_scenario(argv[optind + 1]);
    two_users = has('U');
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    if (schedule && sscanf(schedule, "%d,%d,%d", &again[0], &again[1], &again[2]) == count)
        check(again);
    else if (!schedule) {
        measure(most);
        run_all(most, chosen, seed);
    }
    printf("%ld schedules, %ld findings\n", schedules, findings);
    return findings > 0;
}
