/* What the names in a directory lead to, and which of them are stale. */
#include "program/answers.h"

#include "files/directory.h"
#include "files/port.h"
#include "files/release.h"
#include "process/run_directory.h"
#include "program/run.h"
#include "rt/system_calls.h"

/* A connected datagram socket takes nothing from others. */
static bool takes_anybody(long probe, struct unsock_port_key key, const struct unsock_port_entry *entry) {
    enum unsock_port_life life = unsock_port_ask(probe, key, entry);
    return !(entry->marks & UNSOCK_PORT_CONNECTED) && life != UNSOCK_PORT_DEAD && life != UNSOCK_PORT_GONE;
}

/* The first one of those that a client tries; that of a killed server where no other one is there. */
static bool find(const struct unsock_port *port, const struct unsock_ip *ip, struct unsock_port_entry *found) {
    struct unsock_port_entry entry;
    long probe = unsock_socketfile_probe();
    bool any = false, good = false;
    for (unsigned i = 0; !good && unsock_port_candidate(port, ip, 0, false, i, &entry); i++) {
        good = takes_anybody(probe, port->key, &entry);
        if (good || !any)
            *found = entry;
        any = true;
    }
    unsock_socketfile_probe_end(probe);
    return any;
}

/*
 * Writes its path, in the directory in force: of the first one that a client tries (unsock_port_candidate) which lives
 * and takes anybody; PORT.sock where nobody is there for the address. `type`: SOCK_STREAM or SOCK_DGRAM. Returns 0 or
 * -ENOBUFS.
 */
static long client_path(const struct unsock_ip *ip, int type, struct sockaddr_un *path) {
    struct unsock_port_key key = {ip->port, (uint8_t)type};
    struct unsock_port_entry entry;
    struct unsock_port *port = unsock_port_borrow();
    if (!port)
        return -ENOBUFS;
    unsock_port_read(port, key);
    if (port->holder == UNSOCK_PORT_OURS && find(port, ip, &entry))
        unsock_port_path(key, &entry, path);
    else
        unsock_address_path(ip->port, type, path);
    unsock_port_return(port);
    return 0;
}

static void put_pruned(void *context, const char *name, long result) {
    struct unsock_text *text = context;
    unsock_text_join(text, name, "\t", result < 0 ? "-" : "");
    unsock_text_number(text, (uint64_t)(result < 0 ? -result : result), 10, 1);
    unsock_text_char(text, '\n');
}

int unsock_prune_all(const char *directory, int remove, char *buffer, size_t size) {
    struct unsock_text text;
    struct unsock_prune_seer seer = {put_pruned, &text};
    unsock_text_start(&text, buffer, size);
    long result = unsock_prune_directory(directory, remove != 0, &seer);
    return text.cut ? -ENOBUFS : (int)result;
}

int unsock_path_of(const char *directory, const void *address, uint32_t length, int type, char *path, size_t size) {
    struct unsock_directory_visit visit;
    struct sockaddr_un found;
    struct unsock_text text;
    struct unsock_ip ip;
    if (!unsock_ip_read(address, length, &ip) || (type != SOCK_STREAM && type != SOCK_DGRAM) ||
        !unsock_directory_visit_begin(&visit, directory, strlen(directory)))
        return -EINVAL;
    long result = client_path(&ip, type, &found);
    unsock_directory_visit_end(&visit);
    if (result < 0)
        return (int)result;
    unsock_text_start(&text, path, size);
    unsock_text_put(&text, found.sun_path);
    return text.cut ? -ENAMETOOLONG : (int)text.length;
}

void unsock_private_prune(const char *directory, int remove, char *text, size_t size) {
    struct unsock_text paths;
    unsock_text_start(&paths, text, size);
    unsock_private_sweep(directory, remove != 0, &paths);
    unsock_run_map_sweep(directory, remove != 0, &paths);
}

void unsock_directory_held_path(struct unsock_text *path, const char *directory) {
    struct statx status;
    size_t before = path->length;
    long fd = unsock_openat(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    unsock_text_put(path, "/proc/self/fd/");
    unsock_text_number(path, (uint64_t)fd, 10, 1);
    if (fd >= 0 && unsock_statx(AT_FDCWD, path->buffer + before, 0, STATX_TYPE, &status) == 0)
        return;
    path->length = before;
    unsock_text_put(path, directory);
}
