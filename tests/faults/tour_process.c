/* The tour's scenarios of duplicates, processes, control files and the end. */
#include "../support/past_libc.h"
#include "tour.h"

#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

#define HANDED 3 /* SD_LISTEN_FDS_START (sd_listen_fds(3)) */

extern char **environ;

static void duplicates(void) {
    int listener = open_reusable(AF_INET, SOCK_STREAM, SO_REUSEADDR), copy = dup(listener);
    bind_to(listener, "127.0.0.1", TOUR_PORT);
    listen_at(listener);
    int client = connected("127.0.0.1", TOUR_PORT), higher = fcntl(client, F_DUPFD_CLOEXEC, 20);
    int server = accepted(copy);
    ioctl(server, FIONBIO, &(int){1});
    fcntl(server, F_SETFL, O_NONBLOCK);
    dup2(client, 30);
    dup3(listener, 31, O_CLOEXEC);
    close(listener);
    close(copy);
    if (close_range(30, 31, 0) < 0)
        close(30), close(31);
    close(client);
    close(server);
    close(higher);
}

/* A number that was a listener's becomes a file's by dup2; closefrom takes the rest. */
static void replaced_number(void) {
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC), listener = listening("127.0.0.1", TOUR_PORT);
    int server = datagrams("127.0.0.1", TOUR_PORT);
    if (listener >= 0)
        dup2(null, listener);
    closefrom(null < server ? null : server);
}

