/* close, dup, close_range and the end of the process: forgets closed descriptors and removes their socket files. */
#include "calls/list.h"

#include "calls/stream.h"
#include "calls/target.h"
#include "files/control_file.h"
#include "files/directory.h"
#include "files/plain_senders.h"
#include "files/release.h"
#include "replace/replace.h"

#define AGAIN_MOST 10
#define AGAIN_FIRST_NS 50000 /* the first of AGAIN_MOST pauses, 50 ms in all (has_changed) */

/* Removes a handed-over socket from its epoll sets. The kernel would not: the service manager's descriptor keeps the
 * socket open. A forked child shares the sets with its parent: so a child that made no socket file does nothing. */
UNSOCK_OWN_FRAME static void leave_sets(int fd, const struct unsock_fd *entry) {
    struct unsock_epoll_carry carry;
    if (unsock_epoll_is_registered(fd) && unsock_this_process()->has_made && unsock_fd_is_handed(entry))
        unsock_epoll_take(fd, &carry);
}

/* Closes a socket that a control file has bound to a file elsewhere, and removes that file. */
UNSOCK_OWN_FRAME static long close_elsewhere(int fd, const struct unsock_fd *entry) {
    struct unsock_target_file where;
    unsock_target_file_find(fd, entry, &where);
    unsock_fds_forget(fd);
    long result = unsock_real_close(fd);
    unsock_target_file_release(&where);
    return result;
}

long unsock_call_close(int fd) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    if (entry && (entry->options & UNSOCK_OPTION_LINGERS))
        unsock_reset_closing(fd, entry);
    if (entry && unsock_asking(fd) && unsock_this_process_owns_descriptors())
        unsock_asking_forget(fd, entry);
    if (entry && entry->type == SOCK_DGRAM && unsock_fd_is_fresh(entry) && !unsock_sandboxed)
        unsock_identify_name(fd, entry);
    if (!entry || (!unsock_fd_has_file(entry) && !unsock_fd_is_handed(entry)) || !unsock_this_process_removes_files())
        return unsock_real_close(fd);
    if (entry->kind == UNSOCK_KIND_FOREIGN && !unsock_fd_is_handed(entry))
        return close_elsewhere(fd, entry);
    struct unsock_fd old = *entry;
    leave_sets(fd, entry);
    if (!unsock_fd_is_duplicated(entry))
        unsock_plain_sender_release(entry);
    /* Forgets the entry before the close, as another thread may get the number right after the close. */
    unsock_fds_forget(fd);
    return unsock_release_file_closing(fd, &old);
}

static void copy_entry(int fd, struct unsock_fd *copy) {
    static const struct unsock_fd unknown;
    const struct unsock_fd *entry = unsock_fds_known(fd);
    *copy = entry ? *entry : unknown;
}

/* True if another thread has changed the entry of `fd` since the copy `before`, or is changing it: the caller must
 * duplicate again. Pauses, longer each time, as that thread may wait for a processor. False after AGAIN_MOST tries. */
static bool has_changed(int fd, const struct unsock_fd *before, int tries) {
    struct unsock_fd now;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    copy_entry(fd, &now);
    now.ring = before->ring;
    bool changed = (now.flags & UNSOCK_CHANGING) || !unsock_same(&now, before, sizeof(now));
    if (changed && tries < AGAIN_MOST)
        unsock_pause(AGAIN_FIRST_NS << tries);
    return changed && tries < AGAIN_MOST;
}

/* Calls dup (`command` -1) or fcntl. Repeats the call if another thread changed the socket meanwhile. */
static long duplicate(int fd, int command, unsigned long argument) {
    struct unsock_fd before;
    for (int tries = 0;; tries++) {
        copy_entry(fd, &before);
        long result = command < 0 ? unsock_dup(fd) : unsock_real_fcntl(fd, command, argument);
        if (result < 0)
            return result;
        unsock_epoll_duplicate_set(fd, (int)result);
        if ((unsock_fds_known(fd) || unsock_fds_known((int)result)) && unsock_this_process_owns_descriptors()) {
            unsock_reuse_new((int)result);
            unsock_fds_duplicate(fd, (int)result);
        }
        if (!has_changed(fd, &before, tries))
            return result;
        unsock_fds_forget((int)result);
        unsock_close(result);
    }
}

