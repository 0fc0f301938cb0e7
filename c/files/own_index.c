/* Which names with addresses a port has. */
#include "files/own_index.h"

#include "files/inside.h"
#include "kernel/file_info.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rt/text.h"
#include "rules/own_list.h"
#include "rules/own_name.h"
#include "rules/settings.h"

#define SUFFIX ".list"
#define NEW_SUFFIX ".new"
#define START ':' /* a link cannot be empty */
#define PATH_MOST (UNSOCK_DIR_MOST + sizeof("/.65535.dgram.sock" SUFFIX NEW_SUFFIX))

static void start_path(struct unsock_text *path, char *buffer, uint16_t port, bool fresh) {
    unsock_text_start(path, buffer, PATH_MOST);
    unsock_text_span(path, (struct unsock_span){unsock_settings.directory, unsock_settings.directory_length});
    unsock_text_put(path, "/.");
    unsock_text_number(path, port, 10, 1);
    unsock_text_put(path, ".dgram.sock" SUFFIX);
    unsock_text_put(path, fresh ? NEW_SUFFIX : "");
}

UNSOCK_OWN_FRAME bool unsock_own_index_read(uint16_t port, char *text, struct unsock_span *list) {
    char path[PATH_MOST];
    struct unsock_text name;
    start_path(&name, path, port, false);
    long length = unsock_sys(__NR_readlinkat, AT_FDCWD, path, text, UNSOCK_OWN_LIST_MOST);
    if (length < 1 || length >= UNSOCK_OWN_LIST_MOST || text[0] != START)
        return false;
    *list = (struct unsock_span){text + 1, (size_t)length - 1};
    return unsock_own_list_is_whole(*list);
}

static long remove_link(uint16_t port) {
    char path[PATH_MOST], first;
    struct unsock_text name;
    start_path(&name, path, port, false);
    long result = unsock_inside_unlink(path);
    /* Two answers decide: one that stayed unseen would stay for ever. */
    if (result == -ENOENT && unsock_sys(__NR_readlinkat, AT_FDCWD, path, &first, sizeof(first)) == -ENOENT)
        return 0;
    return result;
}

/* In one step. Where it cannot be written there is none any more: returns 0, or -errno where it is as it was. */
static long put_link(uint16_t port, const char *text) {
    char path[PATH_MOST], fresh[PATH_MOST];
    struct unsock_text name;
    start_path(&name, path, port, false);
    start_path(&name, fresh, port, true);
    unsock_inside_unlink(fresh); /* of one who was killed */
    long result = unsock_inside_symlink(text, fresh);
    if (result == 0)
        result = unsock_inside_rename(fresh, path);
    if (result == 0)
        return 0;
    unsock_inside_unlink(fresh);
    return remove_link(port);
}

void unsock_own_index_begin(uint16_t port) {
    static const char empty[] = {START, '\0'};
    char path[PATH_MOST];
    struct unsock_text name;
    start_path(&name, path, port, false);
    /* What a process left there that was killed has to go; where it cannot, nothing can be added to it either. */
    if (unsock_inside_symlink(empty, path) == -EEXIST)
        put_link(port, empty);
}

/* What stays moves forward over what goes: the list never becomes longer. */
struct shortening {
    struct unsock_span rest;
    char *end;
    struct unsock_ip ip;
    bool alias;
    size_t length;
};

static bool next(struct shortening *list) {
    size_t before = list->rest.length;
    bool there = unsock_own_list_next(&list->rest, &list->ip, &list->alias);
    list->length = before - list->rest.length;
    return there;
}

static void keep(struct shortening *list) {
    memmove(list->end, list->rest.at - list->length, list->length);
    list->end += list->length;
}

static struct shortening shorten(char *buffer, struct unsock_span list) {
    return (struct shortening){.rest = list, .end = buffer + 1};
}

/* Leaves out those whose file is not there: of a process that was killed. Returns the text's length. */
UNSOCK_OWN_FRAME static size_t keep_present(char *buffer, struct unsock_span list, uint16_t port) {
    struct shortening present = shorten(buffer, list);
    struct sockaddr_un path;
    while (next(&present)) {
        present.ip.port = port;
        unsock_own_name_path(&present.ip, &path);
        if (unsock_file_inode(path.sun_path) != -ENOENT)
            keep(&present);
    }
    *present.end = '\0';
    return (size_t)(present.end - buffer);
}

UNSOCK_OWN_FRAME long unsock_own_index_add(const struct unsock_ip *ip, bool alias) {
    char buffer[UNSOCK_OWN_LIST_MOST];
    struct unsock_span list;
    if (!unsock_own_index_read(ip->port, buffer, &list))
        return remove_link(ip->port);
    if (unsock_own_list_has(list, ip, alias))
        return 0;
    struct unsock_text text = {buffer, sizeof(buffer), list.length + 1, false};
    unsock_own_list_put(&text, ip, alias);
    if (text.cut) {
        text = (struct unsock_text){buffer, sizeof(buffer), keep_present(buffer, list, ip->port), false};
        unsock_own_list_put(&text, ip, alias);
    }
    return text.cut ? remove_link(ip->port) : put_link(ip->port, buffer);
}

UNSOCK_OWN_FRAME void unsock_own_index_drop(uint16_t port, bool alias, unsigned count) {
    char buffer[UNSOCK_OWN_LIST_MOST];
    struct unsock_span list;
    if (count == 0 || !unsock_own_index_read(port, buffer, &list))
        return;
    struct shortening left = shorten(buffer, list);
    while (next(&left)) {
        if (left.alias == alias && count > 0)
            count--;
        else
            keep(&left);
    }
    *left.end = '\0';
    put_link(port, buffer);
}

long unsock_own_index_end(uint16_t port) {
    char fresh[PATH_MOST];
    struct unsock_text name;
    start_path(&name, fresh, port, true);
    long result = unsock_inside_unlink(fresh); /* of one who was killed */
    return result < 0 && result != -ENOENT ? result : remove_link(port);
}
