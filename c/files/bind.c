/* Binds a socket to the port that the program chose, or to any free port. Tries up to three ways: without the lock, as
 * if the port were free; after reading PORT.sock; with the lock, beside the port's other sockets. */
#include "files/bind.h"

#include "files/control_file.h"
#include "files/directory.h"
#include "files/port.h"
#include "kernel/socket_info.h"

#define TRIES 8
#define LOOKS_FOR_FREE 10 /* taken ports that are skipped; each further taken port is checked for stale sockets */

/* Returns the name for the request. A stream with SO_REUSEPORT, or one that only reserves its port, has a number from
 * the start. A datagram socket gets a number only when another socket shares its address. */
static struct unsock_port_entry wanted_name(const struct unsock_bind *bind) {
    bool stream = bind->type == SOCK_STREAM, reserves = stream && bind->in_place_of;
    uint8_t number = stream && bind->reuseport ? 1 : reserves ? UNSOCK_PORT_RESERVED : 0;
    struct unsock_port_entry me = unsock_port_entry_of(&bind->ip, bind->type, bind->v6only, number);
    if (unsock_port_entry_ask(&me, &bind->target))
        return me;
    if (!stream && bind->reuseport)
        me.marks |= UNSOCK_PORT_REUSEPORT;
    if ((!stream || reserves) && bind->reuseaddr)
        me.marks |= UNSOCK_PORT_REUSEADDR;
    return me;
}

/* Prepares the bind to the request's port. `plainly` (for a client): from Linux 5.14 on, the file is PORT.dgram.sock
 * itself, unless the name must show a target other than 127.0.0.1. So no server's link can have this name then. */
static void begin_port(struct unsock_bind *bind, bool plainly) {
    bind->me = wanted_name(bind);
    bind->named = bind->listens = bind->spent = false;
    bind->how = UNSOCK_BOUND_FILE;
    if (plainly && !unsock_kernel_is_before_5_14() && (bind->usual || !unsock_port_entry_asks(&bind->me)))
        bind->me = (struct unsock_port_entry){.type = SOCK_DGRAM, .ip.port = bind->ip.port};
    bind->length = unsock_port_path(&bind->me, &bind->path);
}

static long bind_own_name(struct unsock_bind *bind) {
    int mode = bind->open_to_all ? UNSOCK_OPEN_TO_ALL : -1;
    long result = unsock_socketfile_bind(bind->socket, &bind->path, bind->length, mode);
    bind->named = result == 0;
    return result;
}

/* Unlinks the socket's own file, unless the socket is about to listen. Needs no lock: no other process unlinks it. */
static void give_name_up(struct unsock_bind *bind) {
    if (!bind->named || bind->listens)
        return;
    unsock_directory_unlink(bind->path.sun_path);
    bind->named = false;
    bind->spent = true;
}

/* Ends the bind: a control file, or a socket handed over by systemd, at `path` has the port (`how`). Returns 1. */
static long leave_to_another(struct unsock_bind *bind, enum unsock_bound_how how, const struct sockaddr_un *path) {
    give_name_up(bind);
    bind->how = how;
    bind->path = *path;
    return 1;
}

/* Chooses the socket at `path` that systemd handed over, and returns 1; -EADDRINUSE if there is none to use. */
static long bind_to_handed(struct unsock_bind *bind, const struct sockaddr_un *path, socklen_t length) {
    long handed = unsock_listen_fds_find(bind, path, length);
    if (handed < 0)
        return -EADDRINUSE;
    bind->share = (int)handed;
    return leave_to_another(bind, UNSOCK_BOUND_HANDED, path);
}

