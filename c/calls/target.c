/* Connects sockets to the targets of control files, and binds them there. */
#include "calls/target.h"

#include "calls/bind.h"
#include "calls/stream.h"
#include "files/control_file.h"
#include "kernel/log.h"
#include "replace/replace.h"
#include "rules/control.h"
#include "rules/errno.h"

#define FULL_MS 200 /* how long a non-blocking connect retries a multiplexer with a full backlog */

static void remember_target(struct unsock_fd *entry, enum unsock_state state, const struct unsock_ip *asked) {
    unsock_fd_enter(entry, state);
    unsock_fds_mark(entry, UNSOCK_NAMED);
    if (!asked)
        return;
    *unsock_fd_remote(entry) = *asked;
    if (entry->local.family == 0)
        entry->local = unsock_address_default(asked->family, unsock_ephemeral_next());
}

/* A socket on its way to a control file's target. Keeps only these parts of the file, as stacks may be small. */
struct way {
    int socket; /* replaces the descriptor's, or is the descriptor itself */
    long flags;
    bool waits; /* the connect follows once the socket is the descriptor's */
    bool multiplexed;
    int family;
    bool asks; /* its vsock multiplexer has not answered yet: the connect goes on after the call */
    socklen_t length;
    uint8_t dest[UNSOCK_CONTROL_ADDRESS_SIZE];
    struct unsock_firecracker answer;
};

/* Connects a non-blocking stand-in to the target. In other cases only prepares the connect (`waits`), which is made
 * later on the program's own descriptor: a signal or a cancelled thread then leaves no stand-in behind. */
static long connect_plain(int fd, struct unsock_control_file *control, struct way *way) {
    unsock_target_to_connect(control);
    if (way->socket != fd && (way->flags & O_NONBLOCK))
        return unsock_errno_as_ip(UNSOCK_AT_TARGET_ONCE,
                                  unsock_connect(way->socket, control->dest, control->dest_length));
    way->waits = true;
    way->length = control->dest_length;
    memcpy(way->dest, control->dest, sizeof(way->dest));
    return 0;
}

/* Connects `socket` through the multiplexer, before it replaces the socket of `fd`. If the answer is incomplete
 * (-EINPROGRESS, -EINTR), *goes_on tells whether `socket` is to be installed all the same: later calls on `fd` then
 * read the rest (unsock_asking_begin). If the program connects to a path (`asked` is NULL), always waits here. */
static long connect_multiplexed(int fd, const struct unsock_fd *entry, const struct unsock_control_file *control,
                                const struct unsock_ip *asked, int socket, struct unsock_firecracker *answer,
                                bool *goes_on) {
    uint64_t cookie = unsock_socket_cookie(fd);
    int64_t begun = unsock_clock_ms();
    bool may = asked && entry->type == SOCK_STREAM;
    bool at_once = may && unsock_socket_nonblocking(fd) == 1 && unsock_asking_has_room();
    int64_t end = asked ? unsock_firecracker_end(fd, entry, begun) : INT64_MAX;
    answer->deadline = begun + unsock_settings.connect_timeout_ms;
    *goes_on = false;
    long result = unsock_firecracker_ask(socket, control, answer, at_once ? begun + FULL_MS : INT64_MAX);
    if (result < 0)
        return result;
    result = at_once ? -EINPROGRESS : unsock_firecracker_await(socket, answer, end);
    bool unfinished = result == -EINPROGRESS || result == -EINTR;
    *goes_on = at_once || (may && unfinished && unsock_asking_has_room());
    /* During the wait another thread may have closed the descriptor, whose number may now be another socket's. */
    return unsock_socket_cookie(fd) != cookie ? -EBADF : result;
}

static bool is_way_open(const struct way *way, long result) {
    return result == 0 || way->asks || (result == -EINPROGRESS && !way->multiplexed);
}

/* Installs a socket that waits for its vsock multiplexer. Takes `fd` out of its epoll sets first, and gives it back
 * without EPOLLOUT: the kernel would report the new socket as writable at once. */
UNSOCK_OWN_FRAME static long install_asking(int fd, struct unsock_fd *entry, const struct way *way,
                                            const struct unsock_ip *asked) {
    struct unsock_epoll_carry carry;
    unsock_epoll_take(fd, &carry);
    long result = unsock_redirect_install(fd, entry, way->socket, UNSOCK_KIND_FOREIGN);
    if (result == 0) {
        remember_target(entry, UNSOCK_STATE_ASKING, asked);
        unsock_asking_begin(fd, &way->answer);
    }
    unsock_epoll_give(fd, entry, &carry);
    return result;
}

