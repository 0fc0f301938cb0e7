/*
 * elsewhere_tool PATH
 *
 * Closes a server at the path, or binds one in the place of a stale file, again and again. Each time another server
 * takes the path at another moment: before the first system call, before the second one, and so on. That server
 * unlinks and binds, or renames its own file there, without the lock; or it is another process under the library. At
 * the end the file has to be the other server's. Prints how many moments there were.
 */
#define _GNU_SOURCE
#include "files/control_file.h"
#include "memory/process.h"
#include "moment_tool.h"
#include "rules/settings.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct unsock_settings unsock_settings = {.mode = -1};

enum way { UNLINKS, RENAMES, UNDER_UNSOCK, WAYS };
static const char *const names[WAYS] = {"unlink and bind", "rename", "under unsock"};

static struct sockaddr_un at = {.sun_family = AF_UNIX};
static enum way way;
static int other = -1;
static bool have; /* a server of this process's own has been bound there */
static int child_says[2], child_ends[2];

static int bound(const struct sockaddr_un *address) {
    int fd = opened();
    must(bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0, "bind");
    must(listen(fd, 1) == 0, "listen");
    return fd;
}

static void be_other_process(void) {
    struct unsock_target_file where;
    char byte;
    int fd = opened();
    now = when = 0;
    close(child_ends[1]);
    bool success = unsock_target_file_bind(fd, &at, sizeof(at), &where) == 0;
    must(!success || listen(fd, 1) == 0, "listen");
    must(write(child_says[1], success ? "y" : "n", 1) == 1, "write");
    must(read(child_ends[0], &byte, 1) == 0, "read");
    _exit(0);
}

static void act_at_moment(void) {
    struct sockaddr_un fresh = at;
    switch (way) {
    case UNLINKS:
        unlink(at.sun_path);
        other = bound(&at);
        return;
    case RENAMES:
        strcat(fresh.sun_path, ".new");
        other = bound(&fresh);
        must(rename(fresh.sun_path, at.sun_path) == 0, "rename");
        return;
    default:
        must(pipe(child_says) == 0 && pipe(child_ends) == 0, "pipe");
        if (fork() == 0)
            be_other_process();
        close(child_ends[0]);
        other = child_says[0];
    }
}

/* True if the other one has the place. A process may have been told that it is taken. */
static bool others(void) {
    char answer = 'y';
    int client = opened();
    must(way != UNDER_UNSOCK || read(other, &answer, 1) == 1, "read");
    bool reached = connect(client, (const struct sockaddr *)&at, sizeof(at)) == 0;
    if (way != UNDER_UNSOCK)
        reached = reached && accept4(other, NULL, NULL, SOCK_CLOEXEC) >= 0;
    close(client);
    return answer == 'n' || (reached && !(have && way == UNDER_UNSOCK));
}

static void end_other(void) {
    close(other);
    other = -1;
    if (way == UNDER_UNSOCK) {
        close(child_says[1]);
        close(child_ends[1]);
        must(wait(NULL) > 0, "wait");
    }
    unlink(at.sun_path);
}

static void close_server(int moment_of_other) {
    struct unsock_target_file where;
    int fd = opened();
    must(unsock_target_file_bind(fd, &at, sizeof(at), &where) == 0 && where.file.inode != 0, "bind");
    struct unsock_fd entry = {.kind = UNSOCK_KIND_FOREIGN, .type = SOCK_STREAM, .flags = UNSOCK_FILE};
    unsock_fd_file(&entry)->inode = where.file.inode;
    unsock_fd_file(&entry)->device = where.file.device;
    when = moment_of_other;
    unsock_target_file_find(fd, &entry, &where);
    moment();
    close(fd);
    unsock_target_file_release(&where);
    have = false;
}

static void bind_server(int moment_of_other) {
    struct unsock_target_file where;
    int fd = opened();
    close(bound(&at));
    when = moment_of_other;
    long result = unsock_target_file_bind(fd, &at, sizeof(at), &where);
    must(result == 0 || result == -EADDRINUSE, "bind");
    have = result == 0;
    /* Where it was first the other process may still be about to find that out. */
    if (other < 0 || way != UNDER_UNSOCK)
        close(fd);
}

static void every_moment(const char *what, void (*act)(int)) {
    for (int i = 1;; i++) {
        now = 0;
        act(i);
        when = 0;
        if (other < 0) {
            unlink(at.sun_path);
            printf("%s, %s: %d moments\n", what, names[way], i - 1);
            return;
        }
        if (!others())
            printf("%s, %s: lost the other one's file at moment %d\n", what, names[way], i);
        end_other();
    }
}

int main(int argc, char **argv) {
    if (argc < 2 || strlen(argv[1]) + 5 > sizeof(at.sun_path))
        return 2;
    strcpy(at.sun_path, argv[1]);
    unsock_this_process_start();
    for (way = 0; way < WAYS; way++) {
        every_moment("close", close_server);
        every_moment("bind", bind_server);
    }
    return 0;
}
