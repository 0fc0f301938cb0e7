/* Datagram peers that are plain Unix sockets. */
#include "files/plain_senders.h"

#include "kernel/file_info.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rules/address.h"

#define FIRST_PORT 61000 /* above the system's ephemeral range by default */
#define PLACES 256
#define PLACES_TRIED 8

struct sender {
    struct sockaddr_un name;
    uint32_t length; /* 0: free or being written */
};

static struct sender senders[PLACES];
static uint32_t writing;

static uint32_t hash(const struct sockaddr_un *name, socklen_t length) {
    uint32_t sum = 2166136261u; /* FNV-1a */
    for (socklen_t i = 0; i < length; i++)
        sum = (sum ^ ((const uint8_t *)name)[i]) * 16777619u;
    return sum;
}

static bool holds(const struct sender *sender, const struct sockaddr_un *name, socklen_t length) {
    return __atomic_load_n(&sender->length, __ATOMIC_ACQUIRE) == length &&
           unsock_same(&sender->name, name, length);
}

/* A port that is somebody's own socket file must not be given to a plain sender. */
static bool is_somebodys(uint16_t port) {
    struct sockaddr_un path;
    unsock_address_path(port, SOCK_DGRAM, &path);
    return unsock_file_inode(path.sun_path) >= 0;
}

uint16_t unsock_plain_sender_port(const struct sockaddr_un *name, socklen_t length) {
    uint32_t start = hash(name, length);
    uint32_t expected = 0;
    uint32_t place = start % PLACES;
    if (length <= UNSOCK_SUN_PATH_OFFSET || length > sizeof(*name))
        return FIRST_PORT + PLACES;
    for (uint32_t i = 0; i < PLACES_TRIED; i++) {
        if (holds(&senders[(start + i) % PLACES], name, length))
            return (uint16_t)(FIRST_PORT + (start + i) % PLACES);
    }
    for (uint32_t i = PLACES_TRIED; i > 0; i--) {
        uint32_t candidate = (start + i - 1) % PLACES;
        if (senders[candidate].length == 0 && !is_somebodys((uint16_t)(FIRST_PORT + candidate)))
            place = candidate;
    }
    /* Another thread is writing an entry: this datagram's sender can wait for its next one. */
    if (!__atomic_compare_exchange_n(&writing, &expected, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return FIRST_PORT + PLACES;
    __atomic_store_n(&senders[place].length, 0, __ATOMIC_RELEASE);
    memcpy(&senders[place].name, name, length);
    __atomic_store_n(&senders[place].length, length, __ATOMIC_RELEASE);
    __atomic_store_n(&writing, 0, __ATOMIC_RELEASE);
    return (uint16_t)(FIRST_PORT + place);
}

socklen_t unsock_plain_sender_find(uint16_t port, struct sockaddr_un *name) {
    if (port < FIRST_PORT || port >= FIRST_PORT + PLACES)
        return 0;
    const struct sender *sender = &senders[port - FIRST_PORT];
    socklen_t length = __atomic_load_n(&sender->length, __ATOMIC_ACQUIRE);
    if (length > 0)
        memcpy(name, &sender->name, length);
    return length;
}
