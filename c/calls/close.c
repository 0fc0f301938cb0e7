/* close, dup and the end of the process: what becomes of entries and socket files. */
#include "calls/list.h"

#include "calls/stream.h"
#include "calls/target.h"
#include "files/control_file.h"
#include "files/directory.h"
#include "files/plain_senders.h"
#include "files/release.h"
#include "replace/replace.h"

#include <linux/resource.h>

/*
 * The kernel drops registrations with the socket, which another descriptor goes on sharing here. Not in a forked child:
 * the sets are its parent's, too.
 */
UNSOCK_OWN_FRAME static void leave_sets(int fd, const struct unsock_fd *entry) {
    struct unsock_epoll_carry carry;
    if (unsock_epoll_is_registered(fd) && unsock_this_process()->has_made && unsock_fd_is_handed(entry)) {
        unsock_epoll_take(fd, &carry);
        unsock_epoll_drop(&carry);
    }
}

/* A socket whose file is where a control file leads to: which one, can be asked as long as it is open. */
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
    if (entry && unsock_last_holder_any())
        unsock_last_holder_closing(fd, entry);
    if (entry && unsock_asking(fd) && unsock_this_process_owns_descriptors())
        unsock_asking_forget(fd);
    if (entry && entry->type == SOCK_DGRAM && unsock_fd_is_fresh(entry))
        unsock_identify_name(fd, entry);
    if (!entry || (!unsock_fd_has_file(entry) && !unsock_fd_is_handed(entry)) ||
        !unsock_this_process_owns_descriptors())
        return unsock_real_close(fd);
    if (entry->kind == UNSOCK_KIND_FOREIGN && !unsock_fd_is_handed(entry))
        return close_elsewhere(fd, entry);
    struct unsock_fd old = *entry;
    leave_sets(fd, entry);
    if (!unsock_fd_is_duplicated(entry))
        unsock_plain_sender_release(entry);
    /* Before the close: the number may be another thread's right after it. */
    unsock_fds_forget(fd);
    return unsock_release_file_closing(fd, &old);
}

/* Copies everything known about `from` to its duplicate `to`. */
static void copy_knowledge(int from, int to) {
    unsock_fds_duplicate(from, to);
    struct unsock_fd *entry = unsock_fds_known(to);
    if (entry && (entry->flags & UNSOCK_OPTIONS))
        unsock_option_copy(from, to);
}

/* A duplicate with a new number. */
static long remember_duplicate(int from, long to) {
    if (to < 0)
        return to;
    unsock_epoll_duplicate_set(from, (int)to);
    bool known = unsock_fds_known(from) || unsock_fds_known((int)to);
    if (!known || !unsock_this_process_owns_descriptors())
        return to;
    unsock_reuse_new((int)to);
    copy_knowledge(from, (int)to);
    return to;
}

long unsock_call_dup(int fd) {
    return remember_duplicate(fd, unsock_dup(fd));
}

long unsock_call_fcntl(int fd, int command, unsigned long argument) {
    long result = unsock_real_fcntl(fd, command, argument);
    if (command == F_SETFL && (argument & O_NONBLOCK) && result == 0)
        unsock_fds_was_made_nonblocking(fd);
    if (result == 0 && (command == UNSOCK_F_SETOWN || command == UNSOCK_F_SETOWN_EX)) {
        unsock_redirect_expect_owner();
        unsock_urgent_expect(fd);
    }
    return command == F_DUPFD || command == F_DUPFD_CLOEXEC ? remember_duplicate(fd, result) : result;
}

static long raw_dup2(int from, int to) {
#ifdef __NR_dup2
    return unsock_dup2(from, to);
#else
    return unsock_dup3(from, to, 0);
#endif
}

/* dup3, or dup2, whose program may not be allowed the other. `old` is the entry that `to` had, if its file is `ours` to
 * look after. */
UNSOCK_OWN_FRAME static long duplicate_over(int from, int to, bool by_dup2, int flags, const struct unsock_fd *old,
                                            bool ours) {
    struct unsock_target_file where;
    unsock_target_file_find(to, old, &where);
    long result = by_dup2 ? raw_dup2(from, to) : unsock_dup3(from, to, flags);
    if (result < 0 || !ours)
        return result;
    copy_knowledge(from, to);
    unsock_target_file_release(&where);
    return result;
}

