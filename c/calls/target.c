/* Sockets that control files name. */
#include "calls/target.h"

#include "calls/connect_wait.h"
#include "calls/firecracker.h"
#include "calls/handed.h"
#include "calls/standin.h"
#include "files/control_file.h"
#include "files/elsewhere.h"
#include "files/ephemeral.h"
#include "files/handed.h"
#include "files/resolve.h"
#include "kernel/log.h"
#include "kernel/socket_info.h"
#include "memory/fds.h"
#include "memory/state.h"
#include "replace/redirect.h"
#include "rt/libc.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rules/address.h"
#include "rules/control.h"
#include "rules/errno.h"
#include "rules/ip.h"
#include "rules/settings.h"
#include "unsock.h"

#define SOL_TIPC_LEVEL 271
#define TIPC_GROUP_JOIN_OPTION 135
#define TIPC_GROUP_REQ_SIZE 16 /* struct tipc_group_req: type, instance, scope, flags */

static size_t option_length(const struct unsock_control_sockopt *option) {
    if (option->group == SOL_SOCKET && (option->key == SO_RCVTIMEO || option->key == SO_SNDTIMEO))
        return sizeof(struct timeval);
    if (option->group == SOL_TIPC_LEVEL && option->key == TIPC_GROUP_JOIN_OPTION)
        return TIPC_GROUP_REQ_SIZE;
    return sizeof(int32_t);
}

long unsock_target_apply_options(const struct unsock_control_file *control, int fd) {
    for (int i = 0; i < UNSOCK_CONTROL_SOCKOPTS; i++) {
        struct unsock_control_sockopt option = control->sockopts[i];
        if (option.group == 0 || option.key == 0)
            continue;
        long result = unsock_sys(__NR_setsockopt, fd, option.group, option.key, option.value, option_length(&option));
        if (result < 0)
            return result;
    }
    return 0;
}

static int dest_family(const struct unsock_control_file *control) {
    uint16_t family;
    memcpy(&family, control->dest, sizeof(family));
    return family;
}

/* A socket of the target's family, with the control file's options. Returns it or -errno. */
static long open_target(const struct unsock_fd *entry, const struct unsock_control_file *control) {
    bool firecracker = (control->options & UNSOCK_CONTROL_FIRECRACKER) != 0;
    long socket = unsock_redirect_open(firecracker ? AF_UNIX : dest_family(control), entry->type, 0);
    long result = socket < 0 ? socket : unsock_target_apply_options(control, (int)socket);
    if (result < 0 && socket >= 0)
        unsock_sys(__NR_close, socket);
    return result < 0 ? result : socket;
}

static void remember(struct unsock_fd *entry, enum unsock_state state, const struct unsock_ip *asked) {
    unsock_fd_enter(entry, state);
    entry->flags |= UNSOCK_NAMED;
    if (!asked)
        return;
    entry->remote = *asked;
    if (entry->local.family == 0)
        entry->local = unsock_address_default(asked->family, unsock_ephemeral_next());
}

/* A socket on its way to where a control file leads. What else the file says is not kept: stacks may be small. */
struct way {
    int socket;
    bool waits;   /* it connects once it has taken the descriptor's place */
    bool limited; /* and not for longer than TCP's connect: no other family has a limit of its own */
    socklen_t length;
    uint8_t dest[UNSOCK_CONTROL_ADDRESS_SIZE];
};

/* A blocking descriptor connects after the exchange, where a signal or a cancelled thread leaves nothing behind. */
static long connect_plain(int fd, const struct unsock_control_file *control, struct way *way) {
    long nonblocking = unsock_socket_nonblocking(fd);
    if (nonblocking == 1)
        return unsock_errno_as_ip(UNSOCK_AT_TARGET_ONCE,
                                  unsock_sys(__NR_connect, way->socket, control->dest, control->dest_length));
    way->waits = true;
    way->limited = dest_family(control) == AF_UNIX;
    way->length = control->dest_length;
    memcpy(way->dest, control->dest, sizeof(way->dest));
    return nonblocking;
}

static long connect_multiplexer(int fd, const struct unsock_fd *entry, const struct unsock_control_file *control,
                                const struct unsock_ip *asked, const struct way *way) {
    uint64_t cookie = unsock_socket_cookie(fd);
    long end = -ETIMEDOUT;
    int64_t most = unsock_settings.connect_timeout_ms;
    if (asked && unsock_socket_nonblocking(fd) == 0) {
        int64_t limit = unsock_connect_limit(fd, entry, &end);
        end = limit < most ? end : -ETIMEDOUT;
        most = UNSOCK_MIN(most, limit);
    }
    long result = unsock_firecracker_connect(way->socket, control, most);
    result = result == -ETIMEDOUT ? end : result;
    /* That took its time: another thread may have closed the descriptor, and its number be another's. */
    return result == 0 && unsock_socket_cookie(fd) != cookie ? -EBADF : result;
}