long unsock_call_dup(int fd) {
    return duplicate(fd, -1, 0);
}

long unsock_call_fcntl(int fd, int command, unsigned long argument) {
    if (command == F_DUPFD || command == F_DUPFD_CLOEXEC)
        return duplicate(fd, command, argument);
    long result = unsock_real_fcntl(fd, command, argument);
    if (command == F_SETFL && (argument & O_NONBLOCK) && result == 0)
        unsock_fds_was_made_nonblocking(fd);
    if (result == 0 && (command == UNSOCK_F_SETOWN || command == UNSOCK_F_SETOWN_EX)) {
        unsock_redirect_expect_owner();
        unsock_urgent_expect(fd);
    }
    return result;
}

#ifndef __NR_dup2
#define unsock_dup2(from, to) unsock_dup3(from, to, 0)
#endif

/* Calls dup3, or dup2 if the program called dup2: a filter may forbid dup3. `ours`: the entries belong to this process,
 * not to its parent (vfork). `old`: the former entry of `to` if it had a socket file, else empty. */
UNSOCK_OWN_FRAME static long duplicate_over(int from, int to, bool by_dup2, int flags, const struct unsock_fd *old,
                                            bool ours) {
    struct unsock_target_file where;
    struct unsock_fd before;
    long result;
    int tries = 0;
    unsock_target_file_find(to, old, &where);
    do {
        copy_entry(from, &before);
        result = by_dup2 ? unsock_dup2(from, to) : unsock_dup3(from, to, flags);
        if (result < 0 || !ours)
            return result;
        unsock_fds_duplicate(from, to);
    } while (has_changed(from, &before, tries++));
    unsock_target_file_release(&where);
    return result;
}

static long duplicate_to(int from, int to, bool by_dup2, int flags) {
    struct unsock_fd *entry = from == to ? NULL : unsock_fds_known(to);
    struct unsock_fd old = {0};
    bool ours = (!(entry && unsock_fd_has_file(entry)) && !unsock_fds_known(from) && !entry) ||
                unsock_this_process_owns_descriptors();
    if (entry && unsock_fd_has_file(entry) && ours && !unsock_sandboxed)
        old = *entry;
    if (entry && ours && (entry->options & UNSOCK_OPTION_LINGERS) && unsock_fcntl(from, F_GETFD, 0) >= 0)
        unsock_reset_closing(to, entry);
    long result = duplicate_over(from, to, by_dup2, flags, &old, ours);
    if (result >= 0 && ours && (old.flags & UNSOCK_FILE))
        unsock_release_file(&old);
    return result;
}

long unsock_call_dup3(int from, int to, int flags) {
    return duplicate_to(from, to, false, flags);
}

long unsock_call_dup2(int from, int to) {
    if (from != to)
        return duplicate_to(from, to, true, 0);
    long valid = unsock_fcntl(from, F_GETFD, 0);
    return valid < 0 ? valid : to;
}