/* Binds the socket to its name; if a numbered name is taken, to the next free one. Unlinks stale files on the way. */
static long bind_first_free_name(struct unsock_bind *bind) {
    for (;;) {
        unsock_port_skip_taken(bind->port, &bind->me);
        bind->length = unsock_port_path(&bind->me, &bind->path);
        long result = bind_own_name(bind);
        if (result != -EADDRINUSE)
            return result;
        enum unsock_port_life life = unsock_socketfile_life(bind->probe, &bind->path, bind->length);
        if (life == UNSOCK_PORT_STALE) {
            result = unsock_directory_unlink(bind->path.sun_path);
            if (result < 0 && result != -ENOENT)
                return result;
            unsock_port_forget(bind->port, &bind->me); /* a file that appears there now is another socket's */
        } else if (life == UNSOCK_PORT_ALIVE && !unsock_port_next_number(&bind->me)) {
            return -EADDRINUSE; /* another process has just bound this name, and waits for the lock */
        }
    }
}

/* Decides whether the socket can join the port. Asks the kernel about the sockets on which this depends. Returns 0 and
 * fills `joining`; 1 if the bind gets a socket that systemd handed over; or -errno. */
static long decide_bind(struct unsock_bind *bind, struct unsock_port_joining *joining) {
    struct unsock_port *port = bind->port;
    struct sockaddr_un path;
    for (;;) {
        *joining = unsock_port_decide_bind(port, &bind->me);
        if (joining->verdict == UNSOCK_PORT_JOIN)
            return 0;
        if (joining->which < 0)
            return -EADDRINUSE;
        const struct unsock_port_entry *entry = &port->entries[joining->which];
        socklen_t length = unsock_port_path(entry, &path);
        bool ask = joining->verdict == UNSOCK_PORT_ASK;
        enum unsock_port_life life =
            ask ? unsock_socketfile_life(bind->probe, &path, length) : unsock_port_life_for(bind, entry);
        if (!ask && life == UNSOCK_PORT_ALIVE)
            return bind_to_handed(bind, &path, length);
        port->life[joining->which] = (uint8_t)life;
    }
}

/* Handles a PORT.sock, at `path`, that is no link of the library's. Leaves the port to a control file and returns 1.
 * Returns -EAGAIN if the file is gone or of another kind; or another -errno. *answers gets unsock_resolve's result. */
static long look_for_control(struct unsock_bind *bind, const struct sockaddr_un *path, long *answers) {
    *answers = unsock_resolve(path->sun_path, NULL);
    if (*answers >= 0 && *answers != UNSOCK_ANSWERS_CONTROL)
        return -EAGAIN;
    leave_to_another(bind, UNSOCK_BOUND_CONTROL, path);
    return *answers < 0 ? *answers : 1;
}

/* Handles a PORT.sock, at `path`, that is no link of the library's. Replaces the file of a stale socket. Leaves the
 * port to a control file, or to a socket that systemd handed over. Returns -EAGAIN if the port must be read again. */
static long bind_beside_foreign(struct unsock_bind *bind, const struct sockaddr_un *path) {
    long answers, result = look_for_control(bind, path, &answers);
    if (result != -EAGAIN || answers == UNSOCK_ANSWERS_NOBODY)
        return result;
    if (answers == UNSOCK_ANSWERS_OTHER)
        return -EADDRINUSE;
    if (unsock_socketfile_life(bind->probe, path, sizeof(*path)) != UNSOCK_PORT_STALE)
        return bind_to_handed(bind, path, sizeof(*path));
    if (bind->unlocked < 0)
        return bind->unlocked;
    result = bind->named ? 0 : bind_first_free_name(bind);
    if (result == 0)
        result = unsock_port_replace_foreign(&bind->me, bind->probe);
    return result == 0 && unsock_port_needs_record(&bind->me) ? -EAGAIN : result; /* the next try writes the record */
}

static long bind_beside_ours(struct unsock_bind *bind) {
    struct unsock_port_joining joining;
    long result = decide_bind(bind, &joining);
    if (result != 0 || bind->unlocked < 0)
        return result != 0 ? result : bind->unlocked;
    if (unsock_port_is_another_users(bind->port, &bind->me, &joining, bind->probe))
        return -EADDRINUSE;
    if (joining.shares && !bind->named && bind->me.number == 0)
        bind->me.number = 1;
    if (!bind->named && (result = bind_first_free_name(bind)) < 0)
        return result;
    result = unsock_port_join(bind->port, &bind->me, &joining);
    return result == -EEXIST ? -EAGAIN : result; /* a bind without the lock was first */
}

