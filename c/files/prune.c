/* Removes stale names: one, or all in a directory, port by port. */
#include "files/release.h"

#include "files/directory.h"
#include "files/port.h"
#include "rt/system_calls.h"

/* True if the name is stale. With `remove`, removes a stale socket's names as its close would (unsock_port_leave). */
static bool prune_port(enum unsock_file_kind kind, struct unsock_port_entry entry, bool remove) {
    struct unsock_port_key key = unsock_port_key_of(&entry);
    struct sockaddr_un path;
    struct unsock_port_entry first;
    bool several;
    enum unsock_port_holder holder = unsock_port_look(key, &path, &first, &several);
    if (kind == UNSOCK_FILE_NEXT)
        return true;
    if (holder == UNSOCK_PORT_UNREAD)
        return false;
    if (kind == UNSOCK_FILE_RECORD)
        return (holder != UNSOCK_PORT_OURS || !several) && !unsock_port_has_unknown_record(key);
    if (kind == UNSOCK_FILE_PORT && holder != UNSOCK_PORT_OURS)
        return false;
    if (kind == UNSOCK_FILE_PORT)
        entry = first;
    UNSOCK_CLOSED long probe = unsock_socketfile_probe();
    enum unsock_port_life life = unsock_port_ask(probe, &entry);
    bool over = life == UNSOCK_PORT_STALE || (kind == UNSOCK_FILE_PORT && life == UNSOCK_PORT_GONE);
    if (over && remove)
        unsock_port_leave(&entry, life, probe);
    return over;
}

/* True if the file is older than a minute. An unfinished control file gets its name within a moment. */
static bool is_older_than_a_minute(const char *path) {
    struct statx status;
    struct timespec now = {0};
    unsock_clock_gettime(CLOCK_REALTIME, &now);
    return unsock_statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_MTIME, &status) == 0 &&
           status.stx_mtime.tv_sec < now.tv_sec - 60;
}

/* Returns 1 if the name is stale, 0 if not, or -errno. With `remove`, removes a stale one. The caller has locked the
 * directory, so an unfinished lock file is stale: its maker cannot give it the lock's name now, and tries again. */
static long prune_path(const char *path, size_t directory, struct sockaddr_un *address, bool remove) {
    struct unsock_port_entry entry;
    struct unsock_span last = unsock_span_of(path + directory);
    socklen_t size = (socklen_t)(UNSOCK_SUN_PATH_OFFSET + strlen(path) + 1);
    enum unsock_file_kind kind = unsock_file_name_read(last, &entry);
    int64_t inode = unsock_file_inode(path);
    bool socket = inode > 0, link = !socket && unsock_file_is_link(path), over = false;
    if (inode < 0)
        return 0;
    if (kind == UNSOCK_FILE_SOCKET ? socket : link && entry.ip.port != 0)
        over = prune_port(kind, entry, remove);
    else if (unsock_file_name_is_unfinished_lock(last))
        over = !socket && !link;
    else if (unsock_file_name_is_unfinished_control(last))
        over = !socket && !link && is_older_than_a_minute(path);
    else if (kind != UNSOCK_FILE_SOCKET)
        over = socket && unsock_socketfile_is_stale(address, size);
    if (!over || !remove)
        return over;
    /* prune_port has removed the name, if this user may remove it. */
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
    struct unsock_directory_visit visit;
    size_t length = strlen(path), directory = (size_t)(unsock_base_name(unsock_span_of(path)).at - path);
    if (directory < 2 || directory == length || length >= sizeof(address.sun_path) ||
        !unsock_directory_visit_begin(&visit, path, directory - 1))
        return -EINVAL;
    memcpy(address.sun_path, path, length + 1);
    long result = unsock_lock_take_in(&lock, path, directory - 1);
    if (result == 0)
        result = prune_path(path, directory, &address, remove != 0);
    /* Also removes the lock's file, whichever process left it. */
    unsock_lock_drop(&lock);
    unsock_directory_visit_end(&visit);
    return (int)result;
}