/* Opens a socket for the control file at `path`, and takes the steps of its connect that come before `install`. */
UNSOCK_OWN_FRAME static long begin(int fd, const struct unsock_fd *entry, const char *path,
                                   const struct unsock_ip *asked, struct way *way, long *answers) {
    struct unsock_control_file control;
    *answers = unsock_resolve(path, &control);
    if (*answers != UNSOCK_ANSWERS_CONTROL)
        return -ECONNREFUSED;
    bool fits = unsock_target_fits(entry, &control);
    way->flags = fits && (entry->flags & UNSOCK_STREAM_NONBLOCKING) ? unsock_fcntl(fd, F_GETFL, 0) : 0;
    long socket = fits ? fd : unsock_target_open(fd, entry, &control, &way->flags);
    if (socket < 0)
        return socket;
    if (fits)
        unsock_target_mark(fd, &control);
    way->socket = (int)socket;
    way->waits = way->asks = false;
    way->family = unsock_target_family(&control);
    way->multiplexed = (control.options & UNSOCK_CONTROL_FIRECRACKER) != 0;
    long result = way->multiplexed
                      ? connect_multiplexed(fd, entry, &control, asked, way->socket, &way->answer, &way->asks)
                      : connect_plain(fd, &control, way);
    if (!is_way_open(way, result))
        unsock_close(socket);
    return result;
}

static long install(int fd, struct unsock_fd *entry, const struct way *way, const struct unsock_ip *asked) {
    if (way->asks)
        return install_asking(fd, entry, way, asked);
    if (way->socket != fd)
        return unsock_redirect_install_like(fd, entry, way->socket, UNSOCK_KIND_FOREIGN, way->flags);
    entry->kind = UNSOCK_KIND_FOREIGN;
    entry->born = 0;
    return 0;
}

/* After a failed connect to the target: notes that the descriptor has an unused AF_UNIX socket. */
static void take_back(int fd, struct unsock_fd *entry, const void *with) {
    (void)fd, (void)with;
    if (entry->kind == UNSOCK_KIND_FOREIGN) /* not so if this duplicate's socket could not be exchanged */
        entry->kind = UNSOCK_KIND_LOCAL;
}

UNSOCK_OWN_FRAME long unsock_target_connect(int fd, struct unsock_fd *entry, const char *path,
                                            const struct unsock_ip *asked, long *answers) {
    struct way way;
    struct unsock_ip local = entry->local;
    bool bound = (entry->flags & UNSOCK_BOUND) != 0;
    way.socket = -1;
    long result = begin(fd, entry, path, asked, &way, answers);
    if (asked && entry->type == SOCK_STREAM && *answers == UNSOCK_ANSWERS_CONTROL)
        unsock_known_port_note(asked, SOCK_STREAM, UNSOCK_KNOWN_CONTROL);
    if (way.socket < 0 || !is_way_open(&way, result))
        return result;
    long installed = install(fd, entry, &way, asked);
    if (installed < 0)
        return installed;
    bool is_stream = asked && entry->type == SOCK_STREAM;
    if (way.waits)
        result = unsock_real_connect(fd, way.dest, way.length);
    /* True if SO_SNDTIMEO has ended the kernel's wait. */
    bool ended = way.waits && is_stream && way.family == AF_UNIX && result == -EAGAIN;
    if (way.waits && !ended)
        result = unsock_errno_as_ip(UNSOCK_AT_TARGET, result);
    bool as_new = !bound || entry->type == SOCK_STREAM; /* unsock_stream_connect reserves a bound stream later */
    if (result < 0 && result != -EINPROGRESS && way.waits && way.family == AF_UNIX && asked && as_new) {
        take_back(fd, entry, NULL);
        unsock_fds_visit_duplicates(fd, take_back, NULL);
    }
    /* A non-blocking TCP connect returns EINPROGRESS first, even if the connection is made at once. */
    bool later = is_stream && result == 0 && way.flags > 0 && (way.flags & O_NONBLOCK);
    if (!way.asks && (result == 0 || result == -EINPROGRESS))
        remember_target(entry, result == 0 && !later ? UNSOCK_STATE_CONNECTED : UNSOCK_STATE_CONNECTING, asked);
    if (is_stream)
        unsock_born_note_target(way.multiplexed ? AF_UNIX : way.family);
    if (bound)
        entry->local = local;
    return later || ended ? -EINPROGRESS : result;
}

/* Makes a socket and binds it to the target. Fills `standin` and `where`; *handed: a service manager's socket was used
 * instead. Returns 0 or -errno. */
