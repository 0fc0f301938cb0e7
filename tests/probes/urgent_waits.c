/* Urgent data, and waiting threads: SIGURG is delivered, and a thread that waits for ordinary data is not woken. */
#include "urgent.h"

#include <pthread.h>
#include <signal.h>

static bool waits = true; /* poll and epoll are intercepted */
static volatile sig_atomic_t signals;

static void count_signal(int number) {
    (void)number;
    signals = signals + 1;
}

static void signalled(void) {
    struct sigaction action = {.sa_handler = count_signal};
    CHECK(sigaction(SIGURG, &action, NULL));
    begin("SIGURG", false);
    CHECK(fcntl(receiver, F_SETOWN, getpid()));
    put("!", MSG_OOB);
    tell_number("signals", signals);
    get(1, MSG_OOB);
    if (waits)
        tell_number("poll when it was taken", ready(receiver, POLLIN, 0));
    put("x", 0);
    if (waits)
        tell_number("poll then", ready(receiver, POLLIN, 0));
    tell_number("signals", signals);
    end();
}

/* Sends an urgent byte, and a while after it one that can be read. */
static void *sends(void *unused) {
    struct timespec while_waiting = {0, 100000000};
    nanosleep(&while_waiting, NULL);
    put("!", MSG_OOB);
    nanosleep(&while_waiting, NULL);
    put("d", 0);
    return unused;
}

enum way { READ, POLL, HEAP, LEVEL, EDGE, ONE_SHOT, TWICE, WAYS };
static const char *const way_names[WAYS] = {"read",          "poll",       "ppoll",      "epoll",
                                            "epoll by edge", "epoll once", "epoll twice"};

/* A thread that waits for the stream is not woken by the urgent byte. */
static void waited(enum way way) {
    static const unsigned how[] = {[LEVEL] = 0, [EDGE] = EPOLLET, [ONE_SHOT] = EPOLLONESHOT, [TWICE] = 0};
    char name[64], bytes[8] = "";
    struct pollfd heap = {0}, *set = way == HEAP ? malloc(sizeof heap) : &heap;
    struct timespec limit = {5, 0};
    pthread_t thread;
    snprintf(name, sizeof name, "waited by %s", way_names[way]);
    begin(name, false);
    int sets = way >= LEVEL ? new_set(EPOLLIN | how[way]) : -1;
    CHECK(pthread_create(&thread, NULL, sends, NULL));
    if (way == POLL)
        tell_number("came", ready(receiver, POLLIN, 5000));
    if (way == HEAP) {
        *set = (struct pollfd){.fd = receiver, .events = POLLIN};
        CHECK(ppoll(set, 1, &limit, NULL));
        tell_number("came", set->revents);
        free(set);
    }
    if (way >= LEVEL)
        tell_number("came", event_of(sets, 5000));
    if (way > READ)
        tell("there was something", recv(receiver, bytes, 1, MSG_PEEK | MSG_DONTWAIT) == 1 ? "yes" : "no");
    /* By level until all is read. */
    if (way >= LEVEL)
        tell_number("again", event_of(sets, 0));
    CHECK(read(receiver, bytes, sizeof bytes));
    tell("read", bytes);
    pthread_join(thread, NULL);
    if (way >= LEVEL)
        tell_number("then", event_of(sets, 0));
    if (way == TWICE) {
        put("!", MSG_OOB);
        tell_number("an urgent one", event_of(sets, 0));
        get(1, MSG_OOB);
        put("ef", 0);
        tell_number("and more", event_of(sets, 0));
        get(1, 0);
        tell_number("and the rest", event_of(sets, 0));
    }
    if (sets >= 0)
        close(sets);
    end();
}

int main(int count, char **words) {
    probe_start();
    waits = !(count > 1 && strcmp(words[1], "streams") == 0);
    signalled();
    for (int way = READ; way < (waits ? WAYS : POLL); way++)
        waited((enum way)way);
    return 0;
}
