/* Dispatches getsockopt and setsockopt. */
#include "calls/list.h"

#include "calls/target.h"
#include "options/options.h"
#include "replace/replace.h"
#include "rules/cmsg.h"

#define KERNELS_OWN_ENOTSUPP 524 /* no errno for programs; older kernels return it for SO_ZEROCOPY */

/* True for options that the kernel answers correctly even if the descriptor's number now belongs to another socket; and
 * for SO_REUSEADDR before a bind, as the bind checks the number. */
static bool is_kernels_option(const struct unsock_fd *entry, int level, int name, bool sets) {
    return level == SOL_SOCKET && entry->kind == UNSOCK_KIND_LOCAL &&
           (name == SO_ERROR || name == SO_TYPE || name == SO_KEEPALIVE || name == SO_LINGER || name == SO_ACCEPTCONN ||
            (sets && name == SO_REUSEADDR && entry->state == UNSOCK_STATE_NEW));
}

/* Returns the descriptor's owner. Asks the kernel only if AF_UNIX answers the option otherwise than an IP socket. */
static long owner_for_option(int fd, int level, int name, bool sets, struct unsock_whose *whose) {
    bool ours = unsock_whose(fd, 0, whose) == UNSOCK_IS_OURS;
    bool telling = level == IPPROTO_TCP || level == IPPROTO_IP || level == IPPROTO_IPV6 || level == IPPROTO_UDP ||
                   (level == SOL_SOCKET && (name == SO_DOMAIN || name == SO_PROTOCOL || name == SO_REUSEPORT));
    unsigned still = ours && !is_kernels_option(whose->entry, level, name, sets) ? UNSOCK_ASK_STILL : 0;
    long owner = unsock_whose(fd, still | (telling ? UNSOCK_ASK_ALWAYS : 0), whose);
    if (owner == UNSOCK_IS_OURS && level == IPPROTO_UDP && name == UNSOCK_UDP_SEGMENT)
        unsock_fds_mark_all(fd, whose->entry, UNSOCK_DATAGRAM_SEGMENTS);
    return owner;
}

long unsock_call_setsockopt(int fd, int level, int name, const void *value, socklen_t length) {
    struct unsock_whose whose;
    long owner = owner_for_option(fd, level, name, true, &whose);
    if (owner < 0)
        return owner;
    struct unsock_fd *entry = whose.entry;
    if (owner == UNSOCK_IS_OURS && unsock_options_wants_ip(entry, level, name) && unsock_redirect_to_ip(fd, entry) == 0)
        unsock_born_local_note_ip(entry->type);
    if (entry && unsock_fd_is_redirected(entry)) {
        long result = unsock_options_set(fd, entry, level, name, value, length);
        unsock_fds_tell_duplicates(fd);
        return result == -KERNELS_OWN_ENOTSUPP ? -EOPNOTSUPP : result;
    }
    long result = unsock_setsockopt(fd, level, name, value, length);
    if (result == 0 && entry && entry->kind == UNSOCK_KIND_IP)
        unsock_option_note(fd, entry, level, name);
    return result;
}

long unsock_call_getsockopt(int fd, int level, int name, void *value, socklen_t *length) {
    struct unsock_whose whose;
    /* While a connect waits for its vsock multiplexer (calls/asking.c), select and io_uring report the socket as
     * writable, and programs then read SO_ERROR: waits for the multiplexer's answer. */
    while (level == SOL_SOCKET && name == SO_ERROR && unsock_asking_wait(fd) == -EINTR)
        ;
    long owner = owner_for_option(fd, level, name, false, &whose);
    if (owner < 0)
        return owner;
    return owner == UNSOCK_IS_OURS ? unsock_options_get(fd, whose.entry, level, name, value, length)
                                   : unsock_getsockopt(fd, level, name, value, length);
}
