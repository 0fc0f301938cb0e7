/* Removing what is left over in a directory of socket files. */
#include "files/prune.h"

#include "files/inside.h"
#include "files/lock.h"
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

/* A port's names (rules/port_name.h): which of them the path is. */
enum kind { NONE, FIRST, OWN, RECORD, NEXT };

static enum kind read_kind(struct unsock_span last, struct unsock_port_key *key, struct unsock_port_entry *entry) {
    struct unsock_name name;
    bool next;
    if (unsock_port_name_read(last, key, entry))
        return OWN;
    if (unsock_port_record_name_read(last, key, &next))
        return next ? NEXT : RECORD;
    if (!unsock_kernel_name_read_file(last, &name))
        return NONE;
    *key = (struct unsock_port_key){name.port, (uint8_t)name.type};
    return FIRST;
}

/* PORT.sock and a socket's file go together, and are mended where others live. Is this left over? */
static bool prune_port(enum kind kind, struct unsock_port_key key, struct unsock_port_entry entry, bool remove) {
    struct unsock_port_entry first;
    bool several;
    enum unsock_port_holder holder = unsock_port_look(key, &first, &several);
    if (kind == NEXT)
        return true;
    if (kind == RECORD)
        return holder != UNSOCK_PORT_OURS || !several;
    if (kind == FIRST && holder != UNSOCK_PORT_OURS)
        return false;
    if (kind == FIRST)
        entry = first;
    long probe = unsock_socketfile_probe();
    enum unsock_port_life life = unsock_port_ask(probe, key, &entry);
    bool over = life == UNSOCK_PORT_DEAD || (kind == FIRST && life == UNSOCK_PORT_GONE);
    if (over && remove)
        unsock_port_leave(key, &entry, life, probe);
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
    struct unsock_port_key key = {0};
    struct unsock_port_entry entry;
    socklen_t size = (socklen_t)(UNSOCK_SUN_PATH_OFFSET + strlen(path) + 1);
    enum kind kind = read_kind(unsock_span_of(path + directory), &key, &entry);
    int64_t inode = unsock_file_inode(path);
    bool socket = inode > 0, over = false;
    if (inode < 0)
        return 0;
    bool of_port = kind == OWN ? socket : kind != NONE && unsock_file_is_link(path);
    if (of_port)
        over = prune_port(kind, key, entry, remove);
    else if (is_unfinished_lock(unsock_span_of(path + directory)))
        over = !socket && !unsock_file_is_link(path);
    else if (kind != OWN)
        over = socket && unsock_socketfile_is_stale(address, size);
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
