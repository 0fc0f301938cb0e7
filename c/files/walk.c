/* A port's names with addresses, in a directory. */
#include "files/walk.h"

#include "files/own_index.h"
#include "kernel/beyond_limit.h"
#include "kernel/file_info.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rt/text.h"
#include "rules/kernel_name.h"
#include "rules/own_list.h"
#include "rules/own_name.h"
#include "rules/settings.h"

/* struct linux_dirent64 (getdents(2)). */
#define ENTRY_LENGTH_AT 16
#define ENTRY_KIND_AT 18
#define ENTRY_NAME_AT 19
#define ENTRY_UNKNOWN 0 /* DT_UNKNOWN */
#define ENTRY_LINK 10   /* DT_LNK */

static void start(struct unsock_walk *walk, struct unsock_span directory, uint16_t port) {
    walk->directory = directory;
    walk->port = port;
    walk->links = walk->indexed = false;
    walk->at = walk->filled = 0;
}

static void open_directory(struct unsock_walk *walk) {
    walk->fd = unsock_descriptor(__NR_openat, AT_FDCWD, walk->directory.at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

void unsock_walk_begin_in(struct unsock_walk *walk, struct unsock_span directory, uint16_t port) {
    start(walk, directory, port);
    open_directory(walk);
}

void unsock_walk_begin(struct unsock_walk *walk, uint16_t port) {
    start(walk, (struct unsock_span){unsock_settings.directory, unsock_settings.directory_length}, port);
    walk->indexed = unsock_own_index_read(port, walk->entries, &walk->index);
    walk->fd = -ENOENT;
    if (!walk->indexed)
        open_directory(walk);
}

void unsock_walk_end(const struct unsock_walk *walk) {
    if (walk->fd >= 0)
        unsock_sys(__NR_close, walk->fd);
}

static void take_path(struct unsock_walk *walk, struct unsock_span name) {
    struct unsock_text text;
    walk->path.sun_family = AF_UNIX;
    unsock_text_start(&text, walk->path.sun_path, sizeof(walk->path.sun_path));
    unsock_text_span(&text, walk->directory);
    unsock_text_char(&text, '/');
    unsock_text_span(&text, name);
    walk->length = (socklen_t)(UNSOCK_SUN_PATH_OFFSET + text.length + 1);
}

static bool next_in_index(struct unsock_walk *walk) {
    struct unsock_ip ip;
    bool alias;
    while (unsock_own_list_next(&walk->index, &ip, &alias)) {
        if (alias != walk->links)
            continue;
        ip.port = walk->port;
        walk->name = (struct unsock_name){.port = walk->port, .type = SOCK_DGRAM, .own = true, .address_known = true};
        walk->name.address = ip;
        walk->length = unsock_own_name_path(&ip, &walk->path);
        return true;
    }
    return false;
}

bool unsock_walk_is_there(const struct unsock_walk *walk) {
    if (!walk->indexed)
        return true;
    int64_t inode = unsock_file_inode(walk->path.sun_path);
    return inode != -ENOENT && (inode == 0 && unsock_file_is_link(walk->path.sun_path)) == walk->links;
}

bool unsock_walk_next(struct unsock_walk *walk) {
    if (walk->indexed)
        return next_in_index(walk);
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
            walk->name.type != SOCK_DGRAM)
            continue;
        take_path(walk, name);
        uint8_t kind = (uint8_t)entry[ENTRY_KIND_AT];
        bool link = kind == ENTRY_LINK || (kind == ENTRY_UNKNOWN && unsock_file_is_link(walk->path.sun_path));
        if (link == walk->links)
            return true;
    }
    return false;
}

bool unsock_walk_is_complete(const struct unsock_walk *walk) {
    return walk->fd == -ENOENT;
}
