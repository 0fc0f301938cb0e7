/* Invents ports for plain senders (files/plain_senders.h). */
#include "files/plain_senders.h"

#include "files/bind.h"
#include "files/directory.h"
#include "files/port.h"
#include "rt/system_calls.h"

#define FIRST_PORT 61000 /* above the default ephemeral range */
#define PLACES 1024
#define LOOKS 8             /* for each new port: the most senders checked for being gone, and ports for being stale */
#define TAKEN_FIRST 32      /* ports found in use before ports are checked for being stale */
#define ANSWERS_SECONDS 120 /* a port is kept for this time after the last datagram to or from its sender */

struct sender {
    uint32_t version; /* a version counter (rt/base.h) */
    uint32_t length;  /* of `name`; 0: the place is free */
    int32_t process;  /* the process that took the port, and gives it back */
    bool linked;      /* the port's file is a hard link to a socket file of this process */
    int64_t used;     /* the last datagram to or from the sender, in seconds of CLOCK_MONOTONIC_COARSE */
    uint64_t file[2]; /* unsock_file_key of the port's file */
    struct sockaddr_un name;
};

static struct sender *senders; /* PLACES of them; NULL before the first one */
static void *chunk;            /* the same memory, as unsock_table_chunk keeps it */
static int used_senders;       /* one more than the highest place that was ever used */
static uint32_t sender_cursor; /* where the next search for a place begins */

static uint32_t places_used(void) {
    return (uint32_t)__atomic_load_n(&used_senders, __ATOMIC_ACQUIRE);
}

static int64_t seconds(void) {
    struct timespec time = {0};
    unsock_clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    return time.tv_sec;
}

static socklen_t path_of_port(uint32_t place, struct sockaddr_un *path) {
    return unsock_address_path((uint16_t)(FIRST_PORT + place), SOCK_DGRAM, path);
}

/* Copies a place. False if the place is free, or is being written. */
static bool read_place(uint32_t place, struct sender *sender) {
    const struct sender *from = &senders[place];
    uint32_t begun = unsock_seqlock_begin(&from->version);
    memcpy(sender, from, sizeof(*sender));
    return unsock_seqlock_holds(&from->version, begun) && sender->length != 0;
}

/* True if the port's file is still the link that was made for `sender`, and not another process's file. */
static bool is_our_link(uint32_t place, const struct sender *sender) {
    struct sockaddr_un path;
    uint64_t file[2];
    path_of_port(place, &path);
    return unsock_file_key(path.sun_path, file) == 0 && unsock_same(file, sender->file, sizeof(file));
}

/* Makes the port's file: a hard link to `own`, the receiver's file; or if that is NULL, a dangling symbolic link. */
static long make_port_link(const struct sockaddr_un *own, const struct sockaddr_un *path) {
    if (!own)
        return unsock_directory_symlink("unsock: a plain Unix sender's port", path->sun_path);
    return unsock_directory_link(own->sun_path, path->sun_path);
}

/* Takes the port by making its file, which only one process can do. If the port is taken, `clears` is true and the
 * port's file leads to no live socket, removes the names of stale sockets, and tries again if none is live. */
static long take_port(uint32_t place, const struct sockaddr_un *own, bool clears, uint64_t file[2]) {
    struct sockaddr_un path;
    path_of_port(place, &path);
    long result = make_port_link(own, &path);
    struct unsock_port_key key = {(uint16_t)(FIRST_PORT + place), SOCK_DGRAM};
    if (result == -EEXIST && clears && unsock_port_sweep_dead(key) > 0)
        result = make_port_link(own, &path);
    return result < 0 ? result : unsock_file_key(path.sun_path, file);
}

/* Claims a free place, or one whose sender is gone and got no datagram for ANSWERS_SECONDS: frees that one's port. */
static bool find_place(uint32_t *place, int64_t time, unsigned *probes) {
    for (uint32_t i = 0; i < PLACES; i++) {
        struct sender sender;
        uint32_t candidate = __atomic_fetch_add(&sender_cursor, 1, __ATOMIC_RELAXED) % PLACES;
        if (!read_place(candidate, &sender)) {
            *place = candidate;
            if (unsock_seqlock_claim(&senders[candidate].version, unsock_seqlock_begin(&senders[candidate].version)))
                return true;
            continue;
        }
        if (time - sender.used < ANSWERS_SECONDS || *probes == 0)
            continue;
        --*probes;
        struct sockaddr_un path;
        UNSOCK_CLOSED long probe = unsock_socketfile_probe();
        enum unsock_port_life life = unsock_socketfile_life_at_rest(probe, &sender.name, sender.length);
        if ((life != UNSOCK_PORT_STALE && life != UNSOCK_PORT_GONE) ||
            !unsock_seqlock_claim(&senders[candidate].version, sender.version))
            continue;
        path_of_port(candidate, &path);
        if (is_our_link(candidate, &sender))
            unsock_directory_unlink(path.sun_path);
        senders[candidate].length = 0;
        *place = candidate;
        return true;
    }
    return false;
}

