/* Binding socket files: free names, stale ones, ports that this process has already, and control files. */
#include "files/bindfile.h"

#include "files/ephemeral.h"
#include "files/lock.h"
#include "files/release.h"
#include "files/resolve.h"
#include "files/sharers.h"
#include "files/socketfile.h"
#include "kernel/file_info.h"
#include "kernel/identify.h"
#include "kernel/option_query.h"
#include "memory/fds.h"
#include "memory/state.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rules/address.h"
#include "rules/errno.h"
#include "rules/spelling.h"

#define SETTLES_MOST 10
#define RENAME_EXCHANGED 2u /* renameat2(2) */

static uint64_t bound_inode(const struct sockaddr_un *path) {
    int64_t inode = unsock_file_inode(path->sun_path);
    return inode > 0 ? (uint64_t)inode : 0;
}

/* Is this entry of the cache really a socket of this process bound to the port? Entries may be out of date. */
static bool holds_port(int fd, const struct unsock_fd *entry, const struct unsock_bind_request *request) {
    return entry->type == request->type && entry->local.port == request->ip.port && unsock_identify_has_file(fd, entry);
}

/* Answers come to a client's own file from servers of any user, as over UDP. */
static int mode_of(const struct unsock_bind_request *request) {
    return request->open_to_all ? 0666 : -1;
}

/* A receiver must know the sender's address, if it is a special one; and whoever inherits the socket, its own. */
static socklen_t respell(const struct unsock_bind_request *request, struct sockaddr_un *path) {
    if (request->type == SOCK_DGRAM)
        return unsock_spelling_write(&request->spelling, path);
    return (socklen_t)(UNSOCK_SUN_PATH_OFFSET + strlen(path->sun_path) + 1);
}

static long bind_hidden(const struct unsock_bind_request *request, struct unsock_bound *bound, struct unsock_lock *lock) {
    for (unsigned i = 1; i <= UNSOCK_HIDDEN_MOST; i++) {
        unsock_address_hidden_path(request->ip.port, request->type, i, &bound->path);
        socklen_t length = respell(request, &bound->path);
        long result = unsock_socketfile_bind(request->socket, &bound->path, length, mode_of(request));
        if (result == -EADDRINUSE && unsock_socketfile_is_stale(&bound->path, length, request->type, lock) &&
            unsock_file_inode(bound->path.sun_path) > 0) {
            unsock_sys(__NR_unlinkat, AT_FDCWD, bound->path.sun_path, 0);
            result = unsock_socketfile_bind(request->socket, &bound->path, length, mode_of(request));
        }
        if (result == -EADDRINUSE)
            continue;
        bound->how = UNSOCK_BOUND_HIDDEN;
        bound->hidden = i;
        bound->inode = bound_inode(&bound->path);
        return result;
    }
    return -EADDRINUSE;
}

static void rename_path(const struct sockaddr_un *from, const struct sockaddr_un *to) {
    unsock_sys(__NR_renameat, AT_FDCWD, from->sun_path, AT_FDCWD, to->sun_path);
}

long unsock_bindfile_replace(const struct unsock_bind_request *request, struct unsock_bound *bound) {
    struct sockaddr_un path;
    memset(bound, 0, sizeof(*bound));
    unsock_address_path(request->ip.port, request->type, &path);
    struct unsock_lock lock;
    unsock_lock_take(&lock);
    long result = bind_hidden(request, bound, &lock);
    if (result == 0) {
        result = unsock_sys(__NR_renameat2, AT_FDCWD, bound->path.sun_path, AT_FDCWD, path.sun_path, RENAME_EXCHANGED);
        if (result < 0)
            unsock_sys(__NR_unlinkat, AT_FDCWD, bound->path.sun_path, 0);
    }
    unsock_lock_drop(&lock);
    bound->moved = bound->hidden;
    bound->how = UNSOCK_BOUND_FILE;
    bound->ip = request->ip;
    return result;
}

bool unsock_bindfile_restore(int type, const struct unsock_bound *bound) {
    struct sockaddr_un path, hidden;
    if (bound->moved == 0)
        return false;
    unsock_address_path(bound->ip.port, type, &path);
    unsock_address_hidden_path(bound->ip.port, type, bound->moved, &hidden);
    struct unsock_lock lock;
    unsock_lock_take(&lock);
    rename_path(&hidden, &path);
    unsock_lock_drop(&lock);
    return true;
}

void unsock_bindfile_settled(int type, const struct unsock_bound *bound) {
    struct sockaddr_un hidden;
    if (bound->moved == 0)
        return;
    unsock_address_hidden_path(bound->ip.port, type, bound->moved, &hidden);
    struct unsock_lock lock;
    unsock_lock_take(&lock);
    unsock_sys(__NR_unlinkat, AT_FDCWD, hidden.sun_path, 0);
    unsock_lock_drop(&lock);
}

