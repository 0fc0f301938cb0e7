/* Datagram peers that are plain Unix sockets. */
#include "strangers.h"

#include "rt/mem.h"
#include "rt/sys.h"
#include "socketfile.h"

#define FIRST_PORT 61000 /* above the system's ephemeral range by default */
#define PLACES 256
#define PLACES_TRIED 8

struct stranger {
    struct sockaddr_un name;
    uint32_t length; /* 0: free or being written */
};

static struct stranger strangers[PLACES];
static uint32_t writing;

static uint32_t hash(const struct sockaddr_un *name, socklen_t length) {
    uint32_t sum = 2166136261u; /* FNV-1a */
    for (socklen_t i = 0; i < length; i++)
        sum = (sum ^ ((const uint8_t *)name)[i]) * 16777619u;
    return sum;
}

static bool holds(const struct stranger *stranger, const struct sockaddr_un *name, socklen_t length) {
    return __atomic_load_n(&stranger->length, __ATOMIC_ACQUIRE) == length &&
           unsock_same(&stranger->name, name, length);
}

/* A port that is somebody's own socket file must not be given to a stranger. */
static bool is_somebodys(uint16_t port) {
    struct sockaddr_un path;
    unsock_address_path(port, SOCK_DGRAM, &path);
    return unsock_socketfile_inode(path.sun_path) >= 0;
}

uint16_t unsock_strangers_port(const struct sockaddr_un *name, socklen_t length) {
    uint32_t start = hash(name, length);
    uint32_t expected = 0;
    uint32_t place = start % PLACES;
    if (length <= UNSOCK_SUN_PATH_OFFSET || length > sizeof(*name))
        return FIRST_PORT + PLACES;
    for (uint32_t i = 0; i < PLACES_TRIED; i++) {
        if (holds(&strangers[(start + i) % PLACES], name, length))
            return (uint16_t)(FIRST_PORT + (start + i) % PLACES);
    }
    for (uint32_t i = PLACES_TRIED; i > 0; i--) {
        uint32_t candidate = (start + i - 1) % PLACES;
        if (strangers[candidate].length == 0 && !is_somebodys((uint16_t)(FIRST_PORT + candidate)))
            place = candidate;
    }
    /* Another thread is writing an entry: this datagram's sender can wait for its next one. */
    if (!__atomic_compare_exchange_n(&writing, &expected, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return FIRST_PORT + PLACES;
    __atomic_store_n(&strangers[place].length, 0, __ATOMIC_RELEASE);
    memcpy(&strangers[place].name, name, length);
    __atomic_store_n(&strangers[place].length, length, __ATOMIC_RELEASE);
    __atomic_store_n(&writing, 0, __ATOMIC_RELEASE);
    return (uint16_t)(FIRST_PORT + place);
}

socklen_t unsock_strangers_find(uint16_t port, struct sockaddr_un *name) {
    if (port < FIRST_PORT || port >= FIRST_PORT + PLACES)
        return 0;
    const struct stranger *stranger = &strangers[port - FIRST_PORT];
    socklen_t length = __atomic_load_n(&stranger->length, __ATOMIC_ACQUIRE);
    if (length > 0)
        memcpy(name, &stranger->name, length);
    return length;
}
