/* Makes sockets, listens and accepts; and dispatches the calls that the library gets by number. */
#include "calls/list.h"

#include "calls/arguments.h"
#include "calls/bind.h"
#include "calls/stream.h"
#include "calls/target.h"
#include "kernel/log.h"
#include "replace/replace.h"

#include <linux/prctl.h>
#include <linux/seccomp.h>

static bool is_redirectable(int domain, int type, int protocol) {
    if (domain != AF_INET && domain != AF_INET6)
        return false;
    if (type == SOCK_STREAM)
        return protocol == 0 || protocol == IPPROTO_TCP || protocol == UNSOCK_IPPROTO_MPTCP;
    return type == SOCK_DGRAM && (protocol == 0 || protocol == IPPROTO_UDP);
}

/* Fills the entry of a new socket. `family` is the kernel socket's; 0: the socket is never redirected. */
static void remember_socket(int fd, int domain, int type, int protocol, int family) {
    struct unsock_fd *entry = unsock_reuse_entry(fd);
    if (!entry)
        return;
    *entry = (struct unsock_fd){.kind = UNSOCK_KIND_OTHER};
    if (family == 0)
        return;
    entry->kind = family == domain ? UNSOCK_KIND_IP : family == AF_UNIX ? UNSOCK_KIND_LOCAL : UNSOCK_KIND_FOREIGN;
    entry->born = entry->kind == UNSOCK_KIND_FOREIGN ? (uint8_t)family : 0;
    bool nonblocking = (type & SOCK_NONBLOCK) != 0;
    type &= ~UNSOCK_SOCK_FLAGS;
    entry->type = (uint8_t)type;
    entry->flags = type == SOCK_STREAM && nonblocking ? UNSOCK_STREAM_NONBLOCKING : 0;
    entry->domain = (uint8_t)domain;
    entry->protocol = (uint16_t)(protocol != 0 ? protocol : type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP);
}

/* True if a filter forbids all IP sockets (systemd's RestrictAddressFamilies=AF_UNIX): the caller then makes an AF_UNIX
 * socket. As a kernel that only lacks IPv6 returns the same errno, tries an AF_INET socket, too. */
static bool no_ip_at_all(int domain, long refused) {
    if (refused != -EAFNOSUPPORT)
        return false;
    long fd = domain == AF_INET ? refused : unsock_socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    unsock_close_open(fd);
    return fd == -EAFNOSUPPORT;
}

long unsock_call_socket(int domain, int type, int protocol) {
    int plain = type & ~UNSOCK_SOCK_FLAGS;
    if (domain == AF_INET6 && unsock_settings.block_inet6)
        return -EAFNOSUPPORT;
    bool ours = is_redirectable(domain, plain, protocol);
    int family = ours ? unsock_born_family(domain, plain) : domain;
    long fd = family != domain ? unsock_socket(family, type, 0) : -EAFNOSUPPORT;
    if (family == domain || (fd < 0 && family != AF_UNIX)) {
        family = domain;
        fd = unsock_socket(domain, type, protocol);
    }
    if (fd < 0 && ours && family == domain && no_ip_at_all(domain, fd)) {
        family = AF_UNIX;
        fd = unsock_socket(AF_UNIX, type, 0);
    }
    if (fd >= 0 && ours && family == AF_UNIX && plain == SOCK_DGRAM)
        unsock_redirect_prepare((int)fd);
    if (fd >= 0)
        remember_socket((int)fd, domain, type, protocol, ours ? family : 0);
    return fd;
}

long unsock_call_socketpair(int domain, int type, int protocol, int *pair) {
    long result = unsock_socketpair(domain, type, protocol, pair);
    for (int i = 0; result == 0 && i < 2; i++)
        unsock_reuse_new(pair[i]);
    return result;
}

long unsock_call_listen(int fd, int backlog) {
    struct unsock_whose whose;
    long owner = unsock_whose(fd, UNSOCK_ASK_STILL | UNSOCK_ASK_ALWAYS, &whose);
    if (owner < 0)
        return owner;
    if (owner == UNSOCK_IS_KERNELS || whose.entry->type != SOCK_STREAM)
        return unsock_listen(fd, backlog);
    long result = unsock_stream_listen(fd, whose.entry, backlog);
    unsock_fds_tell_duplicates(fd);
    return result;
}

static long accept_unusual(int fd, struct sockaddr *address, socklen_t *length, int flags) {
    struct unsock_whose whose;
    long owner = unsock_whose(fd, address ? UNSOCK_ASK_KERNEL : 0, &whose);
    if (owner < 0)
        return owner;
    if (owner == UNSOCK_IS_OURS && whose.entry->type == SOCK_STREAM)
        return unsock_stream_accept(fd, whose.entry, address, length, flags);
    long accepted = unsock_real_accept_by(fd, address, length, flags);
    if (accepted >= 0)
        unsock_reuse_new((int)accepted);
    return accepted;
}

long unsock_call_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    if (entry && unsock_fd_is_redirected(entry) && entry->type == SOCK_STREAM)
        return unsock_stream_accept(fd, entry, address, length, flags);
    return accept_unusual(fd, address, length, flags);
}

long unsock_call_accept(int fd, struct sockaddr *address, socklen_t *length) {
    return unsock_call_accept4(fd, address, length, 0);
}

/* Calls that the library gets by their number. Each function checks the pointers that it gets (rt/user.h). */

/* Calls prctl or seccomp. Before the program installs a filter, identifies inherited descriptors: under a filter the
 * library makes, if possible, only calls that the program makes. If the call fails (programs probe with a NULL filter),
 * the library goes on as before. */
static long set_filter(long number, const long a[6]) {
    bool before = unsock_sandboxed;
    bool comes = number == __NR_prctl ? (int)a[0] == PR_SET_SECCOMP
                                      : a[0] == SECCOMP_SET_MODE_STRICT || a[0] == SECCOMP_SET_MODE_FILTER;
    if (comes && !before)
        unsock_identify_inherited();
    if (comes)
        unsock_files_left();
    unsock_sandboxed |= comes;
    long result = unsock_sys(number, a[0], a[1], a[2], a[3], a[4]);
    if (result < 0)
        unsock_sandboxed = before;
    return result;
}

#define BY_NUMBER(exported, next, machines, mark, trapped, type, name, parameters)                                     \
    UNSOCK_IF_ON_##machines(case __NR_##name : return unsock_call_##name(UNSOCK_ARGUMENTS_IN_ARRAY parameters);)

long unsock_call_by_number(long number, const long a[6]) {
    unsigned mask = number == __NR_ppoll ? 3 : 4;
    bool masks = number == __NR_ppoll || number == __NR_epoll_pwait || number == __NR_epoll_pwait2;
    /* The kernel refuses a signal mask if its size is not UNSOCK_SIGNALS_SIZE. */
    if (masks && a[mask] != 0 && a[mask + 1] != UNSOCK_SIGNALS_SIZE)
        return unsock_sys(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    switch (number) {
        UNSOCK_CALLS(BY_NUMBER)
    case __NR_read:
        return a[2] != 0 && unsock_fds_has_nobody((int)a[0])
                   ? unsock_call_recv((int)a[0], (void *)a[1], (size_t)a[2], 0)
                   : unsock_sys(number, a[0], a[1], a[2]);
    case __NR_prctl:
    case __NR_seccomp:
        return set_filter(number, a);
    case __NR_exit_group:
        unsock_call_exit();
        /* fallthrough */
    default:
        return unsock_sys(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    }
}