/* Moves the port's file of another datagram socket of ours out of the way: with SO_REUSEADDR the latest one gets all. */
static long take_over(const struct unsock_bind_request *request, struct unsock_fd *holder, struct unsock_bound *bound) {
    struct sockaddr_un hidden;
    unsock_address_path(request->ip.port, request->type, &bound->path);
    socklen_t length = respell(request, &bound->path);
    for (unsigned i = 1; i <= UNSOCK_HIDDEN_MOST; i++) {
        unsock_address_hidden_path(request->ip.port, request->type, i, &hidden);
        long result = unsock_sys(__NR_renameat2, AT_FDCWD, bound->path.sun_path, AT_FDCWD, hidden.sun_path,
                                 1u /* RENAME_NOREPLACE */);
        if (result == -EEXIST)
            continue;
        if (result < 0)
            return -EADDRINUSE;
        result = unsock_socketfile_bind(request->socket, &bound->path, length, mode_of(request));
        if (result < 0)
            rename_path(&hidden, &bound->path);
        else
            unsock_sharers_renamed(holder, true, (uint8_t)i);
        return result;
    }
    return -EADDRINUSE;
}

long unsock_bindfile_take_over(const struct unsock_bind_request *request, int fd, struct unsock_bound *bound) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    memset(bound, 0, sizeof(*bound));
    struct unsock_lock lock;
    unsock_lock_take(&lock);
    /* Where yet another socket has the port's file already, that one stays. */
    bool hidden = !entry || (entry->flags & UNSOCK_HIDDEN);
    long result = hidden ? bind_hidden(request, bound, &lock) : take_over(request, entry, bound);
    unsock_lock_drop(&lock);
    bound->ip = request->ip;
    bound->inode = result == 0 ? bound_inode(&bound->path) : 0;
    return result;
}

/*
 * Another process has the port. With SO_REUSEADDR a datagram socket that is connected to one client does not stand in the
 * way of the next one for all others: a server that forks for each client does so. It keeps its name in the kernel.
 */
static long bind_after(const struct unsock_bind_request *request, struct unsock_bound *bound) {
    unsock_address_path(request->ip.port, request->type, &bound->path);
    socklen_t length = respell(request, &bound->path);
    if (request->type != SOCK_DGRAM || !request->reuseaddr)
        return -EADDRINUSE;
    /* The child that has it may not have connected yet: then it is one that this process had before. */
    if (!unsock_socketfile_is_connected(&bound->path, length) && !unsock_release_was(&bound->path))
        return -EADDRINUSE;
    bound->how = UNSOCK_BOUND_FILE;
    long result = unsock_sys(__NR_unlinkat, AT_FDCWD, bound->path.sun_path, 0);
    return result < 0 ? -EADDRINUSE : unsock_socketfile_bind(request->socket, &bound->path, length, mode_of(request));
}

/* Somebody is bound to the port. When that is this process: the same port once more. */
static long bind_beside(const struct unsock_bind_request *request, struct unsock_bound *bound, struct unsock_lock *lock) {
    int rival = -1, own = 0, holder = -1;
    bool all_reuseport = true, all_reuseaddr = true, listens = false;
    for (int fd = 0; fd < unsock_fds_end(); fd++) {
        struct unsock_fd *entry = unsock_fds_known(fd);
        if (!entry || !holds_port(fd, entry, request))
            continue;
        own++;
        if (!(entry->flags & UNSOCK_HIDDEN))
            holder = fd;
        bool v6only = unsock_option_flag(fd, entry, IPPROTO_IPV6, IPV6_V6ONLY);
        if (!unsock_sharers_conflict(&request->ip, request->spelling.v6only, &entry->local, v6only))
            continue;
        all_reuseport &= unsock_option_flag(fd, entry, SOL_SOCKET, SO_REUSEPORT);
        all_reuseaddr &= unsock_option_flag(fd, entry, SOL_SOCKET, SO_REUSEADDR);
        listens |= entry->state == UNSOCK_STATE_LISTENING;
        if (rival < 0 || !(entry->flags & UNSOCK_HIDDEN))
            rival = fd;
    }
    if (own == 0 && !request->behind_others)
        return bind_after(request, bound);
    if (rival < 0)
        return bind_hidden(request, bound, lock);
    if (request->reuseport && all_reuseport) {
        bound->how = UNSOCK_BOUND_SHARE;
        bound->share = rival;
        return 0;
    }
    /* Which of them may listen is decided when one does. */
    if (request->type == SOCK_STREAM && request->reuseaddr && all_reuseaddr && !listens)
        return bind_hidden(request, bound, lock);
    if (request->type == SOCK_DGRAM && request->reuseaddr && all_reuseaddr && holder >= 0) {
        bound->how = UNSOCK_BOUND_FILE;
        return take_over(request, unsock_fds_known(holder), bound);
    }
    return -EADDRINUSE;
}