UNSOCK_OWN_FRAME static long bind_at(int fd, const struct unsock_fd *entry, const char *path,
                                     const struct unsock_ip *bound, struct unsock_standin *standin,
                                     struct unsock_target_file *where, bool *handed, long *answers) {
    struct unsock_control_file control;
    *answers = unsock_resolve(path, &control);
    if (*answers != UNSOCK_ANSWERS_CONTROL || (control.options & UNSOCK_CONTROL_FIRECRACKER))
        return -EINVAL;
    if (unsock_control_refuses(&control))
        return -EACCES;
    long flags, socket = unsock_target_open(fd, entry, &control, &flags);
    if (socket < 0)
        return socket == -ENETUNREACH ? -EADDRNOTAVAIL : socket; /* the kernel lacks that family */
    unsock_standin_take(standin, (int)socket);
    standin->flags = flags;
    where->file.inode = 0;
    long result;
    /* The file of an AF_UNIX target is made here, and removed with its socket, as a port's own file is. */
    if (unsock_target_family(&control) == AF_UNIX && control.dest[UNSOCK_SUN_PATH_OFFSET] != '\0')
        result = unsock_target_file_bind(standin->socket, control.dest, control.dest_length, where);
    else if (!unsock_option_flag(fd, entry, SOL_SOCKET, SO_REUSEPORT) && unsock_tipc_service_is_taken(&control))
        result = -EADDRINUSE;
    else
        result = unsock_bind(standin->socket, control.dest, control.dest_length);
    *handed = result == -EADDRINUSE && unsock_listen_fds_count > 0;
    if (*handed)
        result = unsock_listen_fds_take_target(standin, fd, entry, control.dest, control.dest_length, bound);
    if (*handed && result == 0)
        result = unsock_target_apply_options(&control, standin->socket);
    return result < 0 ? unsock_standin_close(standin, result) : 0;
}

UNSOCK_OWN_FRAME long unsock_target_bind(int fd, struct unsock_fd *entry, const char *path,
                                         const struct unsock_ip *bound, long *answers) {
    struct unsock_standin standin;
    struct unsock_target_file where;
    bool handed;
    long result = bind_at(fd, entry, path, bound, &standin, &where, &handed, answers);
    if (result < 0)
        return result;
    result = unsock_redirect_install_like(fd, entry, standin.socket, UNSOCK_KIND_FOREIGN, standin.flags);
    if (result < 0) {
        unsock_target_file_release(&where);
        return result;
    }
    struct unsock_ip local = bound ? *bound : entry->local;
    bool file = where.file.inode != 0;
    local.tag = handed ? UNSOCK_NAME_TAG_LISTEN_FDS : 0;
    unsock_fd_become(fd, entry, UNSOCK_STATE_BOUND, UNSOCK_BOUND | UNSOCK_NAMED | (file ? UNSOCK_FILE : 0), &local);
    if (file)
        *unsock_fd_file(entry) = (struct unsock_fd_file){where.file.inode, where.file.device};
    return 0;
}

/* Copies an AF_UNIX path, with its NUL, to `path`. False for any other address. */
static bool read_path(const void *address, socklen_t length, struct sockaddr_un *path) {
    memset(path, 0, sizeof(*path));
    if (length <= UNSOCK_SUN_PATH_OFFSET || length > sizeof(*path))
        return false;
    memcpy(path, address, length);
    return path->sun_family == AF_UNIX && path->sun_path[0] != '\0' &&
           path->sun_path[sizeof(path->sun_path) - 1] == '\0';
}

UNSOCK_OWN_FRAME long unsock_target_use_path(int fd, const void *address, socklen_t length, bool binds, long result) {
    struct sockaddr_un path;
    struct unsock_fd scratch = {0}, *entry;
    if ((binds ? result != -EADDRINUSE : !unsock_resolve_is_worth_it(result)) || !read_path(address, length, &path))
        return result;
    long answers = unsock_resolve(path.sun_path, NULL);
    /* The path may be any file: only a connect to a damaged control file gets EINVAL. */
    if (answers == -EINVAL && (binds || unsock_control_file_read(path.sun_path, NULL) != -EINVAL))
        return result;
    if (answers != UNSOCK_ANSWERS_CONTROL && answers != -EINVAL && answers != -EACCES)
        return result;
    if (answers == UNSOCK_ANSWERS_CONTROL) {
        entry = unsock_fds_entry(fd);
        entry = entry ? entry : &scratch;
        if (entry->kind != UNSOCK_KIND_OTHER)
            unsock_epoll_note_anywhere(fd);
        long type = unsock_socket_option(fd, SO_TYPE);
        *entry =
            (struct unsock_fd){.kind = UNSOCK_KIND_OTHER, .type = (uint8_t)(type < 0 ? 0 : type), .domain = AF_UNIX};
        answers = binds ? unsock_target_bind(fd, entry, path.sun_path, NULL, &result)
                        : unsock_target_connect(fd, entry, path.sun_path, NULL, &result);
    }
    return unsock_log(binds ? "bind" : "connect", fd, NULL, &path, answers);
}
