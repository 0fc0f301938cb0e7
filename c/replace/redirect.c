/* Replaces the socket behind a descriptor. */
#include "replace/replace.h"

#include "files/control_file.h"
#include "files/release.h"
#include "options/options.h"
#include "rules/errno.h"

/* True once the program may have set a receiver of a descriptor's signals. Before, the library looks up none. */
static bool owners_met;

void unsock_redirect_expect_owner(void) {
    __atomic_store_n(&owners_met, true, __ATOMIC_RELAXED);
}

void unsock_redirect_prepare(int socket) {
    unsock_send_limit_open(socket);
    unsock_socket_refuse_descriptors(socket);
}

static long open_plain_socket(int domain, int type, int protocol, int nonblocking) {
    long fd = unsock_socket(domain, type | SOCK_CLOEXEC | nonblocking, protocol);
    if (fd >= 0 && domain == AF_UNIX && type == SOCK_DGRAM)
        unsock_redirect_prepare((int)fd);
    return unsock_errno_as_ip(UNSOCK_AT_OPEN, fd);
}

long unsock_redirect_open(int domain, int type, int protocol) {
    return open_plain_socket(domain, type, protocol, SOCK_NONBLOCK);
}

long unsock_redirect_open_like(int fd, int domain, int type, long *flags) {
    *flags = unsock_fcntl(fd, F_GETFL, 0);
    return *flags < 0 ? unsock_errno_as_ip(UNSOCK_AT_STEP, *flags)
                      : open_plain_socket(domain, type, 0, (int)*flags & O_NONBLOCK);
}

/* Copies the receiver of SIGIO and SIGURG (fcntl(2)); also without O_ASYNC, which may be set later. */
static void carry_owner(int fd, const struct unsock_fd *entry, int standin) {
    struct unsock_owner owner = {0, 0};
    /* If a descriptor's options or epoll sets are unknown, the library did not see its opening (kernel/identify.c): the
     * descriptor may have a receiver. */
    bool elsewhere = (entry->options & UNSOCK_OPTION_SOME_RARE) || unsock_epoll_is_anywhere(fd);
    bool may_have = elsewhere || __atomic_load_n(&owners_met, __ATOMIC_RELAXED);
    if (!may_have || unsock_fcntl(fd, UNSOCK_F_GETOWN_EX, (unsigned long)&owner) < 0 || owner.pid == 0)
        return;
    long signal = unsock_fcntl(fd, UNSOCK_F_GETSIG, 0);
    unsock_fcntl(standin, UNSOCK_F_SETOWN_EX, (unsigned long)&owner);
    if (signal > 0)
        unsock_fcntl(standin, UNSOCK_F_SETSIG, signal);
}

/* Copies the status flags and the receiver of signals. `flags`: as for unsock_redirect_install_like. */
static long carry_flags(int fd, const struct unsock_fd *entry, int standin, long flags) {
    bool alike = flags >= 0;
    if (!alike)
        flags = unsock_fcntl(fd, F_GETFL, 0);
    if (flags < 0)
        return flags;
    carry_owner(fd, entry, standin);
    if ((!alike && !(flags & O_NONBLOCK)) || (flags & UNSOCK_O_ASYNC))
        return unsock_fcntl(standin, F_SETFL, flags);
    return 0;
}

/* Puts `standin` behind `fd`, and keeps its epoll registrations. `entry` then describes a new socket of `kind`. */
UNSOCK_OWN_FRAME static long replace_socket(int fd, struct unsock_fd *entry, int standin, enum unsock_kind kind) {
    struct unsock_epoll_carry carry;
    long close_on_exec = unsock_fcntl(fd, F_GETFD, 0);
    if (close_on_exec < 0)
        return close_on_exec;
    unsock_epoll_take(fd, &carry);
    unsock_fds_mark(entry, UNSOCK_CHANGING);
    long result = unsock_dup3(standin, fd, close_on_exec & FD_CLOEXEC ? O_CLOEXEC : 0);
    /* The descriptor exists, but RLIMIT_NOFILE has been lowered below its number. */
    if (result == -EBADF)
        result = -ENOBUFS;
    if (result >= 0) {
        entry->kind = (uint8_t)kind;
        entry->state = UNSOCK_STATE_NEW;
        unsock_fds_unmark(entry, UNSOCK_OF_SOCKET);
        memset(&entry->local, 0, sizeof(entry->local));
        memset(&entry->held, 0, sizeof(entry->held));
    }
    unsock_fds_unmark(entry, UNSOCK_CHANGING);
    unsock_epoll_give(fd, entry, &carry);
    return result < 0 ? result : 0;
}

struct replacement {
    uint64_t cookie;
    int standin;
    enum unsock_kind kind;
};

/* Replaces a duplicate's socket, too: duplicates stay one socket. The kernel tells whether the descriptor still is a
 * duplicate: the program may have closed it and reused its number. */
static void replace_duplicate(int other, struct unsock_fd *entry, const void *of_replacement) {
    const struct replacement *replacement = of_replacement;
    if (unsock_socket_cookie(other) == replacement->cookie)
        replace_socket(other, entry, replacement->standin, replacement->kind);
}

/* If a closed duplicate has left an entry at the copy's number, clears the entry, so that the copy keeps its socket. */
long unsock_redirect_copy(int fd) {
    long copy = unsock_fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy >= 0)
        unsock_reuse_new((int)copy);
    return copy;
}

