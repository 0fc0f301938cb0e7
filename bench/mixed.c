/* Connects to two addresses in turn, as a proxy does. A library may redirect the first one, but not the second. */
#include "workload.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#define OTHER_ADDRESS 0x7f090001 /* 127.9.0.1 */

static void come_to_both(struct run *run) {
    struct endpoint here = run->endpoint, there = run->endpoint;
    here.type = there.type = SOCK_STREAM;
    ((struct sockaddr_in *)&there.address)->sin_addr.s_addr = htonl(OTHER_ADDRESS);
    int listeners[] = {open_server(&here), open_server(&there)};
    double start = now();
    for (long i = 0; i < run->count; i++) {
        int client = open_client(i % 2 == 0 ? &here : &there);
        int accepted = accept_client(listeners[i % 2]);
        close(client);
        close(accepted);
    }
    run->seconds = now() - start;
}

const struct workload mixed = {"mixed", 0, NULL, come_to_both};
