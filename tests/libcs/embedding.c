/*
 * A program that loads the library without LD_PRELOAD: linked, or opened by dlopen. Prints whether the process has
 * gained privileges (AT_SECURE), and whether a TCP socket bound to 127.0.0.1 is one of the real network.
 */
#include "../support/past_libc.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc > 1 && dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL) == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 2;
    }
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        perror("bind");
        return 2;
    }
    struct sockaddr_storage real;
    socklen_t length = sizeof real;
    PAST_LIBC(getsockname, fd, &real, &length);
    printf("secure: %s, socket: %s\n", getauxval(AT_SECURE) ? "yes" : "no",
           real.ss_family == AF_UNIX ? "unix" : "inet");
    return 0;
}
