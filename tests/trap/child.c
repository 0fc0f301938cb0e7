/* Listens on the loopback port of its second argument, and prints whether the directory of the first has a socket file
 * for it. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

extern char **environ;

int main(int count, char **arguments) {
    char file[4096];
    if (count < 3)
        return 1;
    alarm(60);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(arguments[2]))};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 1) < 0) {
        perror("child");
        return 2;
    }
    snprintf(file, sizeof file, "%s/%s.sock", arguments[1], arguments[2]);
    int preloads = 0, own = 0;
    for (char **at_variable = environ; *at_variable; at_variable++) {
        preloads += strncmp(*at_variable, "LD_PRELOAD=", 11) == 0;
        own += strncmp(*at_variable, "UNSOCK_LOAD", 11) == 0;
    }
    printf("%s %d %d %s\n", access(file, F_OK) == 0 ? "redirected" : "on the network", preloads, own,
           count > 3 ? arguments[3] : "-");
    return 0;
}