/* A program's own AF_UNIX socket (`asked` is NULL then) waits as those do. */
static long connect_blocking(int fd, const struct unsock_fd *entry, const struct way *way,
                             const struct unsock_ip *asked) {
    if (asked && entry->type == SOCK_STREAM && way->limited)
        return unsock_connect_wait(fd, entry, way->dest, way->length);
    return unsock_real_connect(fd, way->dest, way->length);
}

/* As far as it goes before the exchange. */
UNSOCK_OWN_FRAME static long begin(int fd, const struct unsock_fd *entry, const char *path,
                                   const struct unsock_ip *asked, struct way *way, long *answers) {
    struct unsock_control_file control;
    *answers = unsock_resolve(path, &control);
    long socket = *answers == UNSOCK_ANSWERS_CONTROL ? open_target(entry, &control) : -ECONNREFUSED;
    if (socket < 0)
        return socket;
    way->socket = (int)socket;
    way->waits = false;
    long result = control.options & UNSOCK_CONTROL_FIRECRACKER ? connect_multiplexer(fd, entry, &control, asked, way)
                                                               : connect_plain(fd, &control, way);
    if (result < 0 && result != -EINPROGRESS)
        unsock_sys(__NR_close, socket);
    return result;
}

UNSOCK_OWN_FRAME long unsock_target_connect(int fd, struct unsock_fd *entry, const char *path,
                                            const struct unsock_ip *asked, long *answers) {
    struct way way;
    struct unsock_ip local = entry->local;
    bool waiting = entry->type == SOCK_STREAM && (entry->flags & UNSOCK_WAITING);
    bool bound = (entry->flags & UNSOCK_BOUND) || waiting;
    way.socket = -1;
    long result = begin(fd, entry, path, asked, &way, answers);
    if (way.socket < 0 || (result < 0 && result != -EINPROGRESS))
        return result;
    long installed = unsock_redirect_install(fd, entry, way.socket, UNSOCK_KIND_FOREIGN);
    if (installed < 0)
        return installed;
    if (way.waits)
        result = unsock_errno_as_ip(UNSOCK_AT_TARGET, connect_blocking(fd, entry, &way, asked));
    if (result == 0 || result == -EINPROGRESS)
        remember(entry, result == 0 ? UNSOCK_STATE_CONNECTED : UNSOCK_STATE_CONNECTING, asked);
    if (result == -EINPROGRESS && way.waits && asked) {
        entry->flags |= UNSOCK_WAITING;
        result = waiting ? -EALREADY : result;
    }
    if (bound && entry->kind == UNSOCK_KIND_FOREIGN)
        entry->local = local;
    return result;
}

/* An AF_UNIX target that is a file is made, and goes with its socket, as the port's own would be. */
static long bind_target(int socket, const struct unsock_control_file *control, struct unsock_elsewhere *where) {
    if (dest_family(control) == AF_UNIX && control->dest[UNSOCK_SUN_PATH_OFFSET] != '\0')
        return unsock_elsewhere_bind(socket, control->dest, control->dest_length, where);
    where->file.inode = 0;
    return unsock_sys(__NR_bind, socket, control->dest, control->dest_length);
}

static void remember_bound(int fd, struct unsock_fd *entry, const struct unsock_file_id *file,
                           const struct unsock_ip *bound) {
    unsock_fd_enter(entry, UNSOCK_STATE_BOUND);
    entry->flags |= UNSOCK_BOUND | UNSOCK_NAMED | (file->inode != 0 ? UNSOCK_FILE : 0);
    if (bound)
        entry->local = *bound;
    if (file->inode == 0)
        return;
    entry->file.inode = file->inode;
    entry->file.device = file->device;
    unsock_fds_note_file(fd);
}