long unsock_call_close_range(unsigned first, unsigned last, int flags) {
    bool closes = !(flags & UNSOCK_CLOSE_RANGE_CLOEXEC) && first < (unsigned)unsock_fds_end();
    int file = closes ? unsock_fds_next_with_file((int)first) : -1;
    bool look = file >= 0 && (unsigned)file <= last && unsock_this_process_removes_files();
    /* Closes sockets at control files' targets one by one: the kernel tells a path only while the socket is open. */
    for (int fd = (int)first; look && flags == 0 && (fd = unsock_fds_next_with_file(fd)) >= 0 && (unsigned)fd <= last;
         fd++) {
        const struct unsock_fd *entry = unsock_fds_known(fd);
        if (entry && entry->kind == UNSOCK_KIND_FOREIGN)
            close_elsewhere(fd, entry);
    }
    long result = unsock_close_range(first, last, flags);
    if (result < 0 || !look)
        return result;
    for (int fd = (int)first; fd < unsock_fds_end() && (unsigned)fd <= last; fd++) {
        const struct unsock_fd *entry = unsock_fds_known(fd);
        if (!entry || unsock_fcntl(fd, F_GETFD, 0) != -EBADF)
            continue;
        struct unsock_fd old = *entry;
        unsock_fds_forget(fd);
        if (unsock_fd_has_file(&old))
            unsock_release_file(&old);
    }
    return result;
}

void unsock_call_closefrom(unsigned first) {
    uint64_t limit[2];
    if (unsock_call_close_range(first, ~0u, 0) == 0 || unsock_prlimit64(0, RLIMIT_NOFILE, NULL, limit) < 0)
        return;
    for (uint64_t fd = first; fd < limit[0] && fd <= INT32_MAX; fd++)
        unsock_call_close((int)fd);
}

UNSOCK_OWN_FRAME static void end_elsewhere(int fd, const struct unsock_fd *old) {
    struct unsock_target_file where;
    if (unsock_target_file_find(fd, old, &where))
        unsock_close(fd);
    unsock_target_file_release(&where);
}

/* Puts a new socket, which no client knows, behind the descriptor. Returns a duplicate of the old one, or -errno. */
UNSOCK_OWN_FRAME static long take_aside(int fd, int type) {
    struct sockaddr_un any = {.sun_family = AF_UNIX}; /* the kernel chooses an abstract name */
    long flags;
    UNSOCK_CLOSED long idle = unsock_redirect_open_like(fd, AF_UNIX, type, &flags);
    long former = idle < 0 ? idle : unsock_redirect_copy(fd);
    if (former >= 0 && type == SOCK_STREAM) {
        unsock_bind((int)idle, &any, sizeof(any.sun_family));
        unsock_listen((int)idle, 1);
    }
    return former < 0 ? former : unsock_opened(former, unsock_dup3((int)idle, fd, O_CLOEXEC));
}

/* Releases a socket's file at the process's end, and closes the socket. Other threads run until the process is gone.
 * For them an idle socket takes the old one's place, and the entry stays, so that the library handles a connection that
 * a thread accepts now. A forked child that made no file keeps its entries: a change would copy a page. */
static void end_descriptor(int fd, bool has_threads, long *probe) {
    const struct unsock_fd *entry = unsock_fds_known(fd);
    if (!entry)
        return;
    struct unsock_fd old = *entry;
    long former = fd;
    if (has_threads)
        former = take_aside(fd, old.type);
    else if (unsock_this_process()->has_made)
        unsock_fds_forget(fd);
    if (former < 0)
        unsock_remove_file_keep(&old, false);
    else if (old.kind == UNSOCK_KIND_FOREIGN)
        end_elsewhere((int)former, &old);
    else
        unsock_release_file_at_end((int)former, &old, probe);
}

UNSOCK_AT_EXIT void unsock_call_exit(void) {
    UNSOCK_CLOSED long probe = -1;
    if (unsock_sandboxed)
        return;
    /* Owner 0: a forked child has not stored its pid yet (memory/this_process.c). The descriptors are the child's. */
    bool looks = unsock_fds_next_with_file(0) >= 0 &&
                 (unsock_this_process()->owner == 0 || unsock_this_process_owns_descriptors());
    bool has_threads = looks && unsock_has_threads();
    for (int fd = -1; looks && (fd = unsock_fds_next_with_file(fd + 1)) >= 0;)
        end_descriptor(fd, has_threads, &probe);
    unsock_plain_sender_end();
    unsock_release_file_afterwards();
    unsock_lock_end();
}
