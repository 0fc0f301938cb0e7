/* The guard, a server in the tour's directory; and the checker, which checks what a run has left behind. */
#include "../support/past_libc.h"
#include "tour.h"

#include <dirent.h>
#include <dlfcn.h>
#include <sys/stat.h>

static _Noreturn void fail(const char *what) {
    finding("%s: %s", what, strerrorname_np(errno));
    exit(1);
}

/* Serves whoever comes, one at a time, until its standard input ends. */
int guard(void) {
    int listener = listening("127.0.0.1", GUARD_PORT), server = datagrams("127.0.0.1", GUARD_PORT);
    if (listener < 0 || server < 0)
        fail("the guard cannot begin");
    PAST_LIBC(write, STDOUT_FILENO, ".\n", 2);
    struct pollfd waits[] = {{STDIN_FILENO, POLLIN, 0}, {listener, POLLIN, 0}, {server, POLLIN, 0}};
    for (;;) {
        address from = {.length = sizeof from.space};
        char byte;
        if (poll(waits, 3, -1) < 0 || waits[0].revents != 0)
            return 0;
        if (waits[1].revents != 0) {
            /* Of the tour, too: it may be gone already. */
            int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
            struct pollfd wait = {.fd = client, .events = POLLIN};
            if (poll(&wait, 1, 1000) > 0 && recv(client, &byte, 1, MSG_DONTWAIT) == 1)
                send(client, &byte, 1, MSG_NOSIGNAL);
            close(client);
        }
        if (waits[2].revents != 0 && recvfrom(server, &byte, 1, MSG_DONTWAIT, ANY(&from), &from.length) == 1)
            sendto(server, &byte, 1, MSG_DONTWAIT, ANY(&from), from.length);
    }
}

static bool answers(int type) {
    struct pollfd wait = {.events = POLLIN};
    address to = ip("127.0.0.1", GUARD_PORT);
    char byte = 'x';
    wait.fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    bool served = connect(wait.fd, ANY(&to), to.length) == 0 && send(wait.fd, &byte, 1, MSG_NOSIGNAL) == 1 &&
                  poll(&wait, 1, 5000) > 0 && recv(wait.fd, &byte, 1, 0) == 1;
    close(wait.fd);
    return served;
}

static ino_t inode(int type) {
    struct stat status;
    return lstat(socket_path(GUARD_PORT, type), &status) == 0 ? status.st_ino : 0;
}

/* Every name in the directory goes to `look`; true when it returned true for all. */
static bool each_name(bool (*look)(const char *name)) {
    bool good = true;
    DIR *directory = opendir(getenv("UNSOCK_DIR"));
    if (!directory)
        fail("the directory cannot be read");
    for (struct dirent *entry; (entry = readdir(directory));) {
        bool special = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        bool of_guard = atoi(entry->d_name + (entry->d_name[0] == '.')) == GUARD_PORT;
        if (!special && !of_guard)
            good &= look(entry->d_name);
    }
    closedir(directory);
    return good;
}

static bool is_datagram(const char *name) {
    return strstr(name, ".dgram.") || strstr(name, "u@");
}

/*
 * The next of its kind takes a socket's own name, .PORT@ADDR[+N], of one who was killed: with SO_REUSEPORT N of them.
 * From +100 on it is that of a listener that was shut down; with SO_REUSEADDR another one may be bound beside it.
 */