/* Makes the socket and binds it. Returns 0 with `standin` and `where` filled and *handed told, or -errno. */
UNSOCK_OWN_FRAME static long bind_at(int fd, const struct unsock_fd *entry, const char *path,
                                     const struct unsock_ip *bound, struct unsock_standin *standin,
                                     struct unsock_elsewhere *where, bool *handed, long *answers) {
    struct unsock_control_file control;
    *answers = unsock_resolve(path, &control);
    if (*answers != UNSOCK_ANSWERS_CONTROL || (control.options & UNSOCK_CONTROL_FIRECRACKER))
        return -EINVAL;
    if (unsock_control_refuses(&control))
        return -EACCES;
    long socket = open_target(entry, &control);
    if (socket < 0)
        return socket;
    unsock_standin_take(standin, (int)socket);
    long result = bind_target(standin->socket, &control, where);
    *handed = result == -EADDRINUSE && unsock_handed_count > 0;
    if (*handed)
        result = unsock_handed_take_target(standin, fd, entry, control.dest, control.dest_length, bound);
    if (*handed && result == 0)
        result = unsock_target_apply_options(&control, standin->socket);
    return result < 0 ? unsock_standin_close(standin, result) : 0;
}

UNSOCK_OWN_FRAME long unsock_target_bind(int fd, struct unsock_fd *entry, const char *path,
                                         const struct unsock_ip *bound, long *answers) {
    struct unsock_standin standin;
    struct unsock_elsewhere where;
    bool handed;
    long result = bind_at(fd, entry, path, bound, &standin, &where, &handed, answers);
    if (result < 0)
        return result;
    result = unsock_redirect_install(fd, entry, standin.socket, UNSOCK_KIND_FOREIGN);
    if (result < 0)
        unsock_elsewhere_release(&where);
    else
        remember_bound(fd, entry, &where.file, bound);
    if (result == 0)
        entry->local.tag = handed ? UNSOCK_HANDED_TAG : 0;
    return result;
}

/* Is this an AF_UNIX path? Then copies it, with its NUL, to `path`. */
static bool read_path(const void *address, socklen_t length, struct sockaddr_un *path) {
    memset(path, 0, sizeof(*path));
    if (!address || length <= UNSOCK_SUN_PATH_OFFSET || length > sizeof(*path))
        return false;
    memcpy(path, address, length);
    return path->sun_family == AF_UNIX && path->sun_path[0] != '\0' &&
           path->sun_path[sizeof(path->sun_path) - 1] == '\0';
}

/* The entry of a program's own AF_UNIX socket, filled in for its replacement. */
static struct unsock_fd *own_entry(int fd, struct unsock_fd *scratch) {
    struct unsock_fd *entry = unsock_fds_entry(fd);
    memset(scratch, 0, sizeof(*scratch));
    if (!entry)
        entry = scratch;
    struct unsock_fd old = *entry;
    long type = unsock_socket_option(fd, SO_TYPE);
    *entry = (struct unsock_fd){.kind = UNSOCK_KIND_OTHER, .type = (uint8_t)(type < 0 ? 0 : type), .domain = AF_UNIX};
    if (old.kind == UNSOCK_KIND_OTHER) {
        entry->epoll = old.epoll;
        entry->flags = old.flags & UNSOCK_EPOLL_MANY;
    } else {
        entry->flags = UNSOCK_EPOLL_MANY;
    }
    return entry;
}

UNSOCK_OWN_FRAME long unsock_target_connect_path(int fd, const void *address, socklen_t length, long result) {
    struct sockaddr_un path;
    struct unsock_fd scratch;
    long answers;
    if (!unsock_resolve_is_worth_it(result) || !read_path(address, length, &path))
        return result;
    answers = unsock_resolve(path.sun_path, NULL);
    /* Any file can stand there: only one of our kind, damaged, is EINVAL. */
    if (answers == -EINVAL && unsock_control_file_read(path.sun_path, NULL) != -EINVAL)
        return result;
    if (answers != UNSOCK_ANSWERS_CONTROL)
        return answers == -EINVAL || answers == -EACCES ? answers : result;
    struct unsock_fd *entry = own_entry(fd, &scratch);
    result = unsock_target_connect(fd, entry, path.sun_path, NULL, &answers);
    return unsock_log("connect", fd, NULL, &path, result);
}

UNSOCK_OWN_FRAME long unsock_target_bind_path(int fd, const void *address, socklen_t length, long result) {
    struct sockaddr_un path;
    struct unsock_fd scratch;
    long answers;
    if (result != -EADDRINUSE || !read_path(address, length, &path))
        return result;
    /* Not a control file: the error is bind's own. */
    answers = unsock_resolve(path.sun_path, NULL);
    if (answers != UNSOCK_ANSWERS_CONTROL)
        return answers == -EACCES ? unsock_log("bind", fd, NULL, &path, answers) : result;
    struct unsock_fd *entry = own_entry(fd, &scratch);
    result = unsock_target_bind(fd, entry, path.sun_path, NULL, &answers);
    return unsock_log("bind", fd, NULL, &path, result);
}
