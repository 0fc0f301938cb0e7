/* Waits in accept, three functions deep, for a debugger to look at. Arguments: a port. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

__attribute__((noinline)) static int waits_here(int fd) {
    int peer = accept(fd, NULL, NULL);
    __asm__ volatile("" ::: "memory");
    return peer + 1;
}

__attribute__((noinline)) static int called_by(int fd) {
    int peer = waits_here(fd);
    __asm__ volatile("" ::: "memory");
    return peer + 1;
}

int main(int count, char **arguments) {
    if (count < 2)
        return 1;
    alarm(60);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(arguments[1]))};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 1) < 0)
        return 2;
    return called_by(fd) > 0 ? 0 : 3;
}
