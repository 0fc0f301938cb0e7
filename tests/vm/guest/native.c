/*
 * Checks that the guest's vsock and TIPC work, without unsock: a server and a client of the family, in two processes.
 * "native node" is a TIPC server without a name: it prints "listening REFERENCE NODE" and waits for one client. With
 * "native member" it waits until the node is in a cluster: before that its number is 0, which other nodes cannot use.
 *
 *   native vsock|tipc|node|member
 */
#include "peer.h"

#include <errno.h>
#include <linux/tipc.h>
#include <linux/vm_sockets.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_SECONDS 60

union address {
    struct sockaddr generic;
    struct sockaddr_vm vm;
    struct sockaddr_tipc tipc;
};

static union address address_of(const char *family) {
    if (strcmp(family, "vsock") == 0)
        return (union address){.vm = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_LOCAL, .svm_port = 4321}};
    if (strcmp(family, "tipc") == 0)
        return (union address){.tipc = {.family = AF_TIPC,
                                        .addrtype = TIPC_SERVICE_ADDR,
                                        .scope = TIPC_CLUSTER_SCOPE,
                                        .addr.name.name = {.type = 1000, .instance = 1}}};
    fail("%s is no family", family);
}

static void be_client(const union address *address) {
    int fd = socket(address->generic.sa_family, SOCK_STREAM, 0);
    if (fd < 0)
        fail("socket");
    if (connect(fd, &address->generic, sizeof *address) != 0)
        fail("connect");
    exchange(fd, SIDE_CLIENT, MODE_BLOCKING, -1);
}

static int new_listener(const union address *address) {
    int fd = socket(address->generic.sa_family, SOCK_STREAM, 0);
    if (fd < 0)
        fail("socket");
    if (bind(fd, &address->generic, sizeof *address) != 0)
        fail("bind");
    if (listen(fd, 1) != 0)
        fail("listen");
    return fd;
}

static void serve_one(int listener) {
    int fd = accept(listener, NULL, NULL);
    if (fd < 0)
        fail("accept");
    exchange(fd, SIDE_SERVER, MODE_BLOCKING, -1);
}

static int listen_on_node(union address *address) {
    int fd = socket(AF_TIPC, SOCK_STREAM, 0);
    socklen_t length = sizeof *address;
    if (fd < 0)
        fail("socket");
    if (listen(fd, 1) != 0)
        fail("listen");
    if (getsockname(fd, &address->generic, &length) != 0)
        fail("getsockname");
    return fd;
}

static int serve_node(bool member) {
    union address address;
    int fd = listen_on_node(&address);
    for (; member && address.tipc.addr.id.node == 0; fd = listen_on_node(&address)) {
        close(fd);
        usleep(100000);
    }
    printf("listening %u %u\n", address.tipc.addr.id.ref, address.tipc.addr.id.node);
    fflush(stdout);
    serve_one(fd);
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 2)
        fail("usage: native vsock|tipc|node|member");
    alarm(DEADLINE_SECONDS);
    if (strcmp(argv[1], "node") == 0 || strcmp(argv[1], "member") == 0)
        return serve_node(strcmp(argv[1], "member") == 0);
    union address address = address_of(argv[1]);
    int listener = new_listener(&address);
    pid_t child = fork();
    if (child < 0)
        fail("fork");
    if (child == 0) {
        be_client(&address);
        return 0;
    }
    serve_one(listener);
    int status;
    if (waitpid(child, &status, 0) != child)
        fail("waitpid");
    return status == 0 ? 0 : 1;
}