/*
 * The name is taken: by a stale file, a live socket, or a control file. Called with the directory locked. -EAGAIN: the
 * file looks stale, but is so new that its bind may still be under way.
 */
static long bind_taken(const struct unsock_bind_request *request, socklen_t length, struct unsock_bound *bound,
                       struct unsock_lock *lock) {
    long answers = unsock_resolve(bound->path.sun_path, &bound->control);
    if (answers < 0)
        return answers;
    if (answers == UNSOCK_ANSWERS_OTHER)
        return -EADDRINUSE;
    if (answers == UNSOCK_ANSWERS_CONTROL) {
        bound->how = UNSOCK_BOUND_CONTROL;
        return 0;
    }
    if (answers == UNSOCK_ANSWERS_SOCKET) {
        if (!unsock_socketfile_is_stale(&bound->path, length, request->type, lock))
            return bind_beside(request, bound, lock);
        if (unsock_socketfile_is_new(bound->path.sun_path))
            return -EAGAIN;
        long result = unsock_sys(__NR_unlinkat, AT_FDCWD, bound->path.sun_path, 0);
        if (result < 0 && result != -ENOENT)
            return result;
    }
    return unsock_socketfile_bind(request->socket, &bound->path, length, mode_of(request));
}

/* Others that clean up at the same time can make the file a new one again. */
static long bind_cleaning(const struct unsock_bind_request *request, socklen_t length, struct unsock_bound *bound) {
    long result = -EAGAIN;
    for (int i = 0; i < SETTLES_MOST && result == -EAGAIN; i++) {
        unsock_socketfile_settle(&bound->path, length, request->type);
        struct unsock_lock lock;
        unsock_lock_take(&lock);
        result = bind_taken(request, length, bound, &lock);
        unsock_lock_drop(&lock);
    }
    return result == -EAGAIN ? -EADDRINUSE : result;
}

/* A missing directory may have been removed since the start: everything else is the caller's to see. */
static long bind_port(const struct unsock_bind_request *request, struct unsock_bound *bound, bool clean) {
    unsock_address_path(request->ip.port, request->type, &bound->path);
    socklen_t length = respell(request, &bound->path);
    bound->ip = request->ip;
    bound->how = UNSOCK_BOUND_FILE;
    long result = unsock_socketfile_bind(request->socket, &bound->path, length, mode_of(request));
    if (result == -EADDRINUSE && clean)
        result = bind_cleaning(request, length, bound);
    if (result == 0 && bound->how == UNSOCK_BOUND_FILE)
        bound->inode = bound_inode(&bound->path);
    return unsock_errno_as_ip(UNSOCK_AT_BIND, result);
}

static long bind_any_port(const struct unsock_bind_request *request, bool covered_only, struct unsock_bound *bound) {
    struct unsock_bind_request one = *request;
    unsigned count = unsock_ephemeral_count();
    /* First the names that are free; only when there is none, those that are left over. */
    for (int clean = 0; clean < 2; clean++) {
        for (unsigned i = 0; i < count; i++) {
            one.ip.port = unsock_ephemeral_next();
            if (covered_only && !unsock_address_covered_bind(&one.ip, one.spelling.v6only))
                continue;
            long result = bind_port(&one, bound, clean == 1);
            if (result == 0 && bound->how != UNSOCK_BOUND_FILE)
                continue;
            if (result != -EADDRINUSE && result != -EINVAL)
                return result;
        }
    }
    return -EADDRINUSE;
}

/*
 * A stream socket that another process inherits or receives tells its spelling by an option that means nothing on a
 * listener (SO_PEEK_OFF; socket(7)).
 */
static void leave_spelling(const struct unsock_bind_request *request) {
    int32_t number = unsock_spelling_number(&request->spelling);
    if (request->type == SOCK_STREAM && number != 1)
        unsock_sys(__NR_setsockopt, request->socket, SOL_SOCKET, SO_PEEK_OFF, &number, sizeof(number));
}

long unsock_bindfile_bind(const struct unsock_bind_request *request, struct unsock_bound *bound) {
    memset(bound, 0, sizeof(*bound));
    long result = request->ip.port == 0 ? bind_any_port(request, true, bound) : bind_port(request, bound, true);
    if (result == 0 && (bound->how == UNSOCK_BOUND_FILE || bound->how == UNSOCK_BOUND_HIDDEN))
        leave_spelling(request);
    return result;
}

long unsock_bindfile_bind_ephemeral(const struct unsock_bind_request *request, struct unsock_bound *bound) {
    memset(bound, 0, sizeof(*bound));
    return bind_any_port(request, false, bound);
}
