/* vfork children that close, duplicate and execute, and posix_spawn: the parent's sockets are not touched. */
#include "probe.h"

#include <spawn.h>

extern char **environ;

/* Whether the listener still accepts and each end of its connection knows the other. */
static void check(const char *story, int server, int port) {
    address own = name_of(server);
    fact(story, "listener's port: %s", port_of(&own) == port ? "right" : "wrong");
    int client = CHECK(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (connect_to(client, "127.0.0.1", port) < 0) {
        fact(story, "client: %s", errno_name(errno));
        close(client);
        return;
    }
    address seen = unwritten(), name = name_of(client), remote = peer_of(client);
    int peer = CHECK(accept4(server, &seen.any, &seen.length, SOCK_CLOEXEC));
    fact(story, "client: %s", same_address(&seen, &name) && port_of(&remote) == port ? "right" : "wrong");
    close(peer);
    close(client);
}

/* As Python's subprocess: vfork, then close descriptors through libc, then exec. */
static void vfork_closes(int server, int client, int port) {
    pid_t pid = vfork();
    if (pid == 0) {
        close(server);
        close(client);
        execl("/bin/true", "true", (char *)NULL);
        _exit(127);
    }
    CHECK(pid);
    fact("vfork closes: exit status", "%d", ended(pid));
    address name = name_of(client), remote = peer_of(client);
    fact_yes("vfork closes: client has its peer", port_of(&remote) == port);
    fact_yes("vfork closes: client has its name", port_of(&name) >= 32768 && strcmp(ip_text(&name), "127.0.0.1") == 0);
    check("vfork closes", server, port);
}

static void vfork_duplicates(int server, int port) {
    pid_t pid = vfork();
    if (pid == 0) {
        dup2(server, 50);
        dup2(STDIN_FILENO, server);
        close_range(3, ~0u, 0);
        _exit(0);
    }
    CHECK(pid);
    fact("vfork puts another over it: exit status", "%d", ended(pid));
    check("vfork puts another over it", server, port);
}

static void vfork_fails_to_execute(int server, int port) {
    pid_t pid = vfork();
    if (pid == 0) {
        close(server);
        execl("/no/such/program", "program", (char *)NULL);
        _exit(127);
    }
    CHECK(pid);
    fact("vfork fails to execute: exit status", "%d", ended(pid));
    check("vfork fails to execute", server, port);
}

/* A vfork child that makes sockets of its own on numbers that the parent uses otherwise. */
static void vfork_connects(int server, int port) {
    pid_t pid = vfork();
    if (pid == 0) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        int good = connect_to(fd, "127.0.0.1", port) == 0;
        close(fd);
        _exit(good ? 0 : 1);
    }
    CHECK(pid);
    fact("vfork connects: exit status", "%d", ended(pid));
    close(CHECK(accept(server, NULL, NULL)));
    check("vfork connects", server, port);
}

static void spawned(int server, int port) {
    posix_spawn_file_actions_t actions;
    char number[16], text[2][16];
    pid_t pid;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, server, 60);
    posix_spawn_file_actions_addclose(&actions, server);
    snprintf(number, sizeof number, "%d", port);
    snprintf(text[0], sizeof text[0], "spawned");
    snprintf(text[1], sizeof text[1], "60");
    char *arguments[] = {"vfork_spawn", text[0], text[1], number, NULL};
    errno = posix_spawn(&pid, "/proc/self/exe", &actions, NULL, arguments, environ);
    if (errno != 0)
        die("posix_spawn");
    fact("spawned with the listener: exit status", "%d", ended(pid));
    check("spawned with the listener", server, port);
    posix_spawn_file_actions_destroy(&actions);
    char *truth[] = {"true", NULL};
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    errno = posix_spawn(&pid, "/bin/true", &actions, NULL, truth, environ);
    if (errno != 0)
        die("posix_spawn");
    fact("spawned, all closed: exit status", "%d", ended(pid));
    check("spawned, all closed", server, port);
    posix_spawn_file_actions_destroy(&actions);
}

int main(int count, char **arguments) {
    probe_start();
    if (count == 4) {
        check("in the spawned program", atoi(arguments[2]), atoi(arguments[3]));
        return 0;
    }
    int server = listening("127.0.0.1", 0), port = own_port(server);
    int client = connected("127.0.0.1", port), peer = CHECK(accept4(server, NULL, NULL, SOCK_CLOEXEC));
    vfork_closes(server, client, port);
    vfork_duplicates(server, port);
    vfork_fails_to_execute(server, port);
    vfork_connects(server, port);
    spawned(server, port);
    fact("system", "%d", system("exec true"));
    check("after system", server, port);
    FILE *stream = popen("exec echo x", "r");
    if (stream == NULL)
        die("popen");
    fact_yes("popen", fgetc(stream) == 'x');
    pclose(stream);
    check("after popen", server, port);
    char byte;
    send_byte(peer);
    fact_yes("the first connection still works", read(client, &byte, 1) == 1);
    close(peer);
    close(client);
    close(server);
    return 0;
}