static long duplicate_to(int from, int to, bool by_dup2, int flags) {
    struct unsock_fd *entry = from == to ? NULL : unsock_fds_known(to);
    struct unsock_fd old = {0};
    bool ours = (!(entry && unsock_fd_has_file(entry)) && !unsock_fds_known(from) && !entry) ||
                unsock_this_process_owns_descriptors();
    if ((entry && unsock_fd_has_file(entry)) && ours)
        old = *entry;
    if (entry && unsock_last_holder_any())
        unsock_last_holder_closing(to, entry);
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

static void release_if_closed(int fd) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    if (!entry || unsock_fcntl(fd, F_GETFD, 0) != -EBADF)
        return;
    struct unsock_fd old = *entry;
    unsock_fds_forget(fd);
    if (unsock_fd_has_file(&old))
        unsock_release_file(&old);
}

static bool any_file(unsigned first, unsigned last) {
    int fd = unsock_fds_next_with_file((int)first);
    return fd >= 0 && (unsigned)fd <= last;
}

/* Closes the sockets whose files are elsewhere one by one: each can be asked for its file only while it is open. */
static void close_all_elsewhere(unsigned first, unsigned last) {
    for (int fd = (int)first; (fd = unsock_fds_next_with_file(fd)) >= 0 && (unsigned)fd <= last; fd++) {
        const struct unsock_fd *entry = unsock_fds_known(fd);
        if (entry && entry->kind == UNSOCK_KIND_FOREIGN)
            close_elsewhere(fd, entry);
    }
}

long unsock_call_close_range(unsigned first, unsigned last, int flags) {
    bool closes = !(flags & UNSOCK_CLOSE_RANGE_CLOEXEC) && first < (unsigned)unsock_fds_end();
    bool look = closes && any_file(first, last) && unsock_this_process_owns_descriptors();
    if (closes)
        unsock_last_holder_closing_all(first, last);
    if (look && flags == 0 && first <= last)
        close_all_elsewhere(first, last);
    long result = unsock_close_range(first, last, flags);
    if (result < 0 || !look)
        return result;
    for (int fd = (int)first; fd < unsock_fds_end() && (unsigned)fd <= last; fd++)
        release_if_closed(fd);
    return result;
}

void unsock_call_closefrom(unsigned first) {
    uint64_t limit[2];
    if (unsock_call_close_range(first, ~0u, 0) == 0 || unsock_prlimit64(0, RLIMIT_NOFILE, NULL, limit) < 0)
        return;
    for (uint64_t fd = first; fd < limit[0] && fd <= INT32_MAX; fd++)
        unsock_call_close((int)fd);
}

/* A forked child would copy a page of what it has only inherited for each of these, to end at once. */
static void forget_at_end(int fd) {
    if (unsock_this_process()->has_made)
        unsock_fds_forget(fd);
}

UNSOCK_OWN_FRAME static void end_elsewhere(int fd, const struct unsock_fd *entry) {
    struct unsock_target_file where;
    bool found = unsock_target_file_find(fd, entry, &where);
    forget_at_end(fd);
    if (found)
        unsock_close(fd);
    unsock_target_file_release(&where);
}

/* The number may be another's by now, a file's, say. */
static void end_descriptor(int fd, struct unsock_release_file_end *end) {
    const struct unsock_fd *entry = unsock_fds_known(fd);
    if (!entry)
        return;
    if (entry->kind == UNSOCK_KIND_FOREIGN) {
        end_elsewhere(fd, entry);
        return;
    }
    struct unsock_fd old = *entry;
    forget_at_end(fd);
    if (unsock_identify_has_file(fd, &old)) {
        unsock_plain_sender_release(&old);
        unsock_release_file_close_at_end(fd, &old, end);
        return;
    }
    unsock_release_file_at_end(&old, end);
}

/* The socket files go with their last descriptor. Copies in other processes keep theirs alive. */
void unsock_call_exit(void) {
    struct unsock_release_file_end end = {.probe = -1};
    unsock_last_holder_closing_all(0, UNSOCK_OWN_MADE);
    unsock_release_file_earlier();
    if (any_file(0, INT32_MAX) && unsock_this_process_owns_descriptors()) {
        for (int fd = -1; (fd = unsock_fds_next_with_file(fd + 1)) >= 0;)
            end_descriptor(fd, &end);
        unsock_release_file_ended(&end);
    }
    unsock_plain_sender_end();
    unsock_release_file_afterwards();
    unsock_lock_end();
}
