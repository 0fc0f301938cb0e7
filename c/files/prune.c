/* Removing what is left over in a directory of socket files. */
#include "files/prune.h"

#include "files/lock.h"
#include "files/own_names.h"
#include "files/socketfile.h"
#include "kernel/file_info.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rt/text.h"
#include "rules/kernel_name.h"

#define NAME_MOST 32 /* of a port's link */
#define LIST_SUFFIX ".list"

/* Does the name of an address lead to the file of the socket that has the port? */
static bool is_holder_of(const struct unsock_name *name, struct unsock_span text) {
    struct unsock_name holder;
    return unsock_kernel_name_read_file(text, &holder) && !holder.own && holder.hidden == 0 &&
           holder.port == name->port && holder.type == name->type;
}

/* DIR/.PORT.sock.list and DIR/.PORT.dgram.sock.list tell of the port's names with addresses. */
static bool read_list_name(struct unsock_span last, struct unsock_name *name) {
    size_t suffix = sizeof(LIST_SUFFIX) - 1;
    if (last.at[0] != '.' || last.length <= 1 + suffix ||
        !unsock_same(last.at + last.length - suffix, LIST_SUFFIX, suffix))
        return false;
    struct unsock_span plain = {last.at + 1, last.length - 1 - suffix};
    return unsock_kernel_name_read_file(plain, name) && !name->own && name->hidden == 0;
}

/* DIR/.PORT.sock is beside DIR/PORT.sock; DIR/PORT.dgram.sock leads to itself, beside DIR/.PORT.udp. */
static bool read_link_name(const char *path, struct unsock_span last, struct unsock_name *name) {
    char text[NAME_MOST];
    bool dotted = last.at[0] == '.';
    if (read_list_name(last, name))
        return true;
    long length = unsock_sys(__NR_readlinkat, AT_FDCWD, path, text, sizeof(text));
    if (unsock_kernel_name_read_file(last, name) && name->own)
        return is_holder_of(name, (struct unsock_span){text, length > 0 ? (size_t)length : 0});
    struct unsock_span plain = {last.at + dotted, last.length - dotted};
    if (!unsock_kernel_name_read_file(plain, name) || name->own || name->hidden != 0)
        return false;
    if (dotted || name->type != SOCK_DGRAM)
        return dotted && name->type == SOCK_STREAM;
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
    unsock_text_put(&text, name.type == SOCK_DGRAM ? "." : "");
    unsock_text_number(&text, name.port, 10, 1);
    unsock_text_put(&text, name.type == SOCK_DGRAM ? ".udp" : ".sock");
    return unsock_file_inode(file) == -ENOENT && !unsock_own_names_left(parent, name.port, name.type);
}

int unsock_prune(const char *path, int remove) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct unsock_lock lock;
    size_t length = strlen(path), directory = length;
    while (directory > 0 && path[directory - 1] != '/')
        directory--;
    if (path[0] != '/' || directory < 2 || directory == length || length >= sizeof(address.sun_path))
        return -EINVAL;
    memcpy(address.sun_path, path, length + 1);
    long result = unsock_lock_take_in(&lock, path, directory - 1);
    if (result == 0) {
        socklen_t size = (socklen_t)(UNSOCK_SUN_PATH_OFFSET + length + 1);
        result =
            unsock_file_inode(path) > 0 ? unsock_socketfile_is_stale(&address, size) : is_idle_link(path, directory);
        if (result && remove) {
            long removed = unsock_sys(__NR_unlinkat, AT_FDCWD, path, 0);
            result = removed < 0 ? removed : result;
        }
    }
    /* And with it the lock's file, whoever left it. */
    unsock_lock_drop(&lock);
    return (int)result;
}
