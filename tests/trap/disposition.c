/* Prints the disposition of SIGSYS in this program. With arguments: sets it first, and executes the rest. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int count, char **arguments) {
    struct sigaction now;
    if (count > 2) {
        if (strcmp(arguments[1], "ignore") == 0)
            signal(SIGSYS, SIG_IGN);
        if (strcmp(arguments[1], "default") == 0)
            signal(SIGSYS, SIG_DFL);
        if (strcmp(arguments[1], "ignore in a child of vfork") == 0) {
            pid_t child = vfork();
            if (child == 0) {
                signal(SIGSYS, SIG_IGN);
                execv(arguments[2], arguments + 2);
                _exit(1);
            }
            return child > 0 && waitpid(child, NULL, 0) == child ? 0 : 1;
        }
        execv(arguments[2], arguments + 2);
        perror(arguments[2]);
        return 1;
    }
    if (sigaction(SIGSYS, NULL, &now) != 0)
        return 1;
    puts(now.sa_handler == SIG_IGN ? "ignored" : now.sa_handler == SIG_DFL ? "default" : "handled");
    return 0;
}
