/*
 * Executes a program with little memory many times, and prints how often it began. Arguments: "stack" or "data", the
 * limit in bytes, the length of a variable of the environment, and the program, which prints "begun".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMES 20

static void execute(char **arguments) {
    struct rlimit limit = {strtoul(arguments[2], NULL, 10), strtoul(arguments[2], NULL, 10)};
    size_t length = strtoul(arguments[3], NULL, 10);
    char *value = malloc(length + 1);
    if (value == NULL)
        _exit(2);
    memset(value, 'x', length);
    value[length] = '\0';
    setenv("LONG", value, 1);
    if (setrlimit(strcmp(arguments[1], "stack") == 0 ? RLIMIT_STACK : RLIMIT_DATA, &limit) == 0)
        execv(arguments[4], arguments + 4);
    perror(arguments[4]);
    _exit(3);
}

int main(int count, char **arguments) {
    int begun = 0, status;
    if (count < 5) {
        puts("begun");
        return 0;
    }
    for (int i = 0; i < TIMES; i++) {
        if (fork() == 0)
            execute(arguments);
        begun += wait(&status) > 0 && status == 0;
    }
    fprintf(stderr, "%d of %d\n", begun, TIMES);
    return 0;
}
