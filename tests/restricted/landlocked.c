/*
 * Forbids itself something by Landlock, and then binds, listens, connects and sends at addresses of 127.0.0.1.
 * Arguments: "ports" (TCP by port), "files" (to make and change files), "names" (abstract sockets), or "directory" and
 * a path beneath which files may be made.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/landlock.h, which may be older. */
struct ruleset {
    uint64_t files, ports, scoped;
};
struct beneath {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

enum {
    REMOVE_FILE = 1 << 5,
    MAKE_REG = 1 << 8,
    MAKE_SOCK = 1 << 9,
    MAKE_SYM = 1 << 12,
    REFER = 1 << 13,
    CHANGES = 0x3ff0 /* all that change a directory */
};

static void tell(const char *name, long result) {
    printf("%s=\"%s\"\n", name, result >= 0 ? "ok" : strerrorname_np(errno));
}

static int restrict_self(const char *what, const char *directory) {
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
    struct ruleset rules = {0};
    rules.ports = strcmp(what, "ports") == 0 ? 3 : 0;
    rules.scoped = strcmp(what, "names") == 0 ? 1 : 0;
    rules.files = rules.ports || rules.scoped ? 0 : CHANGES;
    if (version < 6)
        return -1;
    int set = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
    if (directory != NULL) {
        struct beneath beneath = {MAKE_SOCK | MAKE_SYM | MAKE_REG | REMOVE_FILE | REFER, open(directory, O_PATH)};
        syscall(SYS_landlock_add_rule, set, 1, &beneath, 0);
        close(beneath.parent);
    }
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return (int)syscall(SYS_landlock_restrict_self, set, 0);
}

static struct sockaddr_in at(int port) {
    return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

int main(int count, char **arguments) {
    struct sockaddr_in first = at(6500), second = at(6501);
    int server = socket(AF_INET, SOCK_STREAM, 0);
    if (count < 2 || bind(server, (struct sockaddr *)&first, sizeof first) < 0 || listen(server, 1) < 0)
        return 1;
    if (restrict_self(arguments[1], count > 2 ? arguments[2] : NULL) != 0)
        return 77;
    tell("connect", connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&first, sizeof first));
    tell("bind", bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&second, sizeof second));
    int receiver = socket(AF_INET, SOCK_DGRAM, 0), sender = socket(AF_INET, SOCK_DGRAM, 0);
    tell("bind of datagrams", bind(receiver, (struct sockaddr *)&second, sizeof second));
    tell("sendto", sendto(sender, "x", 1, 0, (struct sockaddr *)&second, sizeof second));
    return 0;
}
