/* An exchange of sockets that fails half-way (the kernel refuses the last step) leaves everything as it was. */
#include "../support/past_libc.h"

#include "probe.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* From now on dup3 onto the descriptor `onto` (-1: onto any) fails with EBUSY. */
static void refuse_dup3(int onto) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_dup3, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
        BPF_JUMP(BPF_JMP | (onto < 0 ? BPF_JGE : BPF_JEQ) | BPF_K, onto < 0 ? 0 : (unsigned)onto, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EBUSY),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof code[0], code};
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    /* Past the library, which else would remove no file at the end. */
    CHECK(PAST_LIBC(prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

static void reuse(int fd) {
    int on = 1;
    CHECK(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
}

static const char *heard(int fd) {
    char byte;
    return ready(fd, POLLIN, 2000) != 0 && recv(fd, &byte, 1, MSG_DONTWAIT) == 1 ? "yes" : "no";
}

/* Bound to an address that is not covered, and sending to one that is. */
static void moved_from_outside(void) {
    address to = ip("127.0.0.2", 4000);
    int fd = bound("127.0.0.1", 0, SOCK_DGRAM);
    refuse_dup3(-1);
    fact_number("moved from outside", sendto(fd, "x", 1, 0, &to.any, to.length));
    close(fd);
}

/* Bound to both families, and sending to IPv4 for the first time. */
static void shown_as_ipv4(void) {
    address nobody4 = ip("127.0.0.1", 4000), nobody = ip("::ffff:127.0.0.1", 4000);
    int server = bound("::", 0, SOCK_DGRAM), client = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    CHECK(sendto(client, "x", 1, 0, &nobody4.any, nobody4.length));
    address to = ip("127.0.0.1", own_port(server));
    refuse_dup3(-1);
    CHECK(sendto(server, "x", 1, 0, &nobody.any, nobody.length));
    CHECK(sendto(client, "x", 1, 0, &to.any, to.length));
    fact("shown as IPv4", "still reached: %s", heard(server));
    close(server);
    close(client);
}

/* A server that gives a client a socket of its own. */
static void socket_per_client(void) {
    int listener = CHECK(socket(AF_INET, SOCK_DGRAM, 0)), own = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    reuse(listener);
    address any = ip("127.0.0.1", 0);
    CHECK(bind(listener, &any.any, any.length));
    address at = ip("127.0.0.1", own_port(listener));
    int client = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    CHECK(connect(client, &at.any, at.length));
    CHECK(send(client, "x", 1, 0));
    fact("socket per client", "first: %s", heard(listener));
    reuse(own);
    CHECK(bind(own, &at.any, at.length));
    address peer = name_of(client);
    refuse_dup3(own);
    fact_number("socket per client: connect", connect(own, &peer.any, peer.length));
    CHECK(send(client, "x", 1, 0));
    fact("socket per client", "client still served: %s", heard(listener));
    close(listener);
    close(own);
    close(client);
}

int main(int argc, char **argv) {
    probe_start();
    const char *story = argc > 1 ? argv[1] : "";
    if (strcmp(story, "moved") == 0)
        moved_from_outside();
    else if (strcmp(story, "shown") == 0)
        shown_as_ipv4();
    else
        socket_per_client();
    return 0;
}
