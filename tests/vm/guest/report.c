/* Prints the lines by which peer.c and the native programs of the guest report to the test. */
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/tipc.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

void fail(const char *format, ...) {
    int error = errno;
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, error != 0 ? ": %s\n" : "\n", strerror(error));
    exit(1);
}

static void print_inet(const struct sockaddr_storage *address) {
    char text[INET6_ADDRSTRLEN];
    const struct sockaddr_in *in = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
    if (address->ss_family == AF_INET)
        printf("AF_INET %s:%u", inet_ntop(AF_INET, &in->sin_addr, text, sizeof text), ntohs(in->sin_port));
    else
        printf("AF_INET6 [%s]:%u", inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text), ntohs(in6->sin6_port));
}

static void print_other(const struct sockaddr_storage *address) {
    const struct sockaddr_vm *vm = (const struct sockaddr_vm *)address;
    const struct sockaddr_tipc *tipc = (const struct sockaddr_tipc *)address;
    const struct sockaddr_un *un = (const struct sockaddr_un *)address;
    switch (address->ss_family) {
    case AF_VSOCK:
        printf("AF_VSOCK cid %u port %u", vm->svm_cid, vm->svm_port);
        return;
    case AF_TIPC:
        printf("AF_TIPC addrtype %u", tipc->addrtype);
        return;
    case AF_UNIX:
        printf("AF_UNIX %s", un->sun_path[0] != 0 ? un->sun_path : "(no path)");
        return;
    default:
        printf("family %u", address->ss_family);
    }
}

void print_address(const char *label, const struct sockaddr_storage *address, socklen_t length) {
    printf("%s ", label);
    if (address->ss_family == AF_INET || address->ss_family == AF_INET6)
        print_inet(address);
    else
        print_other(address);
    printf(" (%u bytes)\n", length);
    fflush(stdout);
}
