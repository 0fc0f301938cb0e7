/*
 * A program that opens a library, and that library (built with -DOPENED): it binds a TCP socket to 127.0.0.1 and prints
 * whether it is one of the real network. The first argument is the way to open, the second the library's name.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef OPENED
const char *where(void);
const char *where(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0)
        return "not bound";
    char file[200];
    socklen_t length = sizeof address;
    getsockname(fd, (struct sockaddr *)&address, &length);
    snprintf(file, sizeof file, "%s/%d.sock", getenv("UNSOCK_DIR"), ntohs(address.sin_port));
    const char *found = access(file, F_OK) == 0 ? "redirected" : "on the network";
    close(fd);
    return found;
}
#else
int main(int argc, char **argv) {
    if (argc < 3)
        return 2;
    void *library = strcmp(argv[1], "dlmopen") == 0
                        ? dlmopen(LM_ID_NEWLM, argv[2], RTLD_NOW)
                        : dlopen(argv[2], RTLD_NOW | (strcmp(argv[1], "deepbind") == 0 ? RTLD_DEEPBIND : 0));
    const char *(*where)(void) = library ? (const char *(*)(void))dlsym(library, "where") : NULL;
    puts(where ? where() : dlerror());
    return 0;
}
#endif