static uint16_t invent(const struct sockaddr_un *own, const struct sockaddr_un *name, socklen_t length, int64_t time) {
    uint32_t place;
    unsigned probes = LOOKS;
    __atomic_store_n(&senders, unsock_table_chunk(&chunk, NULL, PLACES * sizeof(struct sender)), __ATOMIC_RELAXED);
    if (!senders)
        return 0;
    for (int i = 0; i < PLACES && find_place(&place, time, &probes); i++) {
        struct sender *sender = &senders[place];
        long result = take_port(place, own, i >= TAKEN_FIRST && i < TAKEN_FIRST + LOOKS, sender->file);
        if (result == 0) {
            memcpy(&sender->name, name, length);
            sender->used = time;
            sender->linked = own != NULL;
            sender->process = (int32_t)unsock_getpid();
            sender->length = length;
            unsock_seqlock_publish(&senders[place].version);
            unsock_table_reach(&used_senders, (int)place);
            return (uint16_t)(FIRST_PORT + place);
        }
        unsock_seqlock_publish(&senders[place].version);
        if (result != -EEXIST)
            break;
    }
    return 0;
}

uint16_t unsock_plain_sender_port(const struct unsock_fd *entry, const struct sockaddr_un *name, socklen_t length) {
    struct sender sender;
    struct sockaddr_un own = {.sun_family = AF_UNIX};
    int64_t time = seconds();
    /* A relative path gets no port: a reply to the path, from this working directory, would reach another socket. */
    if (length <= UNSOCK_SUN_PATH_OFFSET + 1 || length > sizeof(*name) ||
        (name->sun_family == AF_UNIX && name->sun_path[0] != '/' && name->sun_path[0] != '\0'))
        return 0;
    for (uint32_t place = 0; place < places_used(); place++) {
        if (senders[place].length != length || !read_place(place, &sender) || sender.length != length ||
            !unsock_same(&sender.name, name, length) || !is_our_link(place, &sender))
            continue;
        senders[place].used = time;
        return (uint16_t)(FIRST_PORT + place);
    }
    bool has_file = entry->kind == UNSOCK_KIND_LOCAL && (entry->flags & UNSOCK_FILE);
    if (has_file)
        unsock_port_own_path(entry, &own);
    /* If another process has renamed the file (unsock_port_join), there is nothing to link to. */
    bool linked = has_file && unsock_file_inode(own.sun_path) > 0;
    return has_file || entry->kind == UNSOCK_KIND_FOREIGN ? invent(linked ? &own : NULL, name, length, time) : 0;
}

socklen_t unsock_plain_sender_find(uint16_t port, struct sockaddr_un *name) {
    struct sender sender;
    uint32_t place = (uint32_t)port - FIRST_PORT;
    if (port < FIRST_PORT || place >= places_used() || !read_place(place, &sender))
        return 0;
    int64_t time = seconds();
    if (is_our_link(place, &sender)) {
        senders[place].used = time;
        memcpy(name, &sender.name, sizeof(*name));
        return sender.length;
    }
    return time - sender.used < ANSWERS_SECONDS ? unsock_address_path(0, SOCK_DGRAM, name) : 0;
}

/* Gives back this process's ports whose files are links to `file`; or, with NULL, those whose links are dangling. */
static void give_ports_back(const uint64_t *file) {
    struct sockaddr_un path;
    struct sender sender;
    int32_t process = (int32_t)unsock_getpid();
    for (uint32_t place = 0; place < places_used(); place++) {
        if (senders[place].length == 0 || !read_place(place, &sender) || sender.process != process ||
            sender.linked != (file != NULL) || (file && !unsock_same(sender.file, file, sizeof(sender.file))) ||
            !is_our_link(place, &sender) || !unsock_seqlock_claim(&senders[place].version, sender.version))
            continue;
        path_of_port(place, &path);
        unsock_directory_unlink(path.sun_path);
        senders[place].length = 0;
        unsock_seqlock_publish(&senders[place].version);
    }
}

/* Runs before the close: while the socket is open, its ports are not stale, and no other process takes their names. */
UNSOCK_AT_EXIT void unsock_plain_sender_release(const struct unsock_fd *entry) {
    struct sockaddr_un path;
    uint64_t file[2];
    if (places_used() == 0 || entry->type != SOCK_DGRAM)
        return;
    unsock_port_own_path(entry, &path);
    if (unsock_file_key(path.sun_path, file) == 0)
        give_ports_back(file);
}

UNSOCK_AT_EXIT void unsock_plain_sender_end(void) {
    if (places_used() > 0)
        give_ports_back(NULL);
}
