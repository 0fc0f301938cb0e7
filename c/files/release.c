/* What becomes of socket files when descriptors close. */
#include "files/release.h"

#include "files/removal.h"
#include "kernel/file_info.h"
#include "kernel/holders.h"
#include "memory/fds.h"
#include "memory/option_table.h"
#include "rt/net.h"

#define LATE_MOST 128
#define TAKEN 0xff /* not a kind: a thread is at it */

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
    place->state = old->state;
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

void unsock_release(const struct unsock_fd *old) {
    if (unsock_removal_try(old) || !unsock_fd_knows_inode(old))
        return;
    if (!keep_for_later(old)) {
        unsock_release_late();
        keep_for_later(old);
    }
}

void unsock_release_last(const struct unsock_fd *old, uint64_t socket) {
    if (!unsock_removal_try(old) && unsock_fd_knows_inode(old) && socket != 0 && !unsock_holders_may_be_others(socket))
        unsock_removal_force(old);
}

bool unsock_release_was(const struct sockaddr_un *path) {
    int64_t inode = unsock_file_inode(path->sun_path);
    int row = unsock_option_find(SOL_SOCKET, SO_REUSEADDR);
    for (int i = 0; inode > 0 && i < LATE_MOST; i++) {
        if (__atomic_load_n(&late[i].kind, __ATOMIC_ACQUIRE) == UNSOCK_KIND_LOCAL && late[i].file.inode == (uint64_t)inode)
            return unsock_option_is_set(-1, &late[i], row);
    }
    return false;
}

void unsock_release_late(void) {
    for (int i = 0; i < LATE_MOST; i++) {
        uint8_t kind = UNSOCK_KIND_LOCAL;
        if (!__atomic_compare_exchange_n(&late[i].kind, &kind, TAKEN, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            continue;
        bool done = unsock_removal_try(&late[i]);
        __atomic_store_n(&late[i].kind, done ? UNSOCK_KIND_UNKNOWN : UNSOCK_KIND_LOCAL, __ATOMIC_RELEASE);
    }
}
