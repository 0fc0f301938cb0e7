/* Sockets whose file could not be removed when they were closed. */
#include "files/deferred_removal.h"

#include "files/port_own.h"
#include "files/remove_file.h"
#include "files/target_file.h"
#include "kernel/file_info.h"
#include "memory/fds.h"
#include "memory/state.h"
#include "rt/net.h"
#include "rt/table.h"
#include "rules/ip.h"

#define LATE_MOST 1024 /* of more the files stay, until prune or the next bind */
#define LATE_LOOKS 2
#define TAKEN 0xff /* not a kind: a thread is at it */

/*
 * Sockets that were still in use when their last descriptor here was closed: by another process, or by a thread of this
 * one that is in accept or waits for a datagram, and will come back (Java closes so). Tried again later.
 */
static UNSOCK_TABLE struct unsock_fd late[LATE_MOST];
static bool any_kept; /* some was, at some time: at the end of most processes nobody has to look */

static bool locked_out; /* some was kept because of the lock alone: it can go as soon as that can be had */

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

static bool has_same_file(const struct unsock_fd *one, const struct unsock_fd *other) {
    return one->local.port == other->local.port && one->type == other->type && one->local.tag == other->local.tag &&
           unsock_ip_same_address(&one->local, &other->local);
}

/* The place of this very file; NULL: it is not kept. */
static struct unsock_fd *find_late(const struct unsock_fd *old) {
    for (int i = 0; __atomic_load_n(&any_kept, __ATOMIC_RELAXED) && i < LATE_MOST; i++) {
        if (__atomic_load_n(&late[i].kind, __ATOMIC_ACQUIRE) == UNSOCK_KIND_LOCAL && has_same_file(&late[i], old))
            return &late[i];
    }
    return NULL;
}

/* The name may be another socket's by then: which file it is now, tells them apart. */
static void note_file(struct unsock_fd *old) {
    struct sockaddr_un path;
    if (unsock_state_has_remote(old->state))
        return;
    unsock_port_own_path(old, &path);
    int64_t inode = unsock_file_inode(path.sun_path);
    old->file.inode = inode > 0 ? (uint64_t)inode : 0;
}

UNSOCK_OWN_FRAME static bool keep_for_later(const struct unsock_fd *closed) {
    int i = 0;
    struct unsock_fd noted = *closed, *old = &noted;
    note_file(old);
    __atomic_store_n(&any_kept, true, __ATOMIC_RELAXED);
    while (i < LATE_MOST && !take_place(&late[i], old))
        i++;
    return i < LATE_MOST;
}

void unsock_deferred_removal_keep(const struct unsock_fd *old, bool for_the_lock) {
    if (for_the_lock)
        __atomic_store_n(&locked_out, true, __ATOMIC_RELAXED);
    keep_for_later(old);
}

/* Who had such a socket open when it was kept may be done with it. */
static void look_again(struct unsock_fd *place) {
    uint8_t kind = UNSOCK_KIND_LOCAL;
    if (!__atomic_compare_exchange_n(&place->kind, &kind, TAKEN, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return;
    long done = unsock_remove_file_try(place);
    if (done < 0)
        __atomic_store_n(&locked_out, true, __ATOMIC_RELAXED);
    __atomic_store_n(&place->kind, done > 0 ? UNSOCK_KIND_UNKNOWN : UNSOCK_KIND_LOCAL, __ATOMIC_RELEASE);
}

UNSOCK_OWN_FRAME void unsock_deferred_removal_again(void) {
    __atomic_store_n(&locked_out, false, __ATOMIC_RELAXED);
    for (int i = 0; i < LATE_MOST; i++)
        look_again(&late[i]);
    unsock_target_file_again();
}

/* A child that closes what it has inherited may close thousands: each of them looks again at a few, not at all. */
static void look_at_some(void) {
    static unsigned turn;
    for (int i = 0; i < LATE_LOOKS; i++)
        look_again(&late[__atomic_fetch_add(&turn, 1, __ATOMIC_RELAXED) % LATE_MOST]);
}

void unsock_deferred_removal_result(const struct unsock_fd *old, long done) {
    struct unsock_fd *kept = find_late(old);
    uint8_t kind = UNSOCK_KIND_LOCAL;
    if (done > 0) {
        if (kept)
            __atomic_compare_exchange_n(&kept->kind, &kind, UNSOCK_KIND_UNKNOWN, false, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED);
        if (__atomic_load_n(&locked_out, __ATOMIC_RELAXED))
            unsock_deferred_removal_again();
        return;
    }
    if (done < 0)
        __atomic_store_n(&locked_out, true, __ATOMIC_RELAXED);
    /* By closing a duplicate, and then the next one, it comes here again. */
    if (kept || keep_for_later(old))
        return;
    if (done == 0)
        look_at_some();
    keep_for_later(old);
}

bool unsock_deferred_removal_any(void) {
    for (int i = 0; i < LATE_MOST && __atomic_load_n(&any_kept, __ATOMIC_RELAXED); i++) {
        if (__atomic_load_n(&late[i].kind, __ATOMIC_ACQUIRE) == UNSOCK_KIND_LOCAL)
            return true;
    }
    return unsock_target_file_any();
}

bool unsock_deferred_removal_any_for_the_lock(void) {
    return __atomic_load_n(&locked_out, __ATOMIC_RELAXED);
}