/* Binds the socket beside the port's other sockets. Reads the port's names again if they have changed meanwhile.
 * Returns 0; 1 if a control file, or a socket that systemd handed over, has the port (`how`); or -errno. */
UNSOCK_OWN_FRAME static long bind_to_port(struct unsock_bind *bind) {
    struct sockaddr_un path;
    long result = -EAGAIN;
    for (int tries = 0; tries < TRIES && result == -EAGAIN; tries++) {
        unsock_port_read(bind->port, unsock_port_key_of(&bind->me), &path);
        if (bind->named)
            unsock_port_forget(bind->port, &bind->me);
        result = bind->port->holder == UNSOCK_PORT_FOREIGN  ? bind_beside_foreign(bind, &path)
                 : bind->port->holder == UNSOCK_PORT_UNREAD ? -EACCES
                                                            : bind_beside_ours(bind);
    }
    return result == -EAGAIN ? -EADDRINUSE : result;
}

/* Binds with the directory locked. If the lock fails, neither removes stale names nor joins the port, but still finds
 * control files, sockets that systemd handed over, and live sockets that exclude this one. Returns as bind_to_port. */
static long bind_somebodys(struct unsock_bind *bind) {
    struct unsock_lock lock;
    bind->unlocked = (int)unsock_lock_take(&lock, false);
    UNSOCK_CLOSED long probe = unsock_socketfile_probe();
    bind->probe = (int)probe;
    bind->port = unsock_port_borrow();
    long result = bind->port ? bind_to_port(bind) : -ENOBUFS;
    unsock_port_return(bind->port);
    if (result != 0)
        give_name_up(bind);
    unsock_lock_drop(&lock);
    return result;
}

/* Binds without the lock, not reading the port's names. Returns 0, -EAGAIN if port or name is taken, or -errno. */
static long bind_free(struct unsock_bind *bind) {
    long result = bind_own_name(bind);
    if (result == 0)
        result = unsock_port_put_first(&bind->me, false, false);
    return result == -EADDRINUSE || result == -EEXIST ? -EAGAIN : result;
}

long unsock_port_come_forward(int fd, struct unsock_fd *entry) {
    struct unsock_bind bind = {.socket = fd, .type = SOCK_STREAM, .ip = entry->local, .named = true, .listens = true};
    bind.reuseaddr = unsock_option_flag(fd, entry, SOL_SOCKET, SO_REUSEADDR);
    unsock_port_own(entry, &bind.me);
    long result = bind_somebodys(&bind);
    if (result != 0)
        return result < 0 ? result : -EADDRINUSE;
    unsock_fds_unmark(entry, UNSOCK_STREAM_UNLISTED);
    unsock_fds_tell_duplicates(fd);
    return 0;
}

/* Decides by PORT.sock how the bind continues. `result`: what bind_free returned, or -EAGAIN before any bind_free. If
 * the port is free: with `any` (any free port will do) and `at_once` (no lock is needed), binds; else returns `result`.
 * If it is in use: with `any` returns -EADDRINUSE; else -EAGAIN if the bind needs the lock, or as bind_to_port. */
UNSOCK_OWN_FRAME static long bind_looking(struct unsock_bind *bind, bool any, bool at_once, long result) {
    struct unsock_port_entry first;
    struct sockaddr_un path;
    bool several;
    long answers;
    enum unsock_port_holder holder = unsock_port_look(unsock_port_key_of(&bind->me), &path, &first, &several);
    if (holder == UNSOCK_PORT_UNREAD)
        return -EACCES;
    if (holder == UNSOCK_PORT_NOBODY && any && at_once) {
        result = bind_free(bind);
        return result == -EAGAIN && !bind->named ? -EADDRINUSE : result;
    }
    if (holder == UNSOCK_PORT_NOBODY)
        return result;
    if (any)
        return -EADDRINUSE;
    return holder == UNSOCK_PORT_OURS ? -EAGAIN : look_for_control(bind, &path, &answers);
}