struct pruning {
    const struct unsock_prune_seer *seer;
    bool remove;
    long probe;
};

static void tell_pruned(const struct pruning *pruning, const char *path, long result) {
    if (result != 0)
        pruning->seer->see(pruning->seer->context, unsock_base_name(unsock_span_of(path)).at, result);
}

static void prune_listed(const struct pruning *pruning, struct unsock_port_key key) {
    struct unsock_port *port = unsock_port_borrow();
    struct sockaddr_un plain, own;
    if (!port)
        return;
    unsock_port_read(port, key, NULL);
    unsock_address_path(key.number, key.type, &plain);
    bool living = false;
    unsigned count = port->holder == UNSOCK_PORT_OURS ? port->count : 0;
    for (unsigned i = 0; i < count; i++) {
        port->life[i] = (uint8_t)unsock_port_ask(pruning->probe, &port->entries[i]);
        living |= port->life[i] != UNSOCK_PORT_STALE && port->life[i] != UNSOCK_PORT_GONE;
    }
    for (unsigned i = 0; i < count; i++) {
        const struct unsock_port_entry *entry = &port->entries[i];
        bool first = unsock_port_same(entry, &port->first), stale = port->life[i] == UNSOCK_PORT_STALE;
        unsock_port_path(entry, &own);
        /* If the target of PORT.sock is missing, PORT.sock is removed, or becomes a link to another socket. */
        if (!stale && !(first && port->life[i] == UNSOCK_PORT_GONE))
            continue;
        const char *name = stale ? own.sun_path : plain.sun_path;
        long result = unsock_prune(name, pruning->remove);
        /* An earlier unsock_prune, for another socket of the port, may have removed the file already. */
        result = result == 0 && unsock_file_inode(name) == -ENOENT ? 1 : result;
        tell_pruned(pruning, first && (!stale || !living) ? plain.sun_path : own.sun_path, result);
    }
    unsock_port_return(port);
}

static void prune_name(const struct pruning *pruning, const struct unsock_directory_list_one *one) {
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    struct unsock_text text = unsock_text_in(path.sun_path, sizeof(path.sun_path));
    unsock_text_join(&text, unsock_settings.directory, "/", one->name);
    socklen_t length = (socklen_t)(UNSOCK_SUN_PATH_OFFSET + text.length + 1);
    if (text.cut || unsock_socketfile_is_live(pruning->probe, &path, length))
        return;
    long result = unsock_prune(path.sun_path, pruning->remove);
    if (one->what < UNSOCK_DIRECTORY_LIST_RECORD)
        tell_pruned(pruning, path.sun_path, result);
}

long unsock_prune_directory(const char *directory, bool remove, const struct unsock_prune_seer *seer) {
    struct unsock_directory_list names;
    struct unsock_directory_list_one one;
    struct pruning pruning = {.seer = seer, .remove = remove};
    long result = unsock_directory_list_open(&names, directory, 0);
    if (result < 0)
        return result;
    pruning.probe = unsock_socketfile_probe();
    while (unsock_directory_list_next(&names, &one)) {
        if (one.what == UNSOCK_DIRECTORY_LIST_PORT)
            prune_listed(&pruning, unsock_port_key_of(&one.entry));
        else if (one.what == UNSOCK_DIRECTORY_LIST_PLAIN || one.what == UNSOCK_DIRECTORY_LIST_UNLISTED)
            prune_name(&pruning, &one);
    }
    unsock_entries_rewind(&names.entries);
    while (remove && unsock_directory_list_next(&names, &one)) {
        if (one.what >= UNSOCK_DIRECTORY_LIST_RECORD)
            prune_name(&pruning, &one);
    }
    result = names.entries.fd < 0 ? names.entries.fd : 0;
    unsock_close_open(pruning.probe);
    unsock_directory_list_close(&names);
    return result;
}
