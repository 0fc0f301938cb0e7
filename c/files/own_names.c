/* Sockets beside the one that has a port's file. */
#include "files/own_names.h"

#include "files/datagram_port.h"
#include "files/origin.h"
#include "files/port_link.h"
#include "files/socketfile.h"
#include "kernel/beyond_limit.h"
#include "kernel/file_info.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rt/text.h"
#include "rules/address.h"
#include "rules/ip.h"
#include "rules/kernel_name.h"
#include "rules/own_name.h"
#include "rules/settings.h"

#define ENTRIES_SIZE 1024 /* calls may run on small stacks */

/* struct linux_dirent64 (getdents(2)). */
#define ENTRY_LENGTH_AT 16
#define ENTRY_NAME_AT 19

/* The port's own names in the directory, one after the other. */
struct walk {
    long fd; /* or -errno, also of reading: the walk is not complete then */
    struct unsock_span directory;
    uint16_t port;
    int type;
    size_t at;
    size_t filled;
    struct unsock_name name;
    struct sockaddr_un path;
    socklen_t length;
    _Alignas(8) char entries[ENTRIES_SIZE];
};

/* `directory` ends with a NUL. */
static void begin_in(struct walk *walk, struct unsock_span directory, uint16_t port, int type) {
    walk->fd = unsock_descriptor(__NR_openat, AT_FDCWD, directory.at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    walk->directory = directory;
    walk->port = port;
    walk->type = type;
    walk->at = walk->filled = 0;
}

static void begin(struct walk *walk, uint16_t port, int type) {
    begin_in(walk, (struct unsock_span){unsock_settings.directory, unsock_settings.directory_length}, port, type);
}

static void end(const struct walk *walk) {
    if (walk->fd >= 0)
        unsock_sys(__NR_close, walk->fd);
}

static void take_path(struct walk *walk, struct unsock_span name) {
    struct unsock_text text;
    walk->path.sun_family = AF_UNIX;
    unsock_text_start(&text, walk->path.sun_path, sizeof(walk->path.sun_path));
    unsock_text_span(&text, walk->directory);
    unsock_text_char(&text, '/');
    unsock_text_span(&text, name);
    walk->length = (socklen_t)(UNSOCK_SUN_PATH_OFFSET + text.length + 1);
}

static bool next(struct walk *walk) {
    while (walk->fd >= 0) {
        if (walk->at >= walk->filled) {
            long count = unsock_sys(__NR_getdents64, walk->fd, walk->entries, sizeof(walk->entries));
            if (count <= 0) {
                unsock_sys(__NR_close, walk->fd);
                walk->fd = count < 0 ? count : -ENOENT;
                return false;
            }
            walk->filled = (size_t)count;
            walk->at = 0;
        }
        const char *entry = walk->entries + walk->at;
        uint16_t length;
        memcpy(&length, entry + ENTRY_LENGTH_AT, sizeof(length));
        walk->at += length;
        struct unsock_span name = unsock_span_of(entry + ENTRY_NAME_AT);
        if (!unsock_kernel_name_read_file(name, &walk->name) || !walk->name.own || walk->name.port != walk->port ||
            walk->name.type != walk->type)
            continue;
        take_path(walk, name);
        return true;
    }
    return false;
}

/* Was every name seen? */
static bool is_complete(const struct walk *walk) {
    return walk->fd == -ENOENT;
}

static bool clashes(const struct unsock_bind_request *request, const struct walk *walk) {
    struct sockaddr_un own;
    if (walk->name.address_known)
        /* One for both families has nobody beside it: a [::] here is for IPv6 alone. */
        return unsock_ip_conflict(&request->ip, request->spelling.v6only, &walk->name.address, true);
    if (unsock_ip_is_wildcard(&request->ip))
        return request->ip.family == walk->name.address.family ||
               (request->ip.family == AF_INET6 && !request->spelling.v6only);
    socklen_t length = unsock_own_name_path(&request->ip, request->type, &own);
    return length == walk->length && unsock_same(&own, &walk->path, length);
}

UNSOCK_OWN_FRAME long unsock_own_names_clash(const struct unsock_bind_request *request) {
    struct walk walk;
    bool found = false;
    begin(&walk, request->ip.port, request->type);
    while (!found && next(&walk))
        found = clashes(request, &walk) && !unsock_socketfile_is_stale(&walk.path, walk.length);
    end(&walk);
    return found ? 1 : is_complete(&walk) ? 0 : walk.fd;
}

UNSOCK_OWN_FRAME bool unsock_own_names_admit(const struct unsock_bind_request *request, bool *same) {
    struct walk walk;
    bool admitted = true;
    begin(&walk, request->ip.port, request->type);
    while (admitted && next(&walk)) {
        if (!clashes(request, &walk) || unsock_socketfile_is_stale(&walk.path, walk.length))
            continue;
        struct unsock_origin origin = unsock_origin_read(walk.path.sun_path);
        admitted = unsock_origin_admits(&origin, request, same);
    }
    end(&walk);
    return admitted && is_complete(&walk);
}

/* Is there any, with a socket? Left-over ones go. True where that cannot be told. */
UNSOCK_OWN_FRAME static bool any(uint16_t port, int type) {
    struct walk walk;
    bool found = false;
    begin(&walk, port, type);
    while (!found && next(&walk)) {
        found = !unsock_socketfile_is_stale(&walk.path, walk.length);
        if (!found && unsock_file_inode(walk.path.sun_path) > 0)
            unsock_sys(__NR_unlinkat, AT_FDCWD, walk.path.sun_path, 0);
    }
    end(&walk);
    return found || !is_complete(&walk);
}

UNSOCK_OWN_FRAME bool unsock_own_names_left(const char *directory, uint16_t port, int type) {
    struct walk walk;
    begin_in(&walk, unsock_span_of(directory), port, type);
    bool found = next(&walk);
    end(&walk);
    return found || !is_complete(&walk);
}

long unsock_own_names_tell(const struct unsock_bind_request *request) {
    if (request->type == SOCK_DGRAM)
        return unsock_datagram_port_is_several(request->ip.port) ? 0 : unsock_datagram_port_divide(request->ip.port);
    struct unsock_port_link link = unsock_port_link_get(request->ip.port);
    if (link.several)
        return 0;
    link.several = true;
    return unsock_port_link_put(request->ip.port, &link);
}

long unsock_own_names_bind(const struct unsock_bind_request *request, struct unsock_bound *bound) {
    if (unsock_own_names_tell(request) < 0)
        return -EADDRINUSE;
    socklen_t length = unsock_own_name_path(&request->ip, request->type, &bound->path);
    long result = unsock_socketfile_bind(request->socket, &bound->path, length, -1);
    if (result == -EADDRINUSE && unsock_file_inode(bound->path.sun_path) > 0 &&
        unsock_socketfile_is_stale(&bound->path, length)) {
        unsock_sys(__NR_unlinkat, AT_FDCWD, bound->path.sun_path, 0);
        result = unsock_socketfile_bind(request->socket, &bound->path, length, -1);
    }
    if (result < 0) {
        unsock_own_names_gone(request->ip.port, request->type);
        return result;
    }
    bound->how = UNSOCK_BOUND_HIDDEN;
    bound->hidden = UNSOCK_OWN_NAME_TAG;
    bound->inode = unsock_origin_note(bound->path.sun_path, request);
    return 0;
}

void unsock_own_names_clear(const struct unsock_bind_request *request) {
    struct sockaddr_un path;
    socklen_t length = unsock_own_name_path(&request->ip, request->type, &path);
    if (unsock_file_inode(path.sun_path) > 0 && unsock_socketfile_is_stale(&path, length))
        unsock_sys(__NR_unlinkat, AT_FDCWD, path.sun_path, 0);
}

void unsock_own_names_holder(const struct unsock_ip *holder, bool v6only) {
    struct unsock_port_link link = unsock_port_link_get(holder->port);
    link.several = link.several && any(holder->port, SOCK_STREAM);
    link.ip = *holder;
    link.v6only = v6only;
    /* What cannot be written costs clients a call; what is wrong would lead them wrong. */
    if (unsock_port_link_put(holder->port, &link) < 0 && !link.several)
        unsock_port_link_remove(holder->port);
}

void unsock_own_names_holder_gone(uint16_t port, int type) {
    struct unsock_port_link link;
    if (type == SOCK_DGRAM) {
        unsock_own_names_gone(port, type);
        return;
    }
    link = unsock_port_link_get(port);
    link.several = link.several && any(port, type);
    link.ip.family = 0;
    if (!link.several || unsock_port_link_put(port, &link) < 0)
        unsock_port_link_remove(port);
}

static void stream_gone(uint16_t port) {
    struct sockaddr_un path;
    struct unsock_port_link link = unsock_port_link_get(port);
    if (!link.several || any(port, SOCK_STREAM))
        return;
    link.several = false;
    unsock_address_path(port, SOCK_STREAM, &path);
    if (link.ip.family == 0 || unsock_file_inode(path.sun_path) <= 0 || unsock_port_link_put(port, &link) < 0)
        unsock_port_link_remove(port);
}

void unsock_own_names_gone(uint16_t port, int type) {
    if (type == SOCK_STREAM)
        stream_gone(port);
    else if (unsock_datagram_port_is_several(port) && !any(port, type))
        unsock_datagram_port_unite(port);
}

UNSOCK_OWN_FRAME bool unsock_own_names_promote(uint16_t port, int type, const struct sockaddr_un *path) {
    struct walk walk;
    bool moved = false;
    if (type == SOCK_STREAM ? !unsock_port_link_get(port).several : !unsock_datagram_port_is_aside(path))
        return false;
    begin(&walk, port, type);
    /* Of which socket it is must be known, for whoever binds next to it. A datagram socket's file tells. */
    while (!moved && next(&walk))
        moved = (walk.name.address_known || type == SOCK_DGRAM) && unsock_file_inode(walk.path.sun_path) > 0 &&
                !unsock_socketfile_is_stale(&walk.path, walk.length) &&
                unsock_sys(__NR_renameat, AT_FDCWD, walk.path.sun_path, AT_FDCWD, path->sun_path) == 0;
    end(&walk);
    if (moved && type == SOCK_STREAM)
        unsock_own_names_holder(&walk.name.address, true);
    else if (moved)
        unsock_own_names_gone(port, type);
    return moved;
}
