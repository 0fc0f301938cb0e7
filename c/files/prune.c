/* Removing what is left over in a directory of socket files. */
#include "files/prune.h"

#include "files/directory_change.h"
#include "files/lock.h"
#include "files/other_directory.h"
#include "files/port.h"
#include "files/port_leave.h"
#include "files/socketfile.h"
#include "kernel/file_info.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/system_calls.h"
#include "rt/text.h"
#include "rules/file_name.h"
#include "rules/port_name.h"
#include "rules/port_record.h"
#include "rules/settings.h"

/* PORT.sock and a socket's file go together, and are mended where others live. Is this left over? */
static bool prune_port(enum unsock_file_kind kind, struct unsock_port_key key, struct unsock_port_entry entry,
                       bool remove) {
    struct unsock_port_entry first;
    bool several;
    enum unsock_port_holder holder = unsock_port_look(key, &first, &several);
    if (kind == UNSOCK_FILE_NEXT)
        return true;
    if (kind == UNSOCK_FILE_RECORD)
        return (holder != UNSOCK_PORT_OURS || !several) && !unsock_port_has_unknown_record(key);
    if (kind == UNSOCK_FILE_PORT && holder != UNSOCK_PORT_OURS)
        return false;
    if (kind == UNSOCK_FILE_PORT)
        entry = first;
    long probe = unsock_socketfile_probe();
    enum unsock_port_life life = unsock_port_ask(probe, key, &entry);
    bool over = life == UNSOCK_PORT_DEAD || (kind == UNSOCK_FILE_PORT && life == UNSOCK_PORT_GONE);
    if (over && remove)
        unsock_port_leave(key, &entry, life, probe);
    unsock_socketfile_probe_end(probe);
    return over;
}

/*
 * With the directory locked. Returns 1 when it is left over, 0 or -errno. An unfinished lock's file is that of a thread
 * that was killed; one that is just being made is not missed: who makes it tries again, as the lock is held here.
 */
static long prune(const char *path, size_t directory, struct sockaddr_un *address, bool remove) {
    struct unsock_port_key key;
    struct unsock_port_entry entry;
    struct unsock_span last = unsock_span_of(path + directory);
    socklen_t size = (socklen_t)(UNSOCK_SUN_PATH_OFFSET + strlen(path) + 1);
    enum unsock_file_kind kind = unsock_file_name_read(last, &key, &entry);
    int64_t inode = unsock_file_inode(path);
    bool socket = inode > 0, link = !socket && unsock_file_is_link(path), over = false;
    if (inode < 0)
        return 0;
    if (kind == UNSOCK_FILE_SOCKET ? socket : link && key.number != 0)
        over = prune_port(kind, key, entry, remove);
    else if (unsock_file_name_is_unfinished_lock(last))
        over = !socket && !link;
    else if (kind != UNSOCK_FILE_SOCKET)
        over = socket && unsock_socketfile_is_stale(address, size);
    if (!over || !remove)
        return over;
    /* These have gone with their port, if they may be taken away. */
    if (kind == UNSOCK_FILE_SOCKET)
        return unsock_file_inode(path) == inode ? -EPERM : 1;
    if (kind == UNSOCK_FILE_PORT && link)
        return 1;
    long removed = unsock_directory_unlink(path);
    return removed < 0 ? removed : 1;
}

int unsock_prune(const char *path, int remove) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct unsock_lock lock;
    struct unsock_other_directory visit;
    size_t length = strlen(path), directory = length;
    while (directory > 0 && path[directory - 1] != '/')
        directory--;
    if (directory < 2 || directory == length || length >= sizeof(address.sun_path) ||
        !unsock_other_directory_begin(&visit, path, directory - 1))
        return -EINVAL;
    memcpy(address.sun_path, path, length + 1);
    long result = unsock_lock_take_in(&lock, path, directory - 1);
    if (result == 0)
        result = prune(path, directory, &address, remove != 0);
    /* And with it the lock's file, whoever left it. */
    unsock_lock_drop(&lock);
    unsock_other_directory_end(&visit);
    return (int)result;
}
