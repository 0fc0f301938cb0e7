/* Prints the disposition of SIGSYS in this program. With more than one argument, executes all but the first. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(int count, char **arguments) {
    struct sigaction now;
    if (count > 2) {
        execv(arguments[2], arguments + 2);
        perror(arguments[2]);
        return 1;
    }
    if (sigaction(SIGSYS, NULL, &now) != 0)
        return 1;
    puts(now.sa_handler == SIG_DFL ? "default" : "other");
    return 0;
}
