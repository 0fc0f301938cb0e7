/* Finds descriptor numbers that now refer to another socket, and finds out if a descriptor is redirected. */
#include "replace/replace.h"

#include "files/release.h"
#include "memory/process.h"

/* If the old socket still has a file, the socket was closed without an intercepted call: its file is released now. */
void unsock_reuse_new(int fd) {
    const struct unsock_fd *entry = unsock_fds_known(fd);
    struct unsock_fd old = {0};
    if (entry && unsock_fd_has_file(entry) && unsock_this_process_removes_files())
        old = *entry;
    unsock_fds_forget(fd);
    if (old.flags & UNSOCK_FILE)
        unsock_release_file(&old);
}

struct unsock_fd *unsock_reuse_entry(int fd) {
    struct unsock_fd *entry = unsock_fds_entry(fd);
    if (entry && ((entry->flags & UNSOCK_FILE) || entry->ring != 0))
        unsock_reuse_new(fd);
    unsock_epoll_forget(fd);
    return entry;
}

/* True if the name does not fit the entry: it is not of the library's form, or missing although UNSOCK_NAMED is set. */
static bool has_another_name(const struct unsock_fd *entry, const struct sockaddr_un *address, size_t length) {
    struct unsock_name name = unsock_kernel_name_read(address, length);
    return name.kind == UNSOCK_NAME_FOREIGN || (name.kind == UNSOCK_NAME_NONE && (entry->flags & UNSOCK_NAMED));
}

/* True if the entry is of an unused AF_UNIX socket (fresh), but the socket has a peer: the number now belongs to a
 * socketpair's socket, which has no name either. */
static bool is_of_a_pair(int fd, const struct unsock_fd *entry, long length) {
    union unsock_sockaddr peer;
    return unsock_fd_is_fresh(entry) && length <= (long)UNSOCK_SUN_PATH_OFFSET &&
           unsock_socket_name(fd, __NR_getpeername, &peer) >= 0;
}

static bool is_another_by_name(const struct unsock_fd *entry, const union unsock_sockaddr *name, size_t length) {
    struct unsock_ip ip;
    bool is_ip = unsock_ip_read(name, length, &ip);
    switch (entry->kind) {
    case UNSOCK_KIND_LOCAL:
        return name->any.sa_family != AF_UNIX || has_another_name(entry, &name->un, length);
    case UNSOCK_KIND_IP:
        return !is_ip || name->any.sa_family != entry->domain ||
               (entry->state != UNSOCK_STATE_NEW && ip.port == 0 && unsock_ip_is_wildcard(&ip));
    case UNSOCK_KIND_OTHER:
        return is_ip;
    case UNSOCK_KIND_FOREIGN:
        return unsock_fd_born_family(entry) != 0 && name->any.sa_family != unsock_fd_born_family(entry);
    default:
        return false;
    }
}

/* True if no other thread has replaced the socket since `before`, by a first datagram or a connect, for example. */
static bool is_settled(const struct unsock_fd *entry, const struct unsock_fd *before) {
    uint32_t flags = __atomic_load_n(&entry->flags, __ATOMIC_ACQUIRE);
    return !((flags | before->flags) & UNSOCK_CHANGING) && entry->kind == before->kind &&
           entry->state == before->state && flags == before->flags;
}

/* Compares the entry with the kernel's answers. Returns 1 for another socket (clears the entry), 0, or -errno. */
static long look_at_socket(int fd, bool thoroughly) {
    union unsock_sockaddr name;
    const struct unsock_fd *entry = unsock_fds_known(fd);
    if (!entry)
        return 0;
    struct unsock_fd before = *entry;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    long length = unsock_socket_name(fd, __NR_getsockname, &name);
    long type = before.type, wrong = unsock_socket_unanswered(length);
    bool another =
        length < 0 || is_another_by_name(&before, &name, (size_t)length) || is_of_a_pair(fd, &before, length);
    if (unsock_fd_is_refused(&before)) {
        uint64_t cookie = unsock_socket_cookie(fd);
        another = cookie != unsock_fd_refusal(&before)->cookie;
        wrong = unsock_socket_cookie_is_kept_back(fd, cookie) ? -EACCES : wrong;
    }
    if (!another && thoroughly && before.kind == UNSOCK_KIND_IP) {
        type = unsock_socket_option(fd, SO_TYPE);
        wrong = unsock_socket_unanswered(type);
    }
    if (wrong < 0)
        return wrong;
    if ((!another && type == before.type) || !is_settled(entry, &before))
        return 0;
    unsock_reuse_new(fd);
    return 1;
}

void unsock_reuse_named(int fd, const union unsock_sockaddr *name, size_t length) {
    const struct unsock_fd *entry = unsock_fds_known(fd);
    /* Asks the kernel again: `name` may be older than the entry, and a missing name proves nothing. */
    if (entry && (is_another_by_name(entry, name, length) || unsock_fd_is_fresh(entry)))
        unsock_reuse_look(fd);
}

long unsock_reuse_look(int fd) {
    return look_at_socket(fd, true);
}

bool unsock_reuse_failed(int fd, long result) {
    const struct unsock_fd *entry = result < 0 ? unsock_fds_known(fd) : NULL;
    bool usual = result == -EAGAIN || result == -EINTR || result == -EINPROGRESS || result == -ECONNREFUSED ||
                 result == -EADDRINUSE || result == -EPIPE;
    return entry && unsock_fd_is_redirected(entry) && !usual && look_at_socket(fd, true) > 0;
}

long unsock_whose_asking(int fd, unsigned how, struct unsock_whose *whose) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    bool still = how & UNSOCK_ASK_STILL, checks = (how & UNSOCK_ASK_CHECK) && entry && entry->state != UNSOCK_STATE_NEW;
    long wrong = still || checks ? look_at_socket(fd, still) : 0;
    entry = unsock_fds_known(fd);
    if (!entry && wrong >= 0 && how >= UNSOCK_ASK_FOR(1))
        entry = unsock_identify_unknown_for(fd, (int)(how >> 8), &whose->scratch);
    else if (!entry && wrong >= 0 && (how & UNSOCK_ASK_ALWAYS))
        entry = unsock_identify_asking(fd, &whose->scratch);
    else if (!entry && wrong >= 0 && (how & UNSOCK_ASK_KERNEL))
        entry = unsock_identify_unknown(fd, &whose->scratch);
    whose->entry = entry;
    if (wrong < 0 || !entry)
        return UNSOCK_MIN(wrong, 0);
    if (unsock_fd_is_redirected(entry))
        return UNSOCK_IS_OURS;
    /* A descriptor of unknown kind may be redirected: its call fails, and must not go to the kernel. */
    long unknown = entry->kind == UNSOCK_KIND_UNKNOWN ? unsock_fd_refusal(entry)->error : 0;
    return entry->kind == UNSOCK_KIND_IP ? UNSOCK_IS_IP : unknown;
}