static void bind_like(const char *name) {
    int fds[16], on = 1, off = 0, port = atoi(name + 1), count = 1;
    char text[64];
    snprintf(text, sizeof text, "%s", strchr(name, '@') + 1);
    char *plus = strchr(text, '+');
    bool any = strcmp(text, "any") == 0, shares = plus && atoi(plus + 1) < 16;
    int reserved = plus && atoi(plus + 1) >= 100 ? atoi(plus + 1) - 99 : 0;
    if (plus)
        *plus = '\0';
    for (char *c = text; *c; c++)
        *c = *c == '-' ? ':' : *c;
    /* The first datagram socket has no number until another one comes. */
    if (shares)
        count = atoi(strchr(name, '+') + 1) + is_datagram(name);
    if (reserved > 0 && reserved < 15)
        count = reserved;
    address at = ip(any || strcmp(text, "::") == 0 ? "::" : text, port);
    for (int i = 0; i < count; i++) {
        fds[i] = socket(ANY(&at)->sa_family, (is_datagram(name) ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
        setsockopt(fds[i], IPPROTO_IPV6, IPV6_V6ONLY, any ? &off : &on, sizeof(int));
        if (shares || reserved > 0)
            setsockopt(fds[i], SOL_SOCKET, shares ? SO_REUSEPORT : SO_REUSEADDR, &on, sizeof(int));
        if (bind(fds[i], ANY(&at), at.length) < 0)
            finding("%s: %s", name, strerrorname_np(errno));
        if (reserved > 0 && (listen(fds[i], 1) < 0 || shutdown(fds[i], SHUT_RDWR) < 0))
            finding("%s: listen, shutdown: %s", name, strerrorname_np(errno));
    }
    for (int i = 0; i < count; i++)
        close(fds[i]);
}

/* Binds the port again and again, on as many addresses as it takes to need the names that reserved sockets have. */
static void bind_and_close(int port, int type, int count) {
    int fds[16];
    for (int i = 0; i < count; i++) {
        char text[32];
        snprintf(text, sizeof text, "127.0.0.%d", i + 1);
        address at = ip(text, port);
        fds[i] = socket(AF_INET, type | SOCK_CLOEXEC, 0);
        if (bind(fds[i], ANY(&at), at.length) < 0)
            finding("%s:%d/%d: %s", text, port, type, strerrorname_np(errno));
        if (type == SOCK_STREAM && listen(fds[i], 1) < 0)
            finding("listen %s:%d: %s", text, port, strerrorname_np(errno));
    }
    for (int i = 0; i < count; i++)
        close(fds[i]);
}

/* The name of a client that was killed as it told whom it asks: the next one has another port. */
static bool prune(const char *name) {
    char path[256];
    int (*pruning)(const char *path, int remove);
    *(void **)&pruning = dlsym(RTLD_DEFAULT, "unsock_prune");
    snprintf(path, sizeof path, "%s/%s", getenv("UNSOCK_DIR"), name);
    if (pruning)
        pruning(path, 1);
    return true;
}

/*
 * Removes a stale file: binding and closing its port once more does, or for a file elsewhere, a port that forwards
 * there. Files that the tour made itself are removed.
 */
static bool use_again(const char *name) {
    if (strcmp(name, ".unsock.gone") == 0) {
        lead_elsewhere();
        bind_and_close(TOUR_PORT, SOCK_STREAM, 1);
        unlink(socket_path(TOUR_PORT, SOCK_STREAM));
    }
    int port = atoi(name + (name[0] == '.'));
    if (port == 0)
        return strncmp(name, ".unsock", 7) == 0 || unlinkat(AT_FDCWD, name, 0) < 0;
    if (strchr(name, ','))
        return prune(name);
    if (name[0] == '.' && strchr(name, '@') && strchr(name, '@')[1] > '+' && !strchr(name, '~')) {
        bind_like(name);
        return true;
    }
    /* The port's record is for two. */
    bind_and_close(port, is_datagram(name) ? SOCK_DGRAM : SOCK_STREAM, name[0] == '.' ? 2 : 1);
    return true;
}

/* The lock's file is this process's own, of the ports that it has used: the next run makes one, and opens that again.
 */
static bool complain(const char *name) {
    if (strcmp(name, ".unsock.lock") != 0)
        finding("a file stays for ever: %s", name);
    return unlinkat(AT_FDCWD, name, 0) < 0;
}

static bool clean;

static bool is_left(const char *name) {
    struct stat status = {0};
    if (lstat(name, &status) == 0 && S_ISSOCK(status.st_mode)) {
        if (clean)
            finding("a file is left: %s", name);
    } else if ((name[0] != '.' && !S_ISLNK(status.st_mode)) || atoi(name + (name[0] == '.')) == 0) {
        /* But not the links of a port, beside its file or in its place, which go with that. */
        unlink(name);
    }
    return true;
}

/* A line `clean` of input: nothing may be left at all. Any other: what is left, must go. The answer ends with ".\n". */
int checker(void) {
    char line[64];
    ino_t before[] = {inode(SOCK_STREAM), inode(SOCK_DGRAM)};
    if (chdir(getenv("UNSOCK_DIR")) < 0)
        fail("chdir");
    while (fgets(line, sizeof line, stdin)) {
        clean = strncmp(line, "clean", 5) == 0;
        if (!answers(SOCK_STREAM) || !answers(SOCK_DGRAM))
            finding("the guard does not answer");
        if (inode(SOCK_STREAM) != before[0] || inode(SOCK_DGRAM) != before[1])
            finding("the guard's file is another one");
        each_name(is_left);
        each_name(use_again);
        bind_and_close(TOUR_PORT, SOCK_STREAM, 1);
        bind_and_close(TOUR_PORT, SOCK_DGRAM, 1);
        each_name(complain);
        PAST_LIBC(write, STDOUT_FILENO, ".\n", 2);
    }
    return 0;
}