/* Tries the three ways in turn. Two kinds of bind need the lock. First, all before Linux 5.14: bind(2) creates the file
 * before connect(2) finds the socket, so another process could take the file for stale. Second, if the socket needs a
 * record: no other process may write the record at the same time, and the record must come before PORT.sock. */
static long bind_names(struct unsock_bind *bind, bool any) {
    bool at_once = !unsock_kernel_is_before_5_14() && !unsock_port_needs_record(&bind->me);
    long result = at_once && !any ? bind_free(bind) : -EAGAIN;
    if (result == -EAGAIN || (result < 0 && !bind->named))
        result = bind_looking(bind, any, at_once, result);
    if (result == -EAGAIN)
        result = bind_somebodys(bind);
    if (result != 0)
        give_name_up(bind);
    else
        unsock_file_netns_note(bind->path.sun_path);
    return result > 0 ? 0 : result;
}

/* Binds to the port in the request if nobody has it. `client`: binds to PORT.dgram.sock itself, where possible. */
static long bind_if_free(struct unsock_bind *bind, bool client) {
    begin_port(bind, client);
    if (!unsock_port_entry_is_plain(&bind->me))
        return bind_names(bind, true);
    long result = bind_own_name(bind);
    if (result == 0)
        unsock_file_netns_note(bind->path.sun_path);
    return result;
}

/* True if, judging by PORT.sock alone, the socket may share the port with others. */
UNSOCK_OWN_FRAME static bool may_share(const struct unsock_bind *bind) {
    struct unsock_port_entry first;
    struct sockaddr_un path;
    bool several;
    return unsock_port_look(unsock_port_key_of(&bind->me), &path, &first, &several) == UNSOCK_PORT_OURS &&
           (bind->reuseport || bind->reuseaddr || !unsock_port_conflict(&first, &bind->me));
}

/* Binds to a port in use. If all its sockets are stale, removes their names first. Else only a server may share it. */
static long bind_to_taken(struct unsock_bind *bind, bool client) {
    if (unsock_port_sweep_dead(unsock_port_key_of(&bind->me)) > 0)
        return bind_if_free(bind, client);
    return !client && may_share(bind) ? bind_names(bind, false) : -EADDRINUSE;
}

/* Tries the ephemeral ports in turn. After LOOKS_FOR_FREE taken ones, also tries to bind to each taken one. Skips the
 * ports of sockets that systemd handed over, and of control files, even damaged ones (EINVAL). The kernel's EINVAL ends
 * the search: the socket already has a name. */
static long bind_any_port(struct unsock_bind *bind, bool client) {
    unsigned count = unsock_ephemeral_count(), looks = 0;
    for (unsigned i = 0; i < count; i++) {
        uint16_t port = unsock_ephemeral_next();
        if (!client && !unsock_address_covers_port(port))
            continue;
        bind->ip.port = port;
        long result = bind_if_free(bind, client);
        if (result == -EADDRINUSE && !bind->spent && looks++ >= LOOKS_FOR_FREE)
            result = bind_to_taken(bind, client);
        if (bind->spent || (result == 0 && bind->how == UNSOCK_BOUND_FILE) ||
            (result < 0 && result != -EADDRINUSE && (result != -EINVAL || bind->how != UNSOCK_BOUND_CONTROL)))
            return result;
    }
    return -EADDRINUSE;
}

long unsock_bind_port(struct unsock_bind *bind) {
    if (bind->ip.port == 0)
        return bind_any_port(bind, false);
    begin_port(bind, false);
    return bind_names(bind, false);
}

long unsock_bind_client(struct unsock_bind *bind) {
    long result = -EADDRINUSE;
    if (bind->ip.port != 0)
        result = bind_if_free(bind, true);
    return result != 0 && !bind->spent ? bind_any_port(bind, true) : result;
}
