/*
 * Takes the lock of a directory as the library does, for tests of other processes that want it.
 *   lock_tool DIR hold    takes it, prints "held", and drops it when its standard input ends
 *   lock_tool DIR fork    takes it, forks a child that lives on, prints the child's pid, and waits to be killed
 *   lock_tool DIR try     prints whether it could be taken
 *   lock_tool DIR full    the same, with no descriptor left
 */
#include "files/directory.h"
#include "memory/process.h"
#include "rules/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct unsock_settings unsock_settings;

int main(int argc, char **argv) {
    struct unsock_lock lock;
    if (argc < 3)
        return 2;
    unsock_this_process_start();
    struct rlimit none = {3, 3};
    if (strcmp(argv[2], "full") == 0 && setrlimit(RLIMIT_NOFILE, &none) < 0)
        return 3;
    long result = unsock_lock_take_in(&lock, argv[1], strlen(argv[1]));
    if (strcmp(argv[2], "try") == 0 || strcmp(argv[2], "full") == 0)
        printf("%s\n", result == 0 ? "taken" : strerror((int)-result));
    if (strcmp(argv[2], "fork") == 0) {
        int child = fork();
        if (child == 0)
            for (;;)
                pause();
        printf("%d\n", child);
        fflush(stdout);
        for (;;)
            pause();
    }
    if (strcmp(argv[2], "hold") == 0) {
        printf("%s\n", result == 0 ? "held" : strerror((int)-result));
        fflush(stdout);
        while (getchar() != EOF)
            continue;
    }
    unsock_lock_drop(&lock);
    return 0;
}