/* Replaces the socket of `fd` and its duplicates. `old` is the entry before the exchange. */
UNSOCK_OWN_FRAME static long take_place(int fd, struct unsock_fd *entry, const struct unsock_fd *old, int standin,
                                        enum unsock_kind kind, long flags) {
    /* Threads may wait for the first datagram of the old socket. A shutdown of its copy wakes them: they receive
     * nothing, and then wait on the new socket (calls/receive.c). */
    bool waited_for = unsock_fd_may_be_exchanged(old) && (old->flags & UNSOCK_DATAGRAM_HEARD);
    UNSOCK_CLOSED long old_socket = waited_for ? unsock_redirect_copy(fd) : -1;
    struct replacement replacement = {unsock_fd_is_duplicated(old) ? unsock_socket_cookie(fd) : 0, standin, kind};
    /* Without the cookie, the library cannot be certain which descriptors are duplicates. */
    bool unknown = unsock_fd_is_duplicated(old) && unsock_socket_cookie_is_kept_back(fd, replacement.cookie);
    long result = unknown ? -EACCES : carry_flags(fd, old, standin, flags);
    if (result == 0)
        result = replace_socket(fd, entry, standin, kind);
    if (result == 0)
        unsock_fds_visit_duplicates(fd, replace_duplicate, &replacement);
    unsock_close(standin);
    if (result == 0 && old_socket >= 0)
        unsock_shutdown(old_socket, SHUT_RD);
    return result;
}

/* As take_place, for a foreign socket with a file: the kernel tells the file's path only before the exchange. */
UNSOCK_OWN_FRAME static long take_place_of_file(int fd, struct unsock_fd *entry, const struct unsock_fd *old,
                                                int standin, enum unsock_kind kind, long flags) {
    struct unsock_target_file where;
    unsock_target_file_find(fd, old, &where);
    long result = take_place(fd, entry, old, standin, kind, flags);
    if (result == 0)
        unsock_target_file_release(&where);
    return result;
}

/* Replaces the socket, and releases the old one's file. The caller has copied the options. If another thread is making
 * a duplicate, either `old` shows it, or that thread sees UNSOCK_CHANGING (calls/close.c). Inline, for small stacks. */
static inline __attribute__((always_inline)) long exchange(int fd, struct unsock_fd *entry, int standin,
                                                           enum unsock_kind kind, long flags) {
    unsock_fds_mark(entry, UNSOCK_CHANGING);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    struct unsock_fd old = *entry;
    bool at_target = old.kind == UNSOCK_KIND_FOREIGN && (old.flags & UNSOCK_FILE);
    long result = at_target ? take_place_of_file(fd, entry, &old, standin, kind, flags)
                            : take_place(fd, entry, &old, standin, kind, flags);
    unsock_fds_unmark(entry, UNSOCK_CHANGING);
    old.ring = 0; /* its duplicates have the new socket */
    if (result == 0 && (old.flags & UNSOCK_FILE))
        unsock_release_file(&old);
    return unsock_errno_as_ip(UNSOCK_AT_STEP, result);
}

long unsock_redirect_install(int fd, struct unsock_fd *entry, int standin, enum unsock_kind kind) {
    return unsock_redirect_install_like(fd, entry, standin, kind, -1);
}

long unsock_redirect_install_like(int fd, struct unsock_fd *entry, int standin, enum unsock_kind kind, long flags) {
    unsock_options_carry(fd, entry, standin, kind == UNSOCK_KIND_IP);
    return exchange(fd, entry, standin, kind, flags);
}

long unsock_redirect_to_ip(int fd, struct unsock_fd *entry) {
    union unsock_sockaddr address;
    struct unsock_ip local = entry->local, any = {.family = entry->domain, .port = local.port};
    bool bound = (entry->flags & UNSOCK_BOUND) != 0;
    if (entry->kind == UNSOCK_KIND_IP)
        return 0;
    long standin = unsock_redirect_open(entry->domain, entry->type, entry->protocol);
    if (standin < 0)
        return standin;
    /* Must come before the bind, which SO_REUSEADDR and IPV6_V6ONLY affect. */
    unsock_options_carry(fd, entry, (int)standin, true);
    long result = 0;
    if (bound)
        result = unsock_bind(standin, &address, unsock_ip_write(&local, entry->domain, &address));
    else if (entry->type == SOCK_DGRAM && (entry->flags & UNSOCK_NAMED) && any.port != 0)
        /* Keeps an unbound client's ephemeral port, if it is free for the new socket. */
        unsock_bind(standin, &address, unsock_ip_write(&any, entry->domain, &address));
    if (result < 0)
        return unsock_opened(standin, result);
    result = exchange(fd, entry, (int)standin, UNSOCK_KIND_IP, -1);
    if (result == 0 && bound) {
        unsock_fd_enter(entry, UNSOCK_STATE_BOUND);
        unsock_fds_mark(entry, UNSOCK_BOUND);
        entry->local = local;
    }
    unsock_fds_tell_duplicates(fd);
    return result;
}

long unsock_redirect_to_new(int fd, struct unsock_fd *entry) {
    uint32_t given_up = entry->flags & (UNSOCK_BOUND | UNSOCK_NAMED);
    unsock_fds_unmark(entry, given_up);
    long result = unsock_redirect_to_ip(fd, entry);
    if (result < 0)
        unsock_fds_mark(entry, given_up);
    return result;
}
