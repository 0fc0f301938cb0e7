/*
 * injector [-a] [-s STRIDE] [-o OFFSET] [-p PRELOAD] LIBRARY TOUR [SCENARIO…]: runs each scenario of the tour (all of
 * them, where none is named) with every system call of the library failing once with each plausible errno, and with the
 * process killed there; the directory, UNSOCK_DIR, has a guard. In a loop only calls of the first turns fail; with -a
 * those of all turns. With a stride, only each STRIDE-th of these runs, from OFFSET on. Each finding is printed on
 * a line, then a line "N runs, M findings"; the exit status is not 0 if there were findings.
 *
 * injector -n N -e ERRNO LIBRARY PROGRAM [ARG…]: runs a program once, with the N-th call failing; errno -1 kills it.
 */
#define _GNU_SOURCE
#include "injector.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SCENARIOS_MOST 64
#define TURNS 2 /* of a loop */

static const char *library, *preload;
static char *tour;
static bool all_turns;
static unsigned stride = 1, offset, combinations, runs, findings;

static _Noreturn void fail(const char *what) {
    fprintf(stderr, "injector: %s: %s\n", what, strerror(errno));
    exit(2);
}

/* A process under the library that is asked by a line, and answers with lines up to ".". */
struct helper {
    FILE *ask, *answer;
};

static struct helper start_helper(const char *role) {
    int to[2], from[2];
    if (pipe2(to, O_CLOEXEC) < 0 || pipe2(from, O_CLOEXEC) < 0)
        fail("pipe");
    pid_t pid = fork();
    if (pid < 0)
        fail("fork");
    if (pid == 0) {
        /* No child of the injector, which waits for all that it has. */
        if (fork() != 0)
            _exit(0);
        setpgid(0, 0);
        dup2(to[0], STDIN_FILENO);
        dup2(from[1], STDOUT_FILENO);
        setenv("LD_PRELOAD", preload, 1);
        execl(tour, tour, role, (char *)NULL);
        _exit(126);
    }
    waitpid(pid, NULL, 0);
    close(to[0]);
    close(from[1]);
    return (struct helper){fdopen(to[1], "w"), fdopen(from[0], "r")};
}

static void report(const char *scenario, struct fault fault, const struct outcome *outcome, const char *text) {
    char what[32];
    snprintf(what, sizeof what, "%s", fault.error == KILLED ? "killed" : strerrorname_np(fault.error));
    findings++;
    printf("%s: call %u, %s, %s: %.*s\n", scenario, fault.at, call_name(outcome->number), what,
           (int)strcspn(text, "\n"), text);
    fflush(stdout);
}

static void hear(struct helper *helper, const char *scenario, struct fault fault, const struct outcome *outcome) {
    char line[1024];
    while (fgets(line, sizeof line, helper->answer)) {
        if (strcmp(line, ".\n") == 0)
            return;
        report(scenario, fault, outcome, line);
        /* All that follows would be about its loss. */
        if (strncmp(line, "the guard", 9) == 0)
            fail("the guard was lost");
    }
    fail("the guard or the checker has ended");
}

/* Before main it may refuse, with one line, also in a program that the tour starts: that is no finding. */
static bool was_refused(const struct outcome *outcome) {
    const char *end = strchr(outcome->text, '\n');
    return WIFEXITED(outcome->status) && WEXITSTATUS(outcome->status) <= 1 &&
           strncmp(outcome->text, "unsock: ", 8) == 0 && end && end[1] == '\0';
}

