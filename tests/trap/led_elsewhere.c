/*
 * A TCP client that a control file connects to a Unix server, which closes at once. Arguments: the server's path, the
 * port. Prints the results of poll, read and two writes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int count, char **arguments) {
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (count < 3)
        return 1;
    alarm(60);
    signal(SIGPIPE, SIG_IGN);
    snprintf(path.sun_path, sizeof path.sun_path, "%s", arguments[1]);
    at.sin_port = htons((unsigned short)atoi(arguments[2]));
    int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(server, (struct sockaddr *)&path, sizeof path) < 0 || listen(server, 1) < 0)
        return 2;
    if (connect(client, (struct sockaddr *)&at, sizeof at) < 0)
        return 3;
    close(accept(server, NULL, NULL));
    struct pollfd wait = {client, POLLIN, 0};
    char byte = 0;
    int ready = poll(&wait, 1, -1);
    long got = read(client, &byte, 1), first = write(client, &byte, 1), second = write(client, &byte, 1);
    printf("poll %d: %d, read %ld, write %ld, write %ld: %d\n", ready, wait.revents, got, first, second, errno);
    return 0;
}
