/* Removing socket files when their last descriptor goes. */
#include "bindfile.h"

#include "holders.h"
#include "option_table.h"
#include "options.h"
#include "rt/mem.h"
#include "rt/sys.h"
#include "socketfile.h"

#define LATE_MOST 128
#define MOVING 0xff        /* an index that no hidden name has */
#define RENAME_EXCHANGED 2u /* renameat2(2) */
#define MISSING_MOST 8 /* hidden names are given out from the lowest free one on */
#define TAKEN 0xff /* not a kind: a thread is at it */

static socklen_t path_of(const struct unsock_fd *entry, struct sockaddr_un *path) {
    if (entry->flags & UNSOCK_SHADOW)
        return unsock_address_shadow_path(entry->local.port, entry->type, entry->local.tag, path);
    return unsock_address_path(entry->local.port, entry->type, path);
}

/* Is the file at `path` the one that the entry's socket was bound to? Unknown counts as yes: the kernel decides then. */
static bool is_own_file(const struct unsock_fd *entry, const struct sockaddr_un *path) {
    int64_t inode = unsock_socketfile_inode(path->sun_path);
    if (inode <= 0)
        return false;
    bool known = !(entry->flags & (UNSOCK_CONNECTED | UNSOCK_SENT)) && entry->file.inode != 0;
    return !known || entry->file.inode == (uint64_t)inode;
}

void unsock_bindfile_renamed(const struct unsock_fd *before, bool shadow, uint8_t tag) {
    struct unsock_fd old = *before;
    for (int fd = 0; fd < unsock_fds_end(); fd++) {
        struct unsock_fd *entry = unsock_fds_known(fd);
        if (!entry || !unsock_bindfile_same_port(entry, &old) || ((entry->flags ^ old.flags) & UNSOCK_SHADOW) != 0 ||
            entry->local.tag != old.local.tag)
            continue;
        entry->flags = (uint16_t)((entry->flags & ~UNSOCK_SHADOW) | (shadow ? UNSOCK_SHADOW : 0));
        entry->local.tag = tag;
    }
}

/* Another process may have a socket that waits behind the port's file: one that forked, or was executed by this one. */
static bool promote_stranger(const struct unsock_fd *old, const struct sockaddr_un *path, struct unsock_lock *lock) {
    struct sockaddr_un hidden;
    int missing = 0;
    for (unsigned i = 1; i <= UNSOCK_SHADOWS_MOST && missing < MISSING_MOST; i++) {
        socklen_t length = unsock_address_shadow_path(old->local.port, old->type, i, &hidden);
        bool there = unsock_socketfile_inode(hidden.sun_path) > 0;
        missing = there ? 0 : missing + 1;
        if (there && !unsock_socketfile_is_stale(&hidden, length, old->type, lock) &&
            unsock_sys(__NR_renameat, AT_FDCWD, hidden.sun_path, AT_FDCWD, path->sun_path) == 0)
            return true;
    }
    return false;
}

/* Gives the port's file, now without a socket, to one that waits behind it. */
static bool promote_shadow(const struct unsock_fd *old, const struct sockaddr_un *path, struct unsock_lock *lock) {
    struct sockaddr_un hidden;
    for (int fd = 0; fd < unsock_fds_end(); fd++) {
        struct unsock_fd *entry = unsock_fds_known(fd);
        if (!entry || entry->kind != UNSOCK_KIND_LOCAL || !(entry->flags & UNSOCK_SHADOW) ||
            entry->type != old->type || entry->local.port != old->local.port)
            continue;
        socklen_t length = path_of(entry, &hidden);
        if (unsock_socketfile_is_stale(&hidden, length, entry->type, lock))
            continue;
        if (unsock_sys(__NR_renameat, AT_FDCWD, hidden.sun_path, AT_FDCWD, path->sun_path) == 0) {
            unsock_bindfile_renamed(entry, false, 0);
            return true;
        }
    }
    bool server = (old->flags & UNSOCK_BOUND) && !(old->flags & UNSOCK_ANY_PORT);
    return server && promote_stranger(old, path, lock);
}

/* The two swap names: the file of one is hidden behind that of the other. */
static void exchange_names(const struct unsock_fd *hidden, const struct unsock_fd *main) {
    struct sockaddr_un hidden_path, main_path;
    struct unsock_fd moved = *hidden;
    path_of(hidden, &hidden_path);
    path_of(main, &main_path);
    if (unsock_sys(__NR_renameat2, AT_FDCWD, hidden_path.sun_path, AT_FDCWD, main_path.sun_path, RENAME_EXCHANGED) < 0)
        return;
    uint8_t tag = hidden->local.tag;
    unsock_bindfile_renamed(hidden, true, MOVING);
    moved.local.tag = MOVING;
    unsock_bindfile_renamed(main, true, tag);
    unsock_bindfile_renamed(&moved, false, 0);
}

