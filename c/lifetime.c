/* close, dup and the end of the process: what becomes of entries and socket files. */
#include "calls.h"

#include "address.h"
#include "bind.h"
#include "bindfile.h"
#include "epoll.h"
#include "options.h"
#include "rt/libc.h"
#include "rt/mem.h"
#include "rt/sys.h"
#include "socket_info.h"

/* Is a socket file to be looked after when this descriptor closes? */
static bool has_file(const struct unsock_fd *entry) {
    return entry && entry->kind == UNSOCK_KIND_LOCAL && (entry->flags & UNSOCK_FILE);
}

/*
 * Whatever was known of a descriptor that is new is of no use any more. When the number was a bound socket's, closing went
 * past the library (a raw system call, as in libuv).
 */
void unsock_lifetime_new(int fd) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    if (!entry)
        return;
    struct unsock_fd old = *entry;
    bool release = has_file(entry) && unsock_fds_are_ours();
    unsock_fds_forget(fd);
    if (release)
        unsock_bindfile_release(&old);
}

void unsock_lifetime_check(int fd) {
    union unsock_sockaddr name;
    struct unsock_ip ip;
    struct unsock_fd *entry = unsock_fds_known(fd);
    if (!entry || !(entry->flags & (UNSOCK_BOUND | UNSOCK_NAMED | UNSOCK_CONNECTED | UNSOCK_LISTENING)))
        return;
    long length = unsock_socket_name(fd, __NR_getsockname, &name);
    bool is_ip = length >= 0 && unsock_ip_read(&name, (size_t)length, &ip);
    bool unbound = is_ip && ip.port == 0 && unsock_ip_is_wildcard(&ip);
    if ((entry->kind == UNSOCK_KIND_LOCAL && is_ip) || (entry->kind == UNSOCK_KIND_IP && unbound))
        unsock_lifetime_new(fd);
}

/* The kernel drops registrations with the socket, which another descriptor goes on sharing here. */
static void leave_sets(int fd, const struct unsock_fd *entry) {
    struct unsock_epoll_carry carry;
    if ((entry->epoll != 0 || (entry->flags & UNSOCK_EPOLL_MANY)) && unsock_bind_is_shared(fd, entry))
        unsock_epoll_take(fd, entry, &carry);
}

long unsock_call_close(int fd) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    if (!has_file(entry) || !unsock_fds_are_ours())
        return unsock_next.close(fd);
    struct unsock_fd old = *entry;
    leave_sets(fd, entry);
    /* Before the close: the number may be another thread's right after it. */
    unsock_fds_forget(fd);
    int saved = unsock_errno_get();
    long result = unsock_next.close(fd);
    if (result < 0)
        return result;
    unsock_bindfile_release(&old);
    unsock_errno_set(saved);
    return result;
}

void unsock_lifetime_copy(int from, int to) {
    unsock_fds_duplicate(from, to);
    struct unsock_fd *entry = unsock_fds_known(to);
    if (entry && (entry->flags & UNSOCK_OPTIONS))
        unsock_options_copy(from, to);
}

long unsock_call_dup3(int from, int to, int flags, bool is_dup2) {
    struct unsock_fd *entry = from == to ? NULL : unsock_fds_known(to);
    struct unsock_fd old = {0};
    if (is_dup2 && from == to) {
        long valid = unsock_sys(__NR_fcntl, from, F_GETFD);
        return valid < 0 ? valid : to;
    }
    bool ours = (!has_file(entry) && !unsock_fds_known(from) && !entry) || unsock_fds_are_ours();
    if (has_file(entry) && ours)
        old = *entry;
    long result = unsock_sys(__NR_dup3, from, to, flags);
    if (result < 0 || !ours)
        return result;
    unsock_lifetime_copy(from, to);
    if (old.flags & UNSOCK_FILE)
        unsock_bindfile_release(&old);
    return result;
}

static void release_if_closed(int fd) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    if (!entry || unsock_sys(__NR_fcntl, fd, F_GETFD) != -EBADF)
        return;
    struct unsock_fd old = *entry;
    unsock_fds_forget(fd);
    if (has_file(&old))
        unsock_bindfile_release(&old);
}

static bool any_file(unsigned first, unsigned last) {
    for (int fd = (int)first; fd < unsock_fds_end() && (unsigned)fd <= last; fd++) {
        if (has_file(unsock_fds_known(fd)))
            return true;
    }
    return false;
}

long unsock_call_close_range(unsigned first, unsigned last, unsigned flags) {
    bool closes = !(flags & UNSOCK_CLOSE_RANGE_CLOEXEC) && first < (unsigned)unsock_fds_end();
    bool look = closes && any_file(first, last) && unsock_fds_are_ours();
    long result = unsock_sys(__NR_close_range, first, last, flags);
    if (result < 0 || !look)
        return result;
    for (int fd = (int)first; fd < unsock_fds_end() && (unsigned)fd <= last; fd++)
        release_if_closed(fd);
    return result;
}

/* The socket files go with their last descriptor. Copies in other processes keep theirs alive. */
__attribute__((destructor)) void unsock_call_exit(void) {
    unsock_bindfile_release_late();
    if (!any_file(0, INT32_MAX) || !unsock_fds_are_ours())
        return;
    for (int fd = 0; fd < unsock_fds_end(); fd++) {
        if (!has_file(unsock_fds_known(fd)))
            continue;
        struct unsock_fd old = *unsock_fds_known(fd);
        unsock_fds_forget(fd);
        /* The number may be a file's by now. */
        bool open = unsock_socket_has_file(fd, &old);
        uint64_t socket = open ? unsock_socket_inode(fd) : 0;
        if (open)
            unsock_sys(__NR_close, fd);
        unsock_bindfile_release_last(&old, socket);
    }
}
