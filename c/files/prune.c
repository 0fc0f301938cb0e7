/* Removing what is left over in a directory of socket files. */
#include "files/prune.h"

#include "files/inside.h"
#include "files/lock.h"
#include "files/own_names.h"
#include "files/port.h"
#include "files/port_leave.h"
#include "files/socketfile.h"
#include "kernel/file_info.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rt/text.h"
#include "rules/kernel_name.h"
#include "rules/port_name.h"
#include "rules/port_record.h"
#include "rules/settings.h"

#define NAME_MOST 32 /* of a port's link */
#define LIST_SUFFIX ".list"

/* Does the name of an address lead to the file of the socket that has the port? */
static bool is_holder_of(const struct unsock_name *name, struct unsock_span text) {
    struct unsock_name holder;
    return unsock_kernel_name_read_file(text, &holder) && !holder.own && holder.hidden == 0 &&
           holder.port == name->port && holder.type == name->type;
}

/* DIR/.PORT.dgram.sock.list tells of the port's names with addresses. */
static bool read_list_name(struct unsock_span last, struct unsock_name *name) {
    size_t suffix = sizeof(LIST_SUFFIX) - 1;
    if (last.at[0] != '.' || last.length <= 1 + suffix ||
        !unsock_same(last.at + last.length - suffix, LIST_SUFFIX, suffix))
        return false;
    struct unsock_span plain = {last.at + 1, last.length - 1 - suffix};
    return unsock_kernel_name_read_file(plain, name) && !name->own && name->hidden == 0;
}

/* DIR/PORT.dgram.sock leads to itself, beside DIR/.PORT.udp. */
static bool read_link_name(const char *path, struct unsock_span last, struct unsock_name *name) {
    char text[NAME_MOST];
    if (read_list_name(last, name))
        return true;
    long length = unsock_sys(__NR_readlinkat, AT_FDCWD, path, text, sizeof(text));
    if (unsock_kernel_name_read_file(last, name) && name->own)
        return is_holder_of(name, (struct unsock_span){text, length > 0 ? (size_t)length : 0});
    if (!unsock_kernel_name_read_file(last, name) || name->own || name->hidden != 0 || name->type != SOCK_DGRAM)
        return false;
    return length == (long)last.length && unsock_same(text, last.at, last.length);
}

/* One of these links, of which nothing is left that it could lead to or tell of. */
static bool is_idle_link(const char *path, size_t directory) {
    struct unsock_name name;
    char parent[sizeof((struct sockaddr_un){0}.sun_path)], file[sizeof(parent) + NAME_MOST];
    struct unsock_span last = unsock_span_of(path + directory);
    if (last.length < 2 || !unsock_file_is_link(path) || !read_link_name(path, last, &name))
        return false;
    struct unsock_text text;
    unsock_text_start(&text, parent, sizeof(parent));
    unsock_text_span(&text, (struct unsock_span){path, directory - 1});
    unsock_text_start(&text, file, sizeof(file));
    unsock_text_span(&text, (struct unsock_span){path, directory});
    unsock_text_char(&text, '.');
    unsock_text_number(&text, name.port, 10, 1);
    unsock_text_put(&text, ".udp");
    return unsock_file_inode(file) == -ENOENT && !unsock_own_names_left(parent, name.port);
}

/* A port's names (rules/port_name.h): which of them the path is. */
enum kind { NONE, FIRST, OWN, RECORD, NEXT };

static enum kind read_kind(struct unsock_span last, uint16_t *port, struct unsock_port_entry *entry) {
    struct unsock_name name;
    uint64_t number;
    if (unsock_port_name_read(last, port, entry))
        return OWN;
    if (unsock_kernel_name_read_file(last, &name) && name.type == SOCK_STREAM) {
        *port = name.port;
        return FIRST;
    }
    bool next = last.length > 0 && last.at[last.length - 1] == '~';
    last.length -= next;
    if (last.length < 3 || last.at[0] != '.' || last.at[last.length - 1] != '@' ||
        !unsock_span_number((struct unsock_span){last.at + 1, last.length - 2}, 10, 65535, &number))
        return NONE;
    *port = (uint16_t)number;
    return next ? NEXT : RECORD;
}

