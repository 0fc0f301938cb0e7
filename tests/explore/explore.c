/*
 * explore [-1] [-w TURNS] [-k KILLS | -e ERRNO] [-n MOST] [-s SEED] [-r SCHEDULE] DIRECTORY SCENARIO: runs two to four
 * processes under the library (LD_PRELOAD) and schedules them, stopping each at every system call: A runs k calls, B j
 * calls, C i calls, then A, B and C run to their ends, for all k, j and i. -w takes random walks instead: up to so many
 * turns, each of any process for any number of calls. With -k 1 A is killed after its k calls, in a walk up to KILLS
 * processes; with -e A's next call fails, if it changes the directory. A scenario is the processes' operations
 * (operations.c), divided by "|"; operations before "/" run first. -n runs so many of the schedules, chosen by the
 * seed; -r runs the one of a finding ("A12!B7C3": A is killed after 12 calls; "A12?": its next call fails). -1 sets
 * UNSOCK_ONE_ADDRESS. Prints each finding, and then "N schedules, M findings".
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
#define TURNS_MOST 16
#define OF_ANY 1000

/* A process goes on for so many calls; then it is killed (!), or its next call fails (?). */
struct turn {
    int process, calls;
    char end;
};
struct schedule {
    struct turn turns[TURNS_MOST];
    int count;
};

struct shared *shared;
char directory[90];
int hold[2];
bool two_users;
bool one_address;
int failure;

static const char *operations[PROCESSES_MOST];
static int count;
static int kills, turns_most;
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
    shared->killed[process] = true;
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

static void take_turn(struct process *processes, const struct turn *turn) {
    struct process *process = &processes[turn->process];
    let_go(process, turn->calls);
    if (turn->end == '!' && !process->gone) {
        kill_process(process);
        note_death(turn->process);
    } else if (turn->end == '?') {
        fail_call(process);
    }
}

static const char *run_one(const struct schedule *schedule) {
    struct process processes[PROCESSES_MOST];
    bool killed = kills > 0 || failure != 0;
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
    for (int i = 0; i < schedule->count; i++)
        take_turn(processes, &schedule->turns[i]);
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

static void check(const struct schedule *schedule) {
    const char *wrong = run_one(schedule);
    schedules++;
    if (!wrong || findings++ >= SHOWN_MOST)
        return;
    for (int i = 0; i < schedule->count; i++) {
        const struct turn *turn = &schedule->turns[i];
        printf("%c%d%.1s", 'A' + turn->process, turn->calls, &turn->end);
    }
    printf(": %s\n", wrong);
    fflush(stdout);
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
        struct schedule schedule = {.count = count};
        long rest = n;
        took++;
        for (int i = count - 1; i >= 0; i--) {
            schedule.turns[i] = (struct turn){i, (int)(rest % (most[i] + 1)), 0};
            rest /= most[i] + 1;
        }
        schedule.turns[0].end = kills ? '!' : failure ? '?' : 0;
        check(&schedule);
    }
}

static int below(int most, uint64_t *seed) {
    return (int)(next_random(seed) % (uint64_t)most);
}

/* Long turns and short ones: a step is often met only by one call at a time. */
static void walk(const int *most, long chosen, uint64_t seed) {
    for (long n = 0; n < chosen; n++) {
        struct schedule schedule = {.count = 1 + below(turns_most, &seed)};
        int left = kills, failing = failure != 0;
        for (int i = 0; i < schedule.count; i++) {
            struct turn *turn = &schedule.turns[i];
            turn->process = below(count, &seed);
            turn->calls = below(1 + below(most[turn->process] + 1, &seed), &seed);
            bool ends = below(OF_ANY, &seed) < OF_ANY * 2 / schedule.count;
            if (ends && left > 0)
                turn->end = '!', left--;
            else if (ends && failing && turn->process == 0)
                turn->end = '?', failing = 0;
        }
        check(&schedule);
    }
}

/* "A12!B7C3" */
static bool read_schedule(const char *text, struct schedule *schedule) {
    schedule->count = 0;
    while (*text && schedule->count < TURNS_MOST) {
        struct turn *turn = &schedule->turns[schedule->count++];
        char *end;
        turn->process = *text - 'A';
        turn->calls = (int)strtol(text + 1, &end, 10);
        turn->end = *end == '!' || *end == '?' ? *end++ : 0;
        if (turn->process < 0 || turn->process >= count || end == text + 1)
            return false;
        text = end;
    }
    return *text == 0;
}

static void read_scenario(char *text) {
    for (char *part = strtok(text, "|"); part && count < PROCESSES_MOST; part = strtok(NULL, "|"))
        operations[count++] = part;
}

int main(int argc, char **argv) {
    long chosen = 0;
    uint64_t seed = 1;
    int most[PROCESSES_MOST] = {0};
    const char *again = NULL;
    struct schedule schedule;
    for (int option; (option = getopt(argc, argv, "1k:w:e:n:s:r:")) != -1;)
        switch (option) {
        case '1':
            one_address = true;
            break;
        case 'k':
            kills = atoi(optarg);
            break;
        case 'w':
            turns_most = atoi(optarg);
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
            again = optarg;
            break;
        default:
            return 2;
        }
    if (optind + 2 != argc || turns_most > TURNS_MOST || (turns_most > 0 && chosen == 0))
        return 2;
    snprintf(directory, sizeof directory, "%s", argv[optind]);
    read_scenario(argv[optind + 1]);
    two_users = has('U');
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    if (again && !read_schedule(again, &schedule))
        return 2;
    if (!again)
        measure(most);
    if (again)
        check(&schedule);
    else if (turns_most > 0)
        walk(most, chosen, seed);
    else
        run_all(most, chosen, seed);
    printf("%ld schedules, %ld findings\n", schedules, findings);
    return findings > 0;
}
