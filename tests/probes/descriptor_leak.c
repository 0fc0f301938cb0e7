/* Thousands of connections, successful and failed, leak no descriptor, and each peer sees the close. */
#include "probe.h"

#include <dirent.h>
#include <sys/epoll.h>

#define ROUNDS 2000

static int open_descriptors(void) {
    DIR *directory = opendir("/proc/self/fd");
    if (directory == NULL)
        die("opendir");
    int count = 0;
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

int main(void) {
    probe_start();
    int server = listening("127.0.0.1", 0), port = own_port(server), nobody = free_port(SOCK_STREAM);
    int receiver = bound("127.0.0.1", 0, SOCK_DGRAM), set = CHECK(epoll_create1(0));
    address to = name_of(receiver);
    int before = open_descriptors(), ends = 0, refused = 0, taken = 0, datagrams = 0, replies = 0;
    for (int i = 0; i < ROUNDS; i++) {
        int client = CHECK(socket(AF_INET, SOCK_STREAM, 0));
        struct epoll_event event = {.events = EPOLLIN};
        if (i % 2 == 0)
            CHECK(epoll_ctl(set, EPOLL_CTL_ADD, client, &event));
        /* Every fourth client is refused first and then connects with the same descriptor. */
        if (i % 4 == 0 && connect_to(client, "127.0.0.1", nobody) < 0)
            refused++;
        CHECK(connect_to(client, "127.0.0.1", port));
        int peer = CHECK(accept(server, NULL, NULL));
        char byte;
        CHECK(close(client));
        if (read(peer, &byte, 1) == 0)
            ends++;
        CHECK(close(peer));
        if (i % 4 != 0)
            continue;
        int fd = CHECK(socket(AF_INET, SOCK_STREAM, 0));
        address at = ip("127.0.0.1", port);
        if (bind(fd, &at.any, at.length) < 0)
            taken++;
        CHECK(close(fd));
        fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
        address from = unwritten();
        if (sendto(fd, "x", 1, 0, &to.any, to.length) == 1)
            datagrams++;
        CHECK(recvfrom(receiver, &byte, 1, 0, &from.any, &from.length));
        CHECK(sendto(receiver, "y", 1, 0, &from.any, from.length));
        if (recv(fd, &byte, 1, 0) == 1)
            replies++;
        CHECK(close(fd));
    }
    fact("descriptors more than before", "%d", open_descriptors() - before);
    fact("peers that saw the close", "%d", ends);
    fact("refused", "%d", refused);
    fact("taken", "%d", taken);
    fact("datagrams and replies", "%d %d", datagrams, replies);
    return 0;
}
