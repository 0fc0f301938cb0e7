/*
 * Servers of one service on several nodes, and a client that shows which of them it reaches.
 *
 *   instances serve ADDRESS PORT WORD    instances count ADDRESS PORT NUMBER    instances try ADDRESS PORT SECONDS
 *   instances try tipc INSTANCE SECONDS
 *
 * A server sends its word to each client. `count` connects NUMBER times and prints how often it received each word;
 * `try` makes one non-blocking connect after another until the time is up, and prints those without a result within a
 * second.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/tipc.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TYPE 4711
#define WORDS_MOST 4
#define WORD_MOST 16
#define CONNECTS_MOST 4096
#define PAUSE_US 20000

static union {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_tipc tipc;
} where;
static socklen_t size;

static void serve(const char *word) {
    int on = 1, listener = socket(where.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(listener, &where.any, size) != 0 || listen(listener, 100) != 0) {
        perror("a server");
        exit(1);
    }
    printf("listening\n");
    fflush(stdout);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd >= 0 && write(fd, word, strlen(word)) < 0)
            perror("write");
        close(fd);
    }
}

static void count(int number) {
    struct {
        char word[WORD_MOST];
        int times;
    } heard[WORDS_MOST] = {0};
    for (int i = 0; i < number; i++) {
        char word[WORD_MOST] = "";
        int fd = socket(where.any.sa_family, SOCK_STREAM, 0), which = 0;
        if (connect(fd, &where.any, size) != 0 || read(fd, word, sizeof(word) - 1) < 0)
            strncpy(word, strerrorname_np(errno), sizeof(word) - 1);
        while (which < WORDS_MOST - 1 && heard[which].times > 0 && strcmp(heard[which].word, word) != 0)
            which++;
        strcpy(heard[which].word, word);
        heard[which].times++;
        close(fd);
    }
    for (int i = 0; i < WORDS_MOST && heard[i].times > 0; i++)
        printf("%s %d\n", heard[i].word, heard[i].times);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct one {
    int fd, over;
    double begun;
};

/* Prints what has become of those that were begun a second ago or earlier, or of all. */
static void look(struct one *ones, int many, double age, int *silent) {
    for (int i = 0; i < many; i++) {
        struct pollfd p = {.fd = ones[i].fd, .events = POLLOUT};
        if (ones[i].over || now() - ones[i].begun < age)
            continue;
        ones[i].over = 1;
        if (poll(&p, 1, 0) > 0)
            close(ones[i].fd);
        else
            ones[(*silent)++].fd = ones[i].fd;
    }
}

static void try_on(double seconds) {
    static struct one ones[CONNECTS_MOST];
    int many = 0, silent = 0, still = 0;
    for (double end = now() + seconds; now() < end && many < CONNECTS_MOST;) {
        int fd = socket(where.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
        ones[many] = (struct one){.fd = fd, .begun = now()};
        if (connect(fd, &where.any, size) != 0 && errno != EINPROGRESS)
            ones[many].over = 1;
        if (ones[many].over)
            close(fd);
        many++;
        usleep(PAUSE_US);
        look(ones, many, 1, &silent);
    }
    look(ones, many, 0, &silent);
    double end = now() + 20;
    for (int i = 0; i < silent; i++) {
        struct pollfd p = {.fd = ones[i].fd, .events = POLLOUT};
        still += poll(&p, 1, now() < end ? (int)((end - now()) * 1000) : 0) == 0;
    }
    printf("%d connects, %d heard nothing in a second, %d of them nothing in 20\n", many, silent, still);
}

/* A service of TIPC's, without the library, has the type of all that are tried here. */
static void parse(const char *address, int number) {
    bool is_tipc = strcmp(address, "tipc") == 0;
    if (is_tipc)
        where.tipc = (struct sockaddr_tipc){.family = AF_TIPC,
                                            .addrtype = TIPC_SERVICE_ADDR,
                                            .scope = TIPC_CLUSTER_SCOPE,
                                            .addr.name.name = {.type = TYPE, .instance = (uint32_t)number}};
    else
        where.in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)number)};
    if (!is_tipc)
        inet_pton(AF_INET, address, &where.in.sin_addr);
    size = is_tipc ? sizeof(where.tipc) : sizeof(where.in);
}

int main(int argc, char **argv) {
    if (argc != 5)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    parse(argv[2], atoi(argv[3]));
    if (strcmp(argv[1], "serve") == 0)
        serve(argv[4]);
    else if (strcmp(argv[1], "count") == 0)
        count(atoi(argv[4]));
    else
        try_on(atof(argv[4]));
    return 0;
}
