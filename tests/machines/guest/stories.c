/*
 * Stories of an ordinary TCP server and client without any code for unsock; over real TCP they are the oracle.
 *
 *   stories serve ADDRESS PORT    stories answer ADDRESS PORT    stories tell|ask ADDRESS PORT [STORY…]
 *
 * `serve` runs until it is killed; `answer` is the server of datagrams. `tell` runs each story, or the named ones
 * (`ask`: those of datagrams), and prints a line for each: its name, the facts that the client found, and after
 * "; server: " those of the server.
 */
#include "stories.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_SECONDS 15
#define SERVER_PATIENCE_MS 5000
#define NAME_MOST 64
#define ASK "facts"

struct sockaddr_in where;
int listener = -1;
int patience_ms = 2000;
volatile int pipe_signals;
static char facts[1024];

void fact(const char *format, ...) {
    size_t length = strlen(facts);
    va_list arguments;
    if (length > 0 && length + 2 < sizeof(facts)) {
        strcpy(facts + length, ", ");
        length += 2;
    }
    va_start(arguments, format);
    vsnprintf(facts + length, sizeof(facts) - length, format, arguments);
    va_end(arguments);
}

void fact_error(const char *what, long result) {
    fact("%s: %s", what, result >= 0 ? "done" : strerrorname_np(errno));
}

int new_stream(void) {
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

int dial(void) {
    int fd = new_stream();
    if (fd < 0 || connect(fd, (struct sockaddr *)&where, sizeof(where)) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

int open_listener(void) {
    int on = 1, fd = new_stream();
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (fd < 0 || bind(fd, (struct sockaddr *)&where, sizeof(where)) != 0 || listen(fd, 128) != 0)
        return -1;
    return fd;
}

int polled(int fd, int events, int ms) {
    struct pollfd p = {.fd = fd, .events = (short)events};
    return poll(&p, 1, ms) > 0 ? p.revents : 0;
}

int comes(int fd) {
    return polled(fd, POLLIN, patience_ms) != 0;
}

void fact_events(const char *what, int events) {
    static const struct {
        int bit;
        const char *name;
    } names[] = {{POLLIN, "IN"}, {POLLOUT, "OUT"}, {POLLRDHUP, "RDHUP"}, {POLLHUP, "HUP"}, {POLLERR, "ERR"}};
    char text[64] = "";
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (events & names[i].bit) {
            strcat(text, text[0] ? "|" : "");
            strcat(text, names[i].name);
        }
    }
    fact("%s %s", what, text[0] ? text : "nothing");
}

size_t put(int fd, const void *bytes, size_t size) {
    size_t sent = 0;
    while (sent < size && polled(fd, POLLOUT, patience_ms)) {
        ssize_t n = send(fd, (const char *)bytes + sent, size - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN)
            break;
        sent += n > 0 ? (size_t)n : 0;
    }
    return sent;
}

size_t get(int fd, void *bytes, size_t size) {
    size_t received = 0;
    while (received < size && comes(fd)) {
        ssize_t n = read(fd, (char *)bytes + received, size - received);
        if (n <= 0)
            break;
        received += (size_t)n;
    }
    return received;
}

void put_line(int fd, const char *line) {
    char text[sizeof(facts) + 1];
    put(fd, text, (size_t)snprintf(text, sizeof(text), "%s\n", line));
}

void get_line(int fd, char *line, size_t size) {
    size_t length = 0;
    while (length + 1 < size && get(fd, line + length, 1) == 1 && line[length] != '\n')
        length++;
    line[length] = '\0';
}

void fact_end(int fd) {
    static char buffer[65536];
    size_t sum = 0;
    ssize_t n = -1;
    errno = 0;
    while (comes(fd) && (n = read(fd, buffer, sizeof(buffer))) > 0) {
        sum += (size_t)n;
        n = -1;
        errno = 0;
    }
    fact("%zu bytes, then %s", sum, n == 0 ? "the end" : errno ? strerrorname_np(errno) : "silence");
}

static const struct story *find(const char *name) {
    const struct story *lists[] = {stories_of_ends, stories_of_data, stories_of_connects};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        for (const struct story *story = lists[i]; story->name; story++)
            if (strcmp(story->name, name) == 0)
                return story;
    return NULL;
}

static void serve(void) {
    static char told[sizeof(facts)];
    patience_ms = SERVER_PATIENCE_MS;
    listener = open_listener();
    printf("listening %s\n", listener < 0 ? strerrorname_np(errno) : "");
    fflush(stdout);
    while (listener >= 0) {
        char name[NAME_MOST];
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            continue;
        get_line(fd, name, sizeof(name));
        if (strcmp(name, ASK) == 0) {
            put_line(fd, told);
            close(fd);
            continue;
        }
        const struct story *story = find(name);
        facts[0] = '\0';
        if (story)
            story->server(fd);
        else
            close(fd);
        strcpy(told, facts);
    }
}

/* Asks the server for its facts, and waits for them. */
static void ask_server(const char *name) {
    char line[sizeof(facts)] = "";
    int fd = dial();
    if (fd >= 0) {
        put_line(fd, ASK);
        polled(fd, POLLIN, DEADLINE_SECONDS * 1000);
        get_line(fd, line, sizeof(line));
        close(fd);
    }
    printf("%s: %s%s%s\n", name, facts, line[0] ? (facts[0] ? "; server: " : "server: ") : "", line);
    fflush(stdout);
}

static void tell_one(const struct story *story) {
    alarm(DEADLINE_SECONDS);
    int fd = dial();
    facts[0] = '\0';
    pipe_signals = 0;
    if (fd < 0) {
        printf("%s: no connection: %s\n", story->name, strerrorname_np(errno));
        return;
    }
    put_line(fd, story->name);
    story->client(fd);
    ask_server(story->name);
}

static bool wanted(const char *name, char **names) {
    if (!*names)
        return true;
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

static void tell(char **names) {
    const struct story *lists[] = {stories_of_connects, stories_of_data, stories_of_ends};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        for (const struct story *story = lists[i]; story->name; story++)
            if (wanted(story->name, names))
                tell_one(story);
}

static void tell_datagrams(void) {
    for (const struct story *story = stories_of_datagrams; story->name; story++) {
        alarm(DEADLINE_SECONDS);
        facts[0] = '\0';
        int fd = socket(AF_INET, SOCK_DGRAM, 0);
        story->client(fd);
        close(fd);
        printf("%s: %s\n", story->name, facts);
    }
}

static void answer(void) {
    static char buffer[65536];
    struct sockaddr_in from;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&where, sizeof(where)) != 0) {
        printf("no server: %s\n", strerrorname_np(errno));
        return;
    }
    printf("listening\n");
    fflush(stdout);
    for (;;) {
        socklen_t length = sizeof(from);
        ssize_t n = recvfrom(fd, buffer, sizeof(buffer), 0, (struct sockaddr *)&from, &length);
        if (n >= 0)
            sendto(fd, buffer, (size_t)n, 0, (struct sockaddr *)&from, length);
    }
}

static void count_signal(int number) {
    (void)number;
    pipe_signals++;
}

int main(int argc, char **argv) {
    if (argc < 4)
        return 2;
    signal(SIGPIPE, count_signal);
    where = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[3]))};
    inet_pton(AF_INET, argv[2], &where.sin_addr);
    if (strcmp(argv[1], "serve") == 0)
        serve();
    else if (strcmp(argv[1], "answer") == 0)
        answer();
    else if (strcmp(argv[1], "ask") == 0)
        tell_datagrams();
    else
        tell(argv + 4);
    return 0;
}
