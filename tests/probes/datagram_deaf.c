/*
 * Clients that ask a server and never read do not slow it down for the others. Rates with and without them are taken in
 * turn, so that what else the machine does is in both; the bound is wide, as tests share machines: without the
 * library's care it was none at all.
 */
#include "probe.h"

#include <sys/epoll.h>
#include <time.h>

#define OTHERS 100
#define DEAF 20
#define TURNS 6
#define TURN_MS 300
#define DEAF_ASK_MS 20
#define LOST_MS 200
#define REPLY 400

static long milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void answer(int fd, bool blocking) {
    char bytes[REPLY] = "";
    int set = CHECK(epoll_create1(0));
    struct epoll_event event = {.events = EPOLLIN};
    if (!blocking) {
        CHECK(fcntl(fd, F_SETFL, O_NONBLOCK));
        CHECK(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
    }
    for (;;) {
        address from = unwritten();
        ssize_t got = recvfrom(fd, bytes, sizeof bytes, 0, &from.any, &from.length);
        if (got < 0)
            epoll_wait(set, &event, 1, -1);
        else
            sendto(fd, bytes, sizeof bytes, 0, &from.any, from.length);
    }
}

struct client {
    int fd;
    long asked;
};

static void ask(struct client *client, const address *server) {
    sendto(client->fd, "?", 1, 0, &server->any, server->length);
    client->asked = milliseconds();
}

static void ask_again(struct client *clients, const address *server) {
    for (int i = 0; i < OTHERS; i++)
        if (milliseconds() - clients[i].asked > LOST_MS)
            ask(&clients[i], server);
}

/* How many answers the others get in one turn. */
static long turn(int set, struct client *clients, struct client *deaf, const address *server) {
    char bytes[REPLY];
    long answers = 0, begun = milliseconds(), deaf_asked = 0;
    while (milliseconds() - begun < TURN_MS) {
        struct epoll_event events[OTHERS];
        int count = CHECK(epoll_wait(set, events, OTHERS, 10));
        for (int i = 0; i < count; i++) {
            struct client *client = events[i].data.ptr;
            if (recv(client->fd, bytes, sizeof bytes, MSG_DONTWAIT) == REPLY)
                answers++;
            ask(client, server);
        }
        if (count == 0)
            ask_again(clients, server);
        if (deaf && milliseconds() - deaf_asked >= DEAF_ASK_MS) {
            for (int i = 0; i < DEAF; i++)
                ask(&deaf[i], server);
            deaf_asked = milliseconds();
        }
    }
    ask_again(clients, server);
    return answers;
}

static void serve(const char *story, bool blocking, bool prints_rates) {
    struct client clients[OTHERS], deaf[DEAF];
    int fd = bound("127.0.0.1", 0, SOCK_DGRAM), set = CHECK(epoll_create1(0));
    address server = name_of(fd);
    pid_t pid = fork_peer();
    if (pid == 0)
        answer(fd, blocking);
    CHECK(close(fd));
    for (int i = 0; i < OTHERS; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &clients[i]};
        clients[i].fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
        CHECK(epoll_ctl(set, EPOLL_CTL_ADD, clients[i].fd, &event));
        ask(&clients[i], &server);
    }
    for (int i = 0; i < DEAF; i++)
        deaf[i].fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    long without = 0, with = 0;
    for (int i = 0; i < TURNS; i++) {
        without += turn(set, clients, NULL, &server);
        with += turn(set, clients, deaf, &server);
    }
    fact(story, "served as well with deaf clients: %s", with * 4 > without ? "yes" : "no");
    if (prints_rates)
        fact(story, "%ld answers without, %ld with: %ld %%", without, with, with * 100 / without);
    kill(pid, SIGKILL);
    ended(pid);
    for (int i = 0; i < OTHERS; i++)
        close(clients[i].fd);
    for (int i = 0; i < DEAF; i++)
        close(deaf[i].fd);
    close(set);
}

int main(int count, char **arguments) {
    (void)arguments;
    probe_start();
    serve("a blocking server", true, count > 1);
    serve("an event-driven server", false, count > 1);
    return 0;
}
