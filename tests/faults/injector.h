/* Runs a program under ptrace, and lets one system call of the library fail, or be the last one. */
#ifndef INJECTOR_H
#define INJECTOR_H

#include <stdbool.h>
#include <stddef.h>

#define KILLED (-1)

struct fault {
    unsigned at; /* which system call of the library, counted from 1; 0: none */
    int error;   /* the errno, or KILLED */
};

#define CALLS_MOST 2048

struct outcome {
    unsigned calls;              /* how many system calls the library made */
    short numbers[CALLS_MOST];   /* which ones */
    unsigned places[CALLS_MOST]; /* what tells where each was made: the same for the turns of a loop */
    int number;                  /* of the one that failed; -1: it was not reached */
    int status;                  /* as waitpid(2) gives it */
    char text[4096];             /* what the program wrote to its standard output and standard error */
};

/*
 * Runs `argv` with LD_PRELOAD as given, all of its children too. Calls whose instruction is in the file that
 * `library` names are counted, and those that it makes through libc's functions.
 */
struct outcome injected_run(char *const *argv, const char *preload, const char *library, struct fault fault);

/* The errnos that a system call may have, 0 at the end; none for one that never fails. */
const int *plausible_errors(int number);

/* True if a failure of this call may leave a file for the next bind to remove. */
bool may_leave_file(int number);

/* Its name, as far as it is in the table. */
const char *call_name(int number);

#endif
