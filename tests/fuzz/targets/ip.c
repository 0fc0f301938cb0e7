/* IP addresses: a sockaddr of any length, and text. */
#include "../kernel.h"

#include "rules/ip.h"

static void as_sockaddr(const uint8_t *data, size_t size) {
    struct unsock_ip ip, again;
    union unsock_sockaddr written;
    void *address = fuzz_exact(data, size);
    if (unsock_ip_read(address, size, &ip)) {
        socklen_t length = unsock_ip_write(&ip, AF_INET6, &written);
        HOLDS(unsock_ip_read(&written, length, &again));
        HOLDS(unsock_ip_same_address(&ip, &again) && ip.port == again.port);
    }
    free(address);
}

static void as_text(const uint8_t *data, size_t size) {
    struct unsock_ip ip, again;
    char *given = fuzz_exact(data, size);
    if (unsock_ip_parse((struct unsock_span){given, size}, &ip)) {
        HOLDS(unsock_ip_parse(unsock_span_of(UNSOCK_IP_TEXT(&ip)), &again) && unsock_ip_same_address(&ip, &again));
        HOLDS(unsock_ip_in_prefix(&ip, &again, ip.family == AF_INET ? 32 : 128));
    }
    free(given);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    as_sockaddr(data, size);
    as_text(data, size);
    return 0;
}
