/* Connects datagram sockets to their peers: to the port's file, or to the target of a control file in its place. */
#include "calls/datagram.h"

#include "calls/connect.h"
#include "calls/target.h"
#include "files/bind.h"
#include "files/control_file.h"
#include "files/directory.h"
#include "files/plain_senders.h"
#include "files/port.h"
#include "kernel/socket_info.h"
#include "memory/process.h"
#include "rules/errno.h"

#include <linux/poll.h>

#define NAMING_WAITS 400 /* 20 ms in all */
#define NAMING_WAIT_NS 50000

/* The thread that is naming a socket; 0: none. Other threads that name a socket wait only briefly: in a forked child
 * the naming thread may be missing. A signal handler on the naming thread does not wait. */
static int32_t naming;

static bool claim_naming(void) {
    int32_t self = unsock_own_thread();
    for (int i = 0; i < NAMING_WAITS; i++) {
        int32_t expected = 0;
        if (__atomic_compare_exchange_n(&naming, &expected, self, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return true;
        if (expected == self)
            return false;
        unsock_pause(NAMING_WAIT_NS);
    }
    __atomic_store_n(&naming, self, __ATOMIC_RELAXED);
    return true;
}

long unsock_datagram_be_local(int fd, struct unsock_fd *entry, const struct unsock_ip *target) {
    if (unsock_datagram_is_named(entry))
        return 0;
    bool claimed = claim_naming();
    long result = 0;
    if (!unsock_datagram_is_named(entry)) /* else another thread has named the socket meanwhile */
        result = entry->kind == UNSOCK_KIND_IP && (entry->flags & UNSOCK_BOUND)
                     ? unsock_datagram_move(fd, entry)
                     : unsock_datagram_name(fd, entry, target);
    if (result == 0)
        unsock_born_local_note_local(SOCK_DGRAM);
    unsock_fds_tell_duplicates(fd);
    if (claimed)
        __atomic_store_n(&naming, 0, __ATOMIC_RELEASE);
    return result;
}

/* Makes no mark in two cases. In a directory that other users may write to, a bound socket's file has another mark: the
 * network namespace (files/socketfile.c). If the directory can be replaced, a mark might reach another file. */
void unsock_datagram_tell_peer(int fd, const struct unsock_fd *entry) {
    if (entry->kind == UNSOCK_KIND_LOCAL && !unsock_directory_may_move &&
        (!unsock_fd_has_chosen_port(entry) || !unsock_directory_is_shared))
        unsock_other_name_mark(fd);
}

long unsock_datagram_disconnect(long fd) {
    static const struct sockaddr_un nobody = {.sun_family = AF_UNSPEC};
    return unsock_connect(fd, &nobody, sizeof(nobody.sun_family));
}

void unsock_datagram_set_remote(struct unsock_fd *entry, const struct unsock_ip *ip, enum unsock_state state) {
    unsock_fd_enter(entry, state);
    *unsock_fd_remote(entry) = *ip;
    unsock_fds_unmark(entry, UNSOCK_DATAGRAM_BY_CONTROL);
}

void unsock_datagram_set_nobody(struct unsock_fd *entry) {
    unsock_fd_enter(entry, UNSOCK_STATE_NOBODY);
    *unsock_fds_reads = 1;
}

void unsock_datagram_choose_source(int fd, struct unsock_fd *entry, const struct unsock_ip *target) {
    if (entry->domain == AF_INET6 && target->family == AF_INET && entry->local.family == AF_INET6 &&
        (entry->flags & UNSOCK_ANY_PORT) && !(entry->flags & UNSOCK_DATAGRAM_HEARD) &&
        !unsock_state_has_remote(entry->state) && unsock_ip_is_wildcard(&entry->local))
        unsock_datagram_show_ipv4(fd, entry, target);
}

static long way_connect(const struct unsock_port_search *search) {
    return unsock_connect(*(const int *)search->attempt, search->path, search->length);
}

long unsock_datagram_connect_socket(int fd, const struct unsock_fd *entry, const struct unsock_ip *ip,
                                    struct sockaddr_un *path) {
    struct unsock_port_search search = {.target = ip, .type = SOCK_DGRAM, .spread = entry->local.port, .path = path};
    search.length = unsock_plain_sender_find(ip->port, path);
    search.way = way_connect;
    search.attempt = &fd;
    return search.length > 0 ? way_connect(&search) : unsock_port_go(&search);
}

/* Connects the descriptor's own socket if the control file names an AF_UNIX target: the socket keeps its name for
 * replies. Returns 0, also without a control file; 1 if the target is of another family; or -errno. */
UNSOCK_OWN_FRAME static long connect_own(int fd, const struct sockaddr_un *path, long *answers) {
    struct unsock_control_file control;
    *answers = unsock_resolve(path->sun_path, &control);
    if (*answers != UNSOCK_ANSWERS_CONTROL)
        return *answers == -EINVAL || *answers == -EACCES ? *answers : 0;
    if (unsock_target_family(&control) != AF_UNIX)
        return 1;
    long wrong = unsock_target_apply_options(&control, fd);
    return wrong < 0 ? wrong
                     : unsock_errno_as_ip(UNSOCK_AT_TARGET, unsock_connect(fd, control.dest, control.dest_length));
}

bool unsock_datagram_connect_by_control(int fd, struct unsock_fd *entry, const struct sockaddr_un *path,
                                        const struct unsock_ip *ip, long *result) {
    long answers;
    *result = connect_own(fd, path, &answers);
    if (answers != UNSOCK_ANSWERS_CONTROL)
        return false;
    if (*result == 0)
        unsock_datagram_set_remote(entry, ip, UNSOCK_STATE_CONNECTED);
    if (*result > 0)
        *result = unsock_target_connect(fd, entry, path->sun_path, ip, &answers);
    if (*result == 0)
        unsock_fds_mark(entry, UNSOCK_DATAGRAM_BY_CONTROL);
    return true;
}

long unsock_datagram_connect_again(int fd, struct unsock_fd *entry) {
    struct sockaddr_un path;
    long there, result = unsock_datagram_connect_socket(fd, entry, unsock_fd_remote(entry), &path);
    if (result == 0) {
        unsock_fd_enter(entry, UNSOCK_STATE_CONNECTED);
        unsock_datagram_tell_peer(fd, entry);
    } else if (unsock_resolve_is_worth_it(result) &&
               unsock_datagram_connect_by_control(fd, entry, &path, unsock_fd_remote(entry), &there))
        return there;
    return result;
}

/* Connects `fd` and a temporary socket to each other, and disconnects the temporary one. Nothing else makes the kernel
 * put a pending error, ECONNRESET, on an AF_UNIX datagram socket (unix_dgram_disconnected, net/unix/af_unix.c). */
bool unsock_datagram_leave_error(int fd, const struct unsock_fd *entry, bool shut) {
    union unsock_sockaddr own, other;
    const union unsock_sockaddr unnamed = {.any = {.sa_family = AF_UNIX}};
    long length, own_length = entry->kind == UNSOCK_KIND_LOCAL ? (long)unsock_port_own_path(entry, &own.un)
                                                               : unsock_socket_name(fd, __NR_getsockname, &own);
    UNSOCK_CLOSED long peer = own_length < 0 ? own_length : unsock_socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (peer < 0)
        return false;
    /* Disconnects `fd`, so that `peer` can connect to `fd`; unless a disconnect would drop unread datagrams. */
    bool waits = unsock_socket_poll(fd, POLLIN) & POLLIN;
    if (!waits)
        unsock_datagram_disconnect(fd);
    /* A bind to the family alone gives `peer` a free abstract name. Connected to `fd`, it receives from `fd` alone. */
    bool left = unsock_connect(peer, &own, own_length) == 0 &&
                unsock_bind(peer, &unnamed, sizeof(unnamed.any.sa_family)) == 0 &&
                (length = unsock_socket_name((int)peer, __NR_getsockname, &other)) > 0 &&
                unsock_connect(fd, &other, length) == 0 &&
                unsock_sendto(fd, NULL, 0, MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0) == 0 &&
                unsock_datagram_disconnect(peer) == 0;
    /* Disconnects `fd` again, so that a peer that starts later can send to `fd`. */
    if (!waits && !shut)
        unsock_datagram_disconnect(fd);
    return left;
}