static void wait_for(pid_t pid) {
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

/* The child serves, and closes what it inherited; the parent goes on. */
static void forked(void) {
    int listener = listening("127.0.0.1", TOUR_PORT), client = connected("127.0.0.1", TOUR_PORT);
    pid_t child = fork();
    if (child == 0) {
        alarm(TOUR_CHILD_SECONDS);
        int server = accepted(listener);
        close(listener);
        send(server, "x", 1, MSG_NOSIGNAL);
        close(server);
        _exit(tour_found() ? EXIT_FINDING : 0);
    }
    if (has_come(client))
        recv(client, &(char){0}, 1, MSG_DONTWAIT);
    wait_for(child);
    close(client);
    close(listener);
}

/*
 * The parent ends first, as a daemon's does: its child has the listener on. Only when that has ended, and its end of
 * the pipe with it, is the port free for what comes next.
 */
static void daemonised(void) {
    int listener = listening("127.0.0.1", TOUR_PORT), server = datagrams("127.0.0.1", TOUR_PORT), lives[2];
    if (pipe2(lives, O_CLOEXEC) < 0)
        finding("no pipe");
    pid_t child = fork();
    if (child == 0) {
        alarm(TOUR_CHILD_SECONDS);
        if (fork() > 0)
            exit(0);
        int client = connected("127.0.0.1", TOUR_PORT);
        close(client);
        exit(tour_found() ? EXIT_FINDING : 0);
    }
    wait_for(child);
    close(server);
    close(listener);
    close(lives[1]);
    while (read(lives[0], &(char){0}, 1) < 0 && errno == EINTR)
        continue;
    close(lives[0]);
}

/* vfork and exec, with a listener that is inherited; and again by posix_spawn. */
static void spawned(void) {
    char *arguments[] = {"tour", "nothing", NULL};
    int listener = listening("127.0.0.1", TOUR_PORT);
    if (listener >= 0)
        fcntl(listener, F_SETFD, 0);
    pid_t child = vfork();
    if (child == 0) {
        execv(program_invocation_name, arguments);
        _exit(1);
    }
    wait_for(child);
    child = 0;
    posix_spawn(&child, program_invocation_name, NULL, NULL, arguments, environ);
    wait_for(child);
    close(listener);
}

static const char *const plain = "other.plain";

static int at_plain(char path[108]) {
    snprintf(path, 108, "%s/%s", getenv("UNSOCK_DIR"), plain);
    return plain_listener(path);
}

/* The 452 bytes of a control file: where it leads to, and through which multiplexer. */
static void put_control(const struct sockaddr *dest, uint32_t length, const struct sockaddr_un *proxy) {
    char bytes[452] = {0};
    memcpy(bytes, &(uint64_t){0x4b534e55}, 8);
    bytes[8] = proxy != NULL;
    memcpy(bytes + 16, &(uint32_t){proxy ? sizeof *proxy : 0}, 4);
    memcpy(bytes + 20, &length, 4);
    if (proxy)
        memcpy(bytes + 32, proxy, sizeof *proxy);
    memcpy(bytes + 160, dest, length);
    int file = open(socket_path(TOUR_PORT, SOCK_STREAM), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (write(file, bytes, sizeof bytes) != sizeof bytes)
        finding("no control file can be made");
    close(file);
}

void lead_elsewhere(void) {
    struct sockaddr_un other = {.sun_family = AF_UNIX};
    snprintf(other.sun_path, sizeof other.sun_path, "%s/%s", getenv("UNSOCK_DIR"), plain);
    put_control((struct sockaddr *)&other, sizeof other, NULL);
}

static void control_file(void) {
    struct sockaddr_un other = {.sun_family = AF_UNIX};
    int listener = at_plain(other.sun_path);
    put_control((struct sockaddr *)&other, sizeof other, NULL);
    int client = listener < 0 ? -1 : connected("127.0.0.1", TOUR_PORT), server = accepted(listener);
    exchange(client, server);
    close(client);
    close(server);
    close(listener);
    unlink(other.sun_path);
    int bound = open_socket(AF_INET, SOCK_STREAM);
    bind_to(bound, "127.0.0.1", TOUR_PORT);
    close(bound);
    unlink(other.sun_path);
    unlink(socket_path(TOUR_PORT, SOCK_STREAM));
}

/* Firecracker's multiplexer, in a child, for two connections: the first may fail. */
static void multiplexer(void) {
    uint32_t guest[4] = {40 /* AF_VSOCK */, 1234, 3, 0};
    struct sockaddr_un other = {.sun_family = AF_UNIX};
    int listener = at_plain(other.sun_path);
    put_control((struct sockaddr *)guest, sizeof guest, &other);
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        alarm(TOUR_CHILD_SECONDS);
        char line[32];
        for (int connection; listener >= 0; close(connection)) {
            if ((connection = accept(listener, NULL, NULL)) < 0)
                continue;
            while (read(connection, line, sizeof line) < 0 && errno == EINTR)
                continue;
            if (send(connection, "OK 7\n", 5, MSG_NOSIGNAL) < 0)
                send(connection, "OK 7\n", 5, MSG_NOSIGNAL);
        }
        _exit(0);
    }
    /* In vain where the child was killed. */
    int client = open_socket(AF_INET, SOCK_STREAM);
    address to = ip("127.0.0.1", TOUR_PORT);
    if (listener >= 0 && connect(client, ANY(&to), to.length) < 0)
        connect(client, ANY(&to), to.length);
    close(client);
    if (child > 0)
        kill(child, SIGKILL);
    wait_for(child);
    close(listener);
    unlink(other.sun_path);
    unlink(socket_path(TOUR_PORT, SOCK_STREAM));
}

/* The end of the process closes what it did not. */
static void left_open(void) {
    pid_t child = fork();
    if (child == 0) {
        alarm(TOUR_CHILD_SECONDS);
        listening("127.0.0.1", TOUR_PORT);
        datagrams("127.0.0.1", TOUR_PORT);
        listening("127.0.0.2", TOUR_PORT);
        exit(tour_found() ? EXIT_FINDING : 0);
    }
    wait_for(child);
}

/* A service manager's listener: the program that is executed with it binds the port itself. */
static void handed(void) {
    pid_t child = fork();
    if (child == 0) {
        char *arguments[] = {"tour", "handed-over", NULL}, pid[16];
        int listener = plain_listener(socket_path(TOUR_PORT, SOCK_STREAM));
        snprintf(pid, sizeof pid, "%d", getpid());
        setenv("LISTEN_FDS", "1", 1);
        setenv("LISTEN_PID", pid, 1);
        if ((listener != HANDED && PAST_LIBC(dup3, listener, HANDED, 0) < 0) || fcntl(HANDED, F_SETFD, 0) < 0)
            _exit(0);
        execv(program_invocation_name, arguments);
        _exit(1);
    }
    wait_for(child);
    unlink(socket_path(TOUR_PORT, SOCK_STREAM));
}

void tour_handed_over(void) {
    int listener = listening("127.0.0.1", TOUR_PORT), other = listening("::1", TOUR_PORT);
    int client = connected("127.0.0.1", TOUR_PORT), server = accepted(listener);
    exchange(client, server);
    close(client);
    close(server);
    shutdown(listener, SHUT_RDWR);
    listen(listener, 8);
    close(listener);
    close(other);
    /* Nobody but the manager may have taken it away. */
    if (access(socket_path(TOUR_PORT, SOCK_STREAM), F_OK) < 0)
        finding("the service manager's file has gone");
}

void tour_processes(const char *name) {
    scenario(name, "duplicates", duplicates);
    scenario(name, "forked", forked);
    scenario(name, "daemonised", daemonised);
    scenario(name, "spawned", spawned);
    scenario(name, "control-file", control_file);
    scenario(name, "multiplexer", multiplexer);
    scenario(name, "left-open", left_open);
    scenario(name, "handed", handed);
    scenario(name, "replaced-number", replaced_number);
}
