/* The exported unsock_* functions that only look at the settings: for tests, the self-test and embedding programs. */
#include "process/start.h"
#include "rules/port_name.h"
#include "unsock.h"

int unsock_covers(const void *address, uint32_t length) {
    struct unsock_ip ip;
    return unsock_active() && unsock_ip_read(address, length, &ip) && unsock_address_covered(&ip);
}

int unsock_path(uint16_t port, int type, char *path, size_t size) {
    struct sockaddr_un address;
    if (!unsock_active() || (type != SOCK_STREAM && type != SOCK_DGRAM))
        return -EINVAL;
    unsock_address_path(port, type, &address);
    size_t length = strlen(address.sun_path);
    if (length >= size)
        return -ENAMETOOLONG;
    memcpy(path, address.sun_path, length + 1);
    return (int)length;
}
