/*
 * The Ethernet between the machines: sends each frame from one port of the hub to all others.
 *
 *   hub DIRECTORY PORTS
 *
 * Port N receives at the datagram socket DIRECTORY/hub.N, and sends to DIRECTORY/ethernet.N.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#define PORTS_MOST 8
#define FRAME_MOST 70000
#define PATIENCE_US 50000 /* for a machine that does not take its frames: then they are lost */

static struct sockaddr_un name(const char *directory, const char *what, int port) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s.%d", directory, what, port);
    return address;
}

int main(int argc, char **argv) {
    static char frame[FRAME_MOST];
    static struct sockaddr_un machines[PORTS_MOST];
    struct pollfd ports[PORTS_MOST];
    struct timeval patience = {0, PATIENCE_US};
    int count = argc == 3 ? atoi(argv[2]) : 0;
    if (count < 2 || count > PORTS_MOST)
        return 2;
    for (int i = 0; i < count; i++) {
        struct sockaddr_un own = name(argv[1], "hub", i + 1);
        machines[i] = name(argv[1], "ethernet", i + 1);
        ports[i] = (struct pollfd){.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), .events = POLLIN};
        setsockopt(ports[i].fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
        if (bind(ports[i].fd, (struct sockaddr *)&own, sizeof(own)) != 0) {
            perror(own.sun_path);
            return 1;
        }
    }
    printf("ready\n");
    fflush(stdout);
    while (poll(ports, (nfds_t)count, -1) >= 0) {
        for (int i = 0; i < count; i++) {
            ssize_t size = ports[i].revents & POLLIN ? recv(ports[i].fd, frame, sizeof(frame), MSG_DONTWAIT) : -1;
            for (int other = 0; size > 0 && other < count; other++)
                if (other != i) /* one that is not there gets nothing */
                    sendto(ports[i].fd, frame, (size_t)size, 0, (struct sockaddr *)&machines[other],
                           sizeof(machines[other]));
        }
    }
    return 1;
}
