/*
 * Measures connections and bytes a second: over a transport itself, or as an ordinary TCP program.
 *
 *   rates serve WHERE
 *   rates connects|bytes NUMBER WHERE [FILE]
 *
 * WHERE is tcp:ADDRESS:PORT, vsock:CID:PORT (CID - is any), tipc:TYPE:INSTANCE, unix:PATH: or, for clients,
 * fc:PATH:PORT, a port of the guest behind Firecracker's Unix socket. NUMBER is of connections, or of megabytes. Prints
 * the number per second. With FILE, it makes before each connection the call by which unsock checks whether a known
 * control file has changed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tipc.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE_SECONDS 120
#define BLOCK 65536
#define MEGABYTE 1000000

static union {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_vm vm;
    struct sockaddr_tipc tipc;
    struct sockaddr_un un;
} where;
static socklen_t size;
static char request[32];      /* to Firecracker */
static const char *asked_for; /* NULL: no file */
static char block[BLOCK];

static _Noreturn void fail(const char *what) {
    perror(what);
    exit(1);
}

static void parse(char *text) {
    const char *kind = strtok(text, ":"), *first = strtok(NULL, ":"), *second = strtok(NULL, ":");
    uint32_t number = second ? (uint32_t)strtoul(second, NULL, 10) : 0;
    size = sizeof(where);
    if (strcmp(kind, "tcp") == 0) {
        where.in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)number)};
        inet_pton(AF_INET, first, &where.in.sin_addr);
        size = sizeof(where.in);
    } else if (strcmp(kind, "vsock") == 0) {
        uint32_t cid = first[0] == '-' ? VMADDR_CID_ANY : (uint32_t)strtoul(first, NULL, 10);
        where.vm = (struct sockaddr_vm){.svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = number};
        size = sizeof(where.vm);
    } else if (strcmp(kind, "tipc") == 0) {
        where.tipc =
            (struct sockaddr_tipc){.family = AF_TIPC, .addrtype = TIPC_SERVICE_ADDR, .scope = TIPC_CLUSTER_SCOPE};
        where.tipc.addr.name.name = (struct tipc_service_addr){(uint32_t)strtoul(first, NULL, 10), number};
        size = sizeof(where.tipc);
    } else {
        where.un.sun_family = AF_UNIX;
        strncpy(where.un.sun_path, first, sizeof(where.un.sun_path) - 1);
        size = sizeof(where.un);
        if (strcmp(kind, "fc") == 0)
            snprintf(request, sizeof(request), "CONNECT %u\n", number);
    }
}

static int dial(void) {
    char line[32];
    struct statx status;
    unsigned what = STATX_TYPE | STATX_MODE | STATX_UID | STATX_INO | STATX_CTIME;
    if (asked_for && statx(AT_FDCWD, asked_for, AT_SYMLINK_NOFOLLOW, what, &status) != 0)
        fail("statx");
    int fd = socket(where.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, &where.any, size) != 0)
        fail("connect");
    if (request[0] == '\0')
        return fd;
    ssize_t length = strlen(request);
    if (write(fd, request, (size_t)length) != length)
        fail("CONNECT");
    /* The server speaks only when it has been spoken to: all that there is is the line. */
    for (length = 0; length == 0 || line[length - 1] != '\n';) {
        ssize_t n = read(fd, line + length, sizeof(line) - (size_t)length);
        if (n <= 0)
            fail("no OK");
        length += n;
    }
    return fd;
}

static void get(int fd, void *bytes, size_t length) {
    while (length > 0) {
        ssize_t n = read(fd, bytes, length < BLOCK ? length : BLOCK);
        if (n <= 0)
            fail("read");
        length -= (size_t)n;
    }
}

static void serve(void) {
    int on = 1, listener = socket(where.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (listener < 0 || bind(listener, &where.any, size) != 0 || listen(listener, 128) != 0)
        fail("a server");
    printf("listening\n");
    fflush(stdout);
    for (;;) {
        uint64_t length;
        int fd = accept(listener, NULL, NULL);
        if (fd < 0 || read(fd, &length, sizeof(length)) != sizeof(length))
            fail("accept");
        for (uint64_t left = length; left > 0;) {
            size_t most = left < BLOCK ? (size_t)left : BLOCK;
            get(fd, block, most);
            left -= most;
        }
        if (write(fd, &on, 1) != 1)
            fail("write");
        /* The client closes first. */
        if (read(fd, block, 1) < 0 && errno != ECONNRESET)
            fail("read");
        close(fd);
    }
}

static void once(uint64_t length) {
    char byte;
    int fd = dial();
    if (write(fd, &length, sizeof(length)) != sizeof(length))
        fail("write");
    for (uint64_t left = length; left > 0;) {
        ssize_t n = write(fd, block, left < BLOCK ? (size_t)left : BLOCK);
        if (n <= 0)
            fail("write");
        left -= (uint64_t)n;
    }
    get(fd, &byte, 1);
    close(fd);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    bool serves = argc == 3 && strcmp(argv[1], "serve") == 0;
    if (!serves && argc < 4)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    parse(argv[serves ? 2 : 3]);
    if (serves)
        serve();
    asked_for = argv[4];
    alarm(DEADLINE_SECONDS);
    int number = atoi(argv[2]);
    bool many = strcmp(argv[1], "connects") == 0;
    double begun = now();
    for (int i = 0; i < (many ? number : 1); i++)
        once(many ? 0 : (uint64_t)number * MEGABYTE);
    printf("%.1f\n", number / (now() - begun));
    return 0;
}