/* PORT.sock and a socket's file go together, and are mended where others live. Is this left over? */
static bool prune_port(enum kind kind, uint16_t port, struct unsock_port_entry entry, bool remove) {
    struct unsock_port_entry first;
    bool several;
    enum unsock_port_holder holder = unsock_port_look(port, &first, &several);
    if (kind == NEXT)
        return true;
    if (kind == RECORD)
        return holder != UNSOCK_PORT_OURS || !several;
    if (kind == FIRST && holder != UNSOCK_PORT_OURS)
        return false;
    if (kind == FIRST)
        entry = first;
    long probe = unsock_socketfile_probe();
    enum unsock_port_life life = unsock_port_ask(probe, port, &entry);
    bool over = life == UNSOCK_PORT_DEAD || (kind == FIRST && life == UNSOCK_PORT_GONE);
    if (over && remove)
        unsock_port_leave(port, &entry, life, probe);
    unsock_socketfile_probe_end(probe);
    return over;
}

/*
 * ".unsock.lock.N": a lock's file before it has its name (files/lock.c), of a thread that was killed. One that is just
 * being made is not missed: who makes it tries again, as the lock is held here.
 */
static bool is_unfinished_lock(struct unsock_span last) {
    static const char start[] = ".unsock.lock.";
    size_t length = sizeof(start) - 1;
    uint64_t number;
    return last.length > length && unsock_same(last.at, start, length) &&
           unsock_span_number((struct unsock_span){last.at + length, last.length - length}, 10, INT32_MAX, &number);
}

/* With the directory locked. Returns 1 when it is left over, 0 or -errno. */
static long prune(const char *path, size_t directory, struct sockaddr_un *address, bool remove) {
    uint16_t port = 0;
    struct unsock_port_entry entry;
    socklen_t size = (socklen_t)(UNSOCK_SUN_PATH_OFFSET + strlen(path) + 1);
    enum kind kind = read_kind(unsock_span_of(path + directory), &port, &entry);
    int64_t inode = unsock_file_inode(path);
    bool socket = inode > 0, over = false;
    if (inode < 0)
        return 0;
    bool of_port = kind == OWN ? socket : kind != NONE && unsock_file_is_link(path);
    if (of_port)
        over = prune_port(kind, port, entry, remove);
    else if (is_unfinished_lock(unsock_span_of(path + directory)))
        over = !socket && !unsock_file_is_link(path);
    else if (kind != OWN)
        over = socket ? unsock_socketfile_is_stale(address, size) : is_idle_link(path, directory);
    if (!over || !remove || (of_port && (kind == FIRST || kind == OWN)))
        return over;
    long removed = unsock_inside_unlink(path);
    return removed < 0 ? removed : 1;
}

int unsock_prune(const char *path, int remove) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct unsock_lock lock;
    struct unsock_settings *settings = &unsock_settings;
    char before[UNSOCK_DIR_ROOM];
    size_t length = strlen(path), directory = length, before_length = settings->directory_length;
    while (directory > 0 && path[directory - 1] != '/')
        directory--;
    if (path[0] != '/' || directory < 2 || directory == length || length >= sizeof(address.sun_path) ||
        directory > UNSOCK_DIR_MOST + 1)
        return -EINVAL;
    memcpy(address.sun_path, path, length + 1);
    long result = unsock_lock_take_in(&lock, path, directory - 1);
    if (result == 0) {
        /* A port's names are those of the directory in force. */
        memcpy(before, settings->directory, sizeof(before));
        memcpy(settings->directory, path, directory - 1);
        settings->directory[directory - 1] = '\0';
        settings->directory_length = directory - 1;
        result = prune(path, directory, &address, remove != 0);
        memcpy(settings->directory, before, sizeof(before));
        settings->directory_length = before_length;
    }
    /* And with it the lock's file, whoever left it. */
    unsock_lock_drop(&lock);
    return (int)result;
}
