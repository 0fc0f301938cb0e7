/* getsockopt and setsockopt: who does the work? */
#include "calls/list.h"

#include "calls/target.h"
#include "kernel/socket_info.h"
#include "options/options.h"
#include "replace/replace.h"

#define KERNELS_OWN_ENOTSUPP 524 /* no errno of programs; older kernels say it of SO_ZEROCOPY (net/core/sock.c) */

/*
 * What the kernel is asked in any case, so that the answer is right also where the number has become another socket's;
 * or told, which counts for a bind: that looks.
 */
static bool is_kernels_option(const struct unsock_fd *entry, int level, int name, bool sets) {
    return level == SOL_SOCKET && entry->kind == UNSOCK_KIND_LOCAL &&
           (name == SO_ERROR || name == SO_TYPE || name == SO_KEEPALIVE || name == SO_LINGER || name == SO_ACCEPTCONN ||
            (sets && name == SO_REUSEADDR && entry->state == UNSOCK_STATE_NEW));
}

/*
 * A descriptor that nothing is known of: it is ours when an AF_UNIX socket's names say so. *wrong gets 0, or the -errno
 * of a call on one of which that cannot be known.
 */
static struct unsock_fd *entry_for_option(int fd, int level, int name, bool sets, struct unsock_fd *scratch,
                                          long *wrong) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    bool looks = entry && unsock_fd_is_redirected(entry) && !is_kernels_option(entry, level, name, sets);
    *wrong = looks ? unsock_reuse_look(fd) : 0;
    if (*wrong != 0)
        entry = NULL;
    if (*wrong < 0)
        return NULL;
    bool telling = level == IPPROTO_TCP || level == IPPROTO_IP || level == IPPROTO_IPV6 || level == IPPROTO_UDP ||
                   (level == SOL_SOCKET && (name == SO_DOMAIN || name == SO_PROTOCOL || name == SO_REUSEPORT));
    entry = !entry && telling ? unsock_identify_asking(fd, scratch) : entry;
    *wrong = entry ? unsock_identify_wrong(entry) : 0;
    return entry;
}

long unsock_call_setsockopt(int fd, int level, int name, const void *value, socklen_t length) {
    struct unsock_fd scratch;
    long wrong;
    struct unsock_fd *entry = entry_for_option(fd, level, name, true, &scratch, &wrong);
    if (wrong < 0)
        return wrong;
    if (entry && unsock_fd_is_redirected(entry)) {
        if (unsock_options_wants_ip(entry, level, name) && unsock_redirect_to_ip(fd, entry) == 0)
            unsock_born_local_note_ip(entry->type);
    }
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
    struct unsock_fd scratch;
    long wrong;
    /* Whoever has been told by select, or a ring, that it can be written to asks next whether it is connected. */
    while (level == SOL_SOCKET && name == SO_ERROR && unsock_asking_wait(fd) == -EINTR)
        ;
    struct unsock_fd *entry = entry_for_option(fd, level, name, false, &scratch, &wrong);
    if (wrong < 0)
        return wrong;
    if (entry && unsock_fd_is_redirected(entry))
        return unsock_options_get(fd, entry, level, name, value, length);
    return unsock_getsockopt(fd, level, name, value, length);
}
