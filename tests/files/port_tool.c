/*
 * port_tool DIR
 *
 * Binds a port that has the names of a killed process with SO_REUSEPORT, and removes the names of a socket whose file
 * is gone, again and again. Each time a new server binds that name without the lock, which is allowed, at another
 * moment: before the first system call, before the second one, and so on. The new server must keep its name. Prints how
 * many moments there were.
 */
#define _GNU_SOURCE
#include "files/bind.h"
#include "files/port.h"
#include "memory/process.h"
#include "moment_tool.h"
#include "rules/settings.h"

#include <string.h>
#include <unistd.h>

#define PORT 9042
#define LINK "9042.sock"

struct unsock_settings unsock_settings = {.mode = -1};

static const char *const left[] = {LINK, ".9042@127.0.0.1", ".9042@127.0.0.1+1", ".9042@127.0.0.1+2", ".unsock.lock"};
static const struct unsock_ip ip = {.family = AF_INET, .port = PORT, .bytes = {127, 0, 0, 1}};
static const char *name; /* what the newcomer binds, in the directory that this process is in */
static int newcomer = -1;
static bool came, has_link;

static bool bound(int fd) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, name);
    return bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
}

/* As unsock_bind_port does it where nobody had the port when it looked. */
static void act_at_moment(void) {
    came = true;
    newcomer = opened();
    if (!bound(newcomer)) {
        close(newcomer);
        newcomer = -1;
        return;
    }
    has_link = symlink(name, LINK) == 0;
}

static bool is_there(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int client = opened();
    strcpy(address.sun_path, path);
    must(listen(newcomer, 8) == 0, "listen");
    bool there = connect(client, (const struct sockaddr *)&address, sizeof(address)) == 0;
    close(client);
    return there;
}

static void bind_one(int moment_of_newcomer) {
    struct unsock_bind one = {.socket = opened(), .type = SOCK_STREAM, .ip = ip, .reuseport = true};
    int killed = opened();
    must(bound(killed), "bind");
    close(killed);
    must(symlink(name, LINK) == 0, "symlink");
    when = moment_of_newcomer;
    must(unsock_bind_port(&one) == 0, "unsock_bind_port");
    when = 0;
    close(one.socket);
}

static void leave_one(int moment_of_newcomer) {
    struct unsock_port_entry me = unsock_port_entry_of(&ip, SOCK_STREAM, false, 0);
    long probe = unsock_socketfile_probe();
    when = moment_of_newcomer;
    unsock_port_leave(&me, UNSOCK_PORT_GONE, probe);
    when = 0;
    close((int)probe);
}

static void every_moment(const char *what, void (*act)(int)) {
    for (int i = 1;; i++) {
        came = has_link = false;
        now = 0;
        act(i);
        if (newcomer >= 0 && (!is_there(name) || (has_link && !is_there(LINK))))
            printf("%s: the newcomer's name was lost at moment %d\n", what, i);
        if (newcomer >= 0)
            close(newcomer);
        newcomer = -1;
        for (size_t j = 0; j < sizeof(left) / sizeof(left[0]); j++)
            unlink(left[j]);
        if (!came) {
            printf("%s: %d moments\n", what, i - 1);
            return;
        }
    }
}

int main(int argc, char **argv) {
    if (argc < 2 || chdir(argv[1]) < 0)
        return 2;
    unsock_settings.directory_length = strlen(argv[1]);
    must(unsock_settings.directory_length < sizeof(unsock_settings.directory), "too long");
    strcpy(unsock_settings.directory, argv[1]);
    unsock_this_process_start();
    name = ".9042@127.0.0.1+1";
    every_moment("bind", bind_one);
    name = ".9042@127.0.0.1";
    every_moment("leave", leave_one);
    return 0;
}
