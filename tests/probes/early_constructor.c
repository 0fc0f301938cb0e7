/* Sockets that a library's constructor made work in the program. Preload early_library beside this program. */
#include "probe.h"

__attribute__((weak)) int early_server(void);

int main(void) {
    probe_start();
    if (early_server == NULL)
        die("early_library is not preloaded");
    int server = early_server(), client = connected("127.0.0.1", own_port(server));
    address seen = unwritten(), own = name_of(client);
    int peer = CHECK(accept(server, &seen.any, &seen.length));
    fact_yes("in the program: server saw what the client is", same_address(&seen, &own));
    close(peer);
    close(client);
    close(server);
    return 0;
}