static void judge(const char *scenario, struct fault fault, const struct outcome *outcome) {
    char text[64];
    int status = outcome->status;
    if (was_refused(outcome))
        return;
    for (const char *line = outcome->text; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n')
        report(scenario, fault, outcome, line);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        report(scenario, fault, outcome, "it hangs");
    else if (WIFSIGNALED(status) && !(fault.error == KILLED && WTERMSIG(status) == SIGKILL)) {
        snprintf(text, sizeof text, "ended by %s", sigabbrev_np(WTERMSIG(status)));
        report(scenario, fault, outcome, text);
    } else if (WIFEXITED(status) && WEXITSTATUS(status) != 0 && outcome->text[0] == '\0') {
        snprintf(text, sizeof text, "exit status %d", WEXITSTATUS(status));
        report(scenario, fault, outcome, text);
    }
}

static struct outcome run_one(char *scenario, struct fault fault, struct helper *checker) {
    struct outcome outcome = injected_run((char *[]){tour, scenario, NULL}, preload, library, fault);
    runs++;
    judge(scenario, fault, &outcome);
    /* A killed process cannot remove its files. */
    fprintf(checker->ask, fault.error == KILLED || may_leave_file(outcome.number) ? "after\n" : "clean\n");
    fflush(checker->ask);
    hear(checker, scenario, fault, &outcome);
    return outcome;
}

/* Runs one fault, if the stride selects it. */
static void try(char *scenario, struct fault fault, struct helper *checker) {
    if (combinations++ % stride == offset)
        run_one(scenario, fault, checker);
}

/* Waiting for something is a loop of the same calls: the first turns are as good as all. */
static bool is_new(const struct outcome *calls, unsigned at) {
    unsigned turns = 0;
    for (unsigned i = 0; i < at - 1; i++)
        turns += calls->places[i] == calls->places[at - 1];
    return all_turns || turns < TURNS;
}

static void run_scenario(char *scenario, struct helper *checker) {
    struct outcome calls = run_one(scenario, (struct fault){0, 0}, checker);
    if (calls.calls == 0 || calls.calls > CALLS_MOST)
        fail("the library's system calls were not seen");
    for (unsigned at = 1; at <= calls.calls; at++) {
        if (!is_new(&calls, at))
            continue;
        for (const int *error = plausible_errors(calls.numbers[at - 1]); *error != 0; error++)
            try(scenario, (struct fault){at, *error}, checker);
        try(scenario, (struct fault){at, KILLED}, checker);
    }
}

/* The scenarios that the tour lists, one a line. */
static int list_scenarios(char **names) {
    static char text[4096];
    struct outcome listed = injected_run((char *[]){tour, "list", NULL}, preload, library, (struct fault){0, 0});
    int count = 0;
    memcpy(text, listed.text, sizeof text);
    for (char *name = strtok(text, "\n"); name && count < SCENARIOS_MOST; name = strtok(NULL, "\n"))
        names[count++] = name;
    return count;
}

static int run_tour(char **names, int count) {
    char *all[SCENARIOS_MOST];
    struct helper guard = start_helper("guard");
    hear(&guard, "guard", (struct fault){0, 0}, &(struct outcome){0});
    struct helper checker = start_helper("check");
    if (count == 0)
        count = list_scenarios(names = all);
    for (int i = 0; i < count; i++) {
        unsigned before = runs;
        run_scenario(names[i], &checker);
        fprintf(stderr, "%s: %u runs\n", names[i], runs - before);
    }
    printf("%u runs, %u findings\n", runs, findings);
    return findings == 0 ? 0 : 1;
}

int main(int argc, char **argv) {
    struct fault once = {0, 0};
    for (int option; (option = getopt(argc, argv, "+as:o:n:e:p:")) >= 0;) {
        if (option == 'a')
            all_turns = true;
        else if (option == 's')
            stride = (unsigned)atoi(optarg);
        else if (option == 'o')
            offset = (unsigned)atoi(optarg);
        else if (option == 'n')
            once.at = (unsigned)atoi(optarg);
        else if (option == 'p')
            preload = optarg;
        else if (option == 'e')
            once.error = atoi(optarg);
        else
            return 2;
    }
    if (argc - optind < 2 || stride == 0 || offset >= stride)
        return 2;
    library = argv[optind];
    preload = preload ? preload : library;
    tour = argv[optind + 1];
    if (once.at == 0)
        return run_tour(argv + optind + 2, argc - optind - 2);
    struct outcome outcome = injected_run(argv + optind + 1, preload, library, once);
    printf("%s%s\n", outcome.text, outcome.number < 0 ? "the call was not reached" : call_name(outcome.number));
    return WIFEXITED(outcome.status) ? WEXITSTATUS(outcome.status) : 128 + WTERMSIG(outcome.status);
}
