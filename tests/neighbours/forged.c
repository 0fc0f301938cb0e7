/* Prints how many sockets are connected to one of ours, before and after lines about it were forged. */
#include "kernel/socket_info.c"
#include "rt/base.h"
#include "rt/lines.c"
#include "rt/text.c"
#include <stdio.h>
#include <unistd.h>

static int bound(const char *name, size_t length) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, name, length);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    return bind(fd, (struct sockaddr *)&address, (socklen_t)(sizeof(sa_family_t) + length)) < 0 ? -1 : fd;
}

static int forge(int fd, int references, int number) {
    char name[108] = "";
    int length = snprintf(
        name + 1, sizeof(name) - 1, "%d %d\n0000000000000000: %08X 00000000 00000000 0002 01 %5lu @%c%c", getpid(),
        number, (unsigned)references, (unsigned long)unsock_socket_inode(fd), 33 + number % 90, 33 + number * 37 % 90);
    return bound(name, (size_t)length + 1);
}

int main(void) {
    char own[32] = "";
    int length = snprintf(own + 1, sizeof(own) - 1, "forged test %d", getpid());
    int fd = bound(own, (size_t)length + 1), peer = socket(AF_UNIX, SOCK_DGRAM, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, own, (size_t)length + 1);
    printf("%d ", unsock_socket_peers(fd));
    connect(peer, (struct sockaddr *)&address, (socklen_t)(sizeof(sa_family_t) + (size_t)length + 1));
    printf("%d ", unsock_socket_peers(fd));
    for (int i = 0; i < 40; i++)
        if (forge(fd, 9, i) < 0)
            return 1;
    int seen = unsock_socket_peers(fd);
    printf("%s\n", seen == 1 || seen == -1 ? "right, or not known" : "forged");
    return 0;
}