long unsock_bindfile_come_forward(int fd, const struct unsock_fd *entry) {
    bool v6only = unsock_options_flag(fd, entry, IPPROTO_IPV6, IPV6_V6ONLY);
    for (int other = 0; other < unsock_fds_end(); other++) {
        const struct unsock_fd *main = unsock_fds_known(other);
        if (!main || !unsock_bindfile_same_port(main, entry) || (main->flags & UNSOCK_SHADOW))
            continue;
        bool other_v6only = unsock_options_flag(other, main, IPPROTO_IPV6, IPV6_V6ONLY);
        if (!(main->flags & UNSOCK_LISTENING)) {
            struct unsock_lock lock;
            unsock_socketfile_lock(&lock);
            exchange_names(entry, main);
            unsock_socketfile_unlock(&lock);
            return 0;
        }
        return unsock_bindfile_conflict(&entry->local, v6only, &main->local, other_v6only) ? -EADDRINUSE : 0;
    }
    return 0;
}

/*
 * Sockets that were still in use when their last descriptor here was closed: by another process, or by a thread of this
 * one that is in accept or waits for a datagram, and will come back (Java closes so). Tried again later.
 */
static struct unsock_fd late[LATE_MOST];

static bool take_place(struct unsock_fd *place, const struct unsock_fd *old) {
    uint8_t free = UNSOCK_KIND_UNKNOWN;
    if (!__atomic_compare_exchange_n(&place->kind, &free, TAKEN, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return false;
    place->type = old->type;
    place->flags = old->flags;
    place->options = old->options;
    place->local = old->local;
    place->file.inode = old->file.inode;
    __atomic_store_n(&place->kind, old->kind, __ATOMIC_RELEASE);
    return true;
}

static bool keep_for_later(const struct unsock_fd *old) {
    int i = 0;
    while (i < LATE_MOST && !take_place(&late[i], old))
        i++;
    return i < LATE_MOST;
}

/* Returns whether there is nothing more to do. */
static bool release(const struct unsock_fd *old) {
    struct sockaddr_un path;
    struct unsock_fd now = *old;
    socklen_t length = path_of(old, &path);
    struct unsock_lock lock;
    unsock_socketfile_lock(&lock);
    bool own = is_own_file(old, &path);
    if (!own && (old->flags & UNSOCK_SHADOW)) {
        /* Another process may have given it the port's file. */
        now.flags &= (uint16_t)~UNSOCK_SHADOW;
        length = path_of(&now, &path);
        own = is_own_file(&now, &path);
    }
    bool stale = own && unsock_socketfile_is_stale(&path, length, old->type, &lock);
    if (stale && ((now.flags & UNSOCK_SHADOW) || !promote_shadow(&now, &path, &lock)))
        unsock_sys(__NR_unlinkat, AT_FDCWD, path.sun_path, 0);
    unsock_socketfile_unlock(&lock);
    return stale || !own;
}

void unsock_bindfile_release(const struct unsock_fd *old) {
    if (release(old) || (old->flags & (UNSOCK_CONNECTED | UNSOCK_SENT)) || old->file.inode == 0)
        return;
    if (!keep_for_later(old)) {
        unsock_bindfile_release_late();
        keep_for_later(old);
    }
}

void unsock_bindfile_release_last(const struct unsock_fd *old, uint64_t socket) {
    bool bound_here = !(old->flags & (UNSOCK_CONNECTED | UNSOCK_SENT)) && old->file.inode != 0;
    if (!release(old) && bound_here && socket != 0 && !unsock_holders_may_be_others(socket))
        unsock_bindfile_remove(old);
}

bool unsock_bindfile_was_released(const struct sockaddr_un *path) {
    int64_t inode = unsock_socketfile_inode(path->sun_path);
    int row = unsock_option_find(SOL_SOCKET, SO_REUSEADDR);
    for (int i = 0; inode > 0 && i < LATE_MOST; i++) {
        if (__atomic_load_n(&late[i].kind, __ATOMIC_ACQUIRE) == UNSOCK_KIND_LOCAL && late[i].file.inode == (uint64_t)inode)
            return unsock_option_is_set(-1, &late[i], row);
    }
    return false;
}

void unsock_bindfile_release_late(void) {
    for (int i = 0; i < LATE_MOST; i++) {
        uint8_t kind = UNSOCK_KIND_LOCAL;
        if (!__atomic_compare_exchange_n(&late[i].kind, &kind, TAKEN, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            continue;
        bool done = release(&late[i]);
        __atomic_store_n(&late[i].kind, done ? UNSOCK_KIND_UNKNOWN : UNSOCK_KIND_LOCAL, __ATOMIC_RELEASE);
    }
}

void unsock_bindfile_remove(const struct unsock_fd *entry) {
    struct sockaddr_un path;
    path_of(entry, &path);
    struct unsock_lock lock;
    unsock_socketfile_lock(&lock);
    if (is_own_file(entry, &path) && ((entry->flags & UNSOCK_SHADOW) || !promote_shadow(entry, &path, &lock)))
        unsock_sys(__NR_unlinkat, AT_FDCWD, path.sun_path, 0);
    unsock_socketfile_unlock(&lock);
}
