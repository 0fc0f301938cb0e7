/* By which of a port's names a socket is known, and binding to them. */
#include "files/bind.h"

#include "files/control_file.h"
#include "files/directory.h"
#include "files/port.h"
#include "kernel/socket_info.h"

#define TRIES 8

/* Nobody shares a client's port: its name is the one to which PORT.dgram.sock leads. */
static bool is_found_asking(struct unsock_port_key key, struct unsock_port_entry *own) {
    bool several;
    return unsock_port_look(key, own, &several) == UNSOCK_PORT_OURS && unsock_port_entry_asks(own);
}

bool unsock_port_own(const struct unsock_fd *entry, struct unsock_port_entry *own) {
    struct unsock_ip bound = unsock_fd_bound_to(entry);
    if (entry->local.tag == UNSOCK_NAME_TAG_PLAIN)
        return false;
    *own = unsock_port_entry_of_tag(&bound);
    if (entry->local.tag == UNSOCK_NAME_TAG_ASKING && !is_found_asking(unsock_port_key_of(entry), own))
        own->number = UNSOCK_PORT_SHARERS; /* nobody's: the name has gone already */
    return true;
}

socklen_t unsock_port_own_path(const struct unsock_fd *entry, struct sockaddr_un *path) {
    struct unsock_port_entry own;
    if (!unsock_port_own(entry, &own))
        return unsock_address_path(entry->local.port, entry->type, path);
    return unsock_port_path(unsock_port_key_of(entry), &own, path);
}

/*
 * A stream with SO_REUSEPORT has a number at once, and so has one that is reserved; a datagram socket as soon as
 * another one shares its address.
 */
static struct unsock_port_entry wanted_name(const struct unsock_bind *bind) {
    bool stream = bind->type == SOCK_STREAM, reserves = stream && bind->in_place_of;
    uint8_t number = stream && bind->reuseport ? 1 : reserves ? UNSOCK_PORT_WAITING : 0;
    struct unsock_port_entry me;
    if (unsock_port_entry_asking(&bind->ip, bind->v6only, &bind->target, &me))
        return me;
    me = unsock_port_entry_of(&bind->ip, bind->v6only, number);
    if (!stream && bind->reuseport)
        me.marks |= UNSOCK_PORT_REUSEPORT;
    if ((!stream || reserves) && bind->reuseaddr)
        me.marks |= UNSOCK_PORT_REUSEADDR;
    return me;
}

static long bind_own_name(struct unsock_bind *bind) {
    socklen_t length = unsock_port_path(bind->key, &bind->me, &bind->path);
    long result =
        unsock_socketfile_bind(bind->socket, &bind->path, length, bind->open_to_all ? UNSOCK_OPEN_TO_ALL : -1);
    bind->named = result == 0;
    return result;
}

static uint8_t last_number(const struct unsock_bind *bind) {
    return bind->me.number >= UNSOCK_PORT_WAITING ? UNSOCK_PORT_NUMBERS : UNSOCK_PORT_SHARERS;
}

/* True if the record has a living socket of that name. */
static bool is_number_taken(const struct unsock_bind *bind) {
    int index = bind->me.number != 0 ? unsock_port_find(bind->port, &bind->me) : -1;
    return index >= 0 && bind->port->life[index] < UNSOCK_PORT_STALE;
}

/* Binds to the name, with the first free number where it has one. Removes a killed process's file there first. */
static long bind_first_free_name(struct unsock_bind *bind) {
    for (;;) {
        while (is_number_taken(bind) && bind->me.number < last_number(bind))
            bind->me.number++;
        long result = bind_own_name(bind);
        if (result != -EADDRINUSE)
            return result;
        enum unsock_port_life life = unsock_port_ask(bind->probe, bind->key, &bind->me);
        if (life == UNSOCK_PORT_STALE) {
            result = unsock_directory_unlink(bind->path.sun_path);
            if (result < 0 && result != -ENOENT)
                return result;
            /* Any file there from now on is a newcomer's. */
            int index = unsock_port_find(bind->port, &bind->me);
            if (index >= 0)
                bind->port->life[index] = UNSOCK_PORT_GONE;
        } else if (life == UNSOCK_PORT_ALIVE) {
            /* A process that has bound it just now, and waits for the lock, keeps it. */
            if (bind->me.number == 0 || bind->me.number == last_number(bind))
                return -EADDRINUSE;
            bind->me.number++;
        }
    }
}

/* With SO_REUSEADDR on both, and none that listens, two sockets of this process have one address. */
static bool may_wait_for(const struct unsock_bind *bind, const struct unsock_port_entry *entry) {
    int fd = bind->reuseaddr ? unsock_port_find_silent(bind->key, entry) : -1;
    const struct unsock_fd *known = fd < 0 ? NULL : unsock_fds_known(fd);
    return known && unsock_option_flag(fd, known, SOL_SOCKET, SO_REUSEADDR);
}

/* True if the new socket takes that one's place, or both have SO_REUSEADDR and that one is a reserved stream. */
static bool may_bind_beside(const struct unsock_bind *bind, const struct unsock_port_entry *entry) {
    struct unsock_port_entry old;
    if (bind->in_place_of && unsock_port_own(bind->in_place_of, &old) && unsock_port_same(&old, entry))
        return true;
    return bind->type == SOCK_STREAM && bind->reuseaddr && (entry->marks & UNSOCK_PORT_REUSEADDR);
}

/* Returns 0: it may join, as `joining` says; 1: it has a socket that was handed over; or -errno. */
static long decide_bind(struct unsock_bind *bind, struct unsock_port_joining *joining) {
    struct unsock_port *port = bind->port;
    for (;;) {
        *joining = unsock_port_decide_bind(port, &bind->me, bind->named);
        if (joining->verdict == UNSOCK_PORT_JOIN)
            return 0;
        if (joining->which < 0)
            return -EADDRINUSE;
        struct unsock_port_entry entry = unsock_port_at(port, (unsigned)joining->which);
        if (joining->verdict == UNSOCK_PORT_ASK) {
            port->life[joining->which] = (uint8_t)unsock_port_ask(bind->probe, port->key, &entry);
        } else if (may_bind_beside(bind, &entry)) {
            port->life[joining->which] = UNSOCK_PORT_OWN;
        } else if (may_wait_for(bind, &entry)) {
            port->life[joining->which] = UNSOCK_PORT_GONE;
            bind->waits = true;
        } else {
            return unsock_listen_fds_take(bind, &entry) ? 1 : -EADDRINUSE;
        }
    }
}

/* The file goes that it has. Nobody else may take a living socket's own: that needs no lock. */
static void give_name_up(struct unsock_bind *bind) {
    if (!bind->named || bind->listens)
        return;
    unsock_port_unlink(bind->key, &bind->me);
    bind->named = false;
    bind->spent = true;
}

/*
 * PORT.sock is none of ours. A control file needs no lock. Returns 1, -EAGAIN where there is none, or another -errno;
 * *answers is who does.
 */
static long look_for_control(struct unsock_bind *bind, long *answers) {
    unsock_address_path(bind->key.number, bind->key.type, &bind->path);
    *answers = unsock_resolve(bind->path.sun_path, NULL);
    if (*answers >= 0 && *answers != UNSOCK_ANSWERS_CONTROL)
        return -EAGAIN;
    bind->how = UNSOCK_BOUND_CONTROL;
    return *answers < 0 ? *answers : 1;
}

static enum unsock_port_life ask_foreign(const struct unsock_bind *bind) {
    struct sockaddr_un path;
    socklen_t length = unsock_address_path(bind->key.number, bind->key.type, &path);
    return unsock_socketfile_life(bind->probe, &path, length);
}

/* A stale socket at PORT.sock gives way. */
static long bind_beside_foreign(struct unsock_bind *bind) {
    long answers, result = look_for_control(bind, &answers);
    if (result != -EAGAIN || answers == UNSOCK_ANSWERS_NOBODY)
        return result;
    if (answers == UNSOCK_ANSWERS_OTHER)
        return -EADDRINUSE;
    if (ask_foreign(bind) != UNSOCK_PORT_STALE)
        return unsock_listen_fds_take(bind, NULL) ? 1 : -EADDRINUSE;
    result = bind->named ? 0 : bind_first_free_name(bind);
    if (result == 0)
        result = unsock_port_replace_foreign(bind->key, &bind->me, bind->probe);
    return result == 0 && unsock_port_needs_record(bind->key, &bind->me) ? -EAGAIN : result; /* which is written then */
}

static long bind_beside_ours(struct unsock_bind *bind) {
    struct unsock_port_joining joining;
    long result = decide_bind(bind, &joining);
    if (result != 0)
        return result;
    if (unsock_port_is_another_users(bind->port) ||
        (bind->me.marks != 0 && unsock_port_shares_with_another(bind->port, &bind->me, bind->probe)))
        return -EADDRINUSE;
    bool unlisted = bind->waits && !bind->listens;
    joining.be_first |= unsock_port_first_is_own(bind->port);
    if (unlisted && !bind->named)
        bind->me.number = UNSOCK_PORT_WAITING;
    else if (joining.shares && !bind->named && bind->me.number == 0)
        bind->me.number = 1;
    if (!bind->named && (result = bind_first_free_name(bind)) < 0)
        return result;
    result = unlisted ? 0 : unsock_port_join(bind->port, &bind->me, &joining);
    return result == -EEXIST ? -EAGAIN : result; /* someone free of the lock was first */
}

/* With the directory locked. Returns 0, 1 where `how` says that it is no file of its own, or -errno. */
UNSOCK_OWN_FRAME static long bind_locked(struct unsock_bind *bind) {
    long result = -EAGAIN;
    for (int tries = 0; tries < TRIES && result == -EAGAIN; tries++) {
        unsock_port_read(bind->port, bind->key);
        int older = bind->named ? unsock_port_find(bind->port, &bind->me) : -1;
        if (older >= 0)
            bind->port->life[older] = UNSOCK_PORT_GONE; /* the file of that name is the new one's */
        result = bind->port->holder == UNSOCK_PORT_FOREIGN  ? bind_beside_foreign(bind)
                 : bind->port->holder == UNSOCK_PORT_UNREAD ? -EACCES
                                                            : bind_beside_ours(bind);
    }
    return result == -EAGAIN ? -EADDRINUSE : result;
}

/* Without the lock nothing is removed: who is bound there is told from stale names. */
UNSOCK_OWN_FRAME static long bind_unlocked(struct unsock_bind *bind, long why) {
    struct unsock_port_joining joining;
    unsock_port_read(bind->port, bind->key);
    if (bind->port->holder == UNSOCK_PORT_UNREAD)
        return -EACCES;
    if (bind->port->holder != UNSOCK_PORT_FOREIGN) {
        long result = decide_bind(bind, &joining);
        return result == 0 ? why : result;
    }
    if (unsock_listen_fds_take(bind, NULL))
        return 1;
    return ask_foreign(bind) == UNSOCK_PORT_STALE ? why : -EADDRINUSE;
}

static long bind_somebodys(struct unsock_bind *bind) {
    struct unsock_lock lock;
    long locked = unsock_lock_take(&lock, false), result = -ENOBUFS;
    UNSOCK_CLOSED long probe = unsock_socketfile_probe();
    bind->probe = probe;
    bind->port = unsock_port_borrow();
    if (bind->port)
        result = locked == 0 ? bind_locked(bind) : bind_unlocked(bind, locked);
    if (result != 0)
        give_name_up(bind);
    unsock_port_return(bind->port);
    unsock_lock_drop(&lock);
    return result;
}

/*
 * Nobody has the port, or so it is hoped, for to look costs as much as a third of this: no lock. Returns 0; -EAGAIN:
 * somebody has, or the name is taken; or another -errno.
 */
static long bind_free(struct unsock_bind *bind) {
    long result = bind_own_name(bind);
    if (result < 0)
        return result == -EADDRINUSE ? -EAGAIN : result;
    result = unsock_port_put_first(bind->key, &bind->me, false, false);
    if (result == 0 || result == -EEXIST)
        return result == 0 ? 0 : -EAGAIN;
    give_name_up(bind);
    return result;
}

static void tell_name(struct unsock_bind *bind) {
    bool six = bind->ip.family == AF_INET6 && unsock_ip_is_wildcard(&bind->ip);
    bind->how = bind->waits ? UNSOCK_BOUND_WAITING : UNSOCK_BOUND_FILE;
    bind->tag = unsock_port_entry_asks(&bind->me) ? UNSOCK_NAME_TAG_ASKING
                                                  : unsock_port_tag(six && bind->v6only, bind->me.number);
    unsock_port_path(bind->key, &bind->me, &bind->path);
    unsock_file_netns_note(bind->path.sun_path);
}

long unsock_port_come_forward(int fd, struct unsock_fd *entry) {
    struct unsock_bind bind = {.socket = fd, .type = SOCK_STREAM, .ip = entry->local, .named = true, .listens = true};
    bind.reuseaddr = unsock_option_flag(fd, entry, SOL_SOCKET, SO_REUSEADDR);
    bind.key = unsock_port_key_of(entry);
    bind.me = unsock_port_entry_of_tag(&entry->local);
    long result = bind_somebodys(&bind);
    if (result != 0)
        return result < 0 ? result : -EADDRINUSE;
    unsock_port_let_wait(bind.key, &bind.me);
    entry->flags &= ~UNSOCK_STREAM_UNLISTED;
    unsock_fds_tell_duplicates(fd);
    return 0;
}

/* The same after a look, where that came to `result`. Returns as bind_locked; -EAGAIN: the lock is needed. */
static long bind_looking(struct unsock_bind *bind, enum unsock_port_wish wish, bool at_once, long result) {
    struct unsock_port_entry first;
    bool several;
    long answers;
    enum unsock_port_holder holder = unsock_port_look(bind->key, &first, &several);
    if (holder == UNSOCK_PORT_UNREAD)
        return -EACCES;
    if (holder != UNSOCK_PORT_NOBODY && wish == UNSOCK_PORT_IF_FREE)
        return -EADDRINUSE;
    if (holder == UNSOCK_PORT_NOBODY)
        return at_once && wish != UNSOCK_PORT_THIS ? bind_free(bind) : result;
    return holder == UNSOCK_PORT_FOREIGN ? look_for_control(bind, &answers) : -EAGAIN;
}

/*
 * Where the kernel makes a bind's file before its socket is known by it, the first bind too is done under the lock: it
 * would be taken for a stale one (unsock_socketfile_life). So is that of a socket that needs a record: the
 * record comes before PORT.sock, and is not made by two at once.
 */
long unsock_bind_names(struct unsock_bind *bind, enum unsock_port_wish wish) {
    bind->key = (struct unsock_port_key){bind->ip.port, bind->type};
    bind->me = wanted_name(bind);
    bind->named = bind->waits = bind->listens = bind->spent = false;
    bool at_once = !unsock_kernel_is_before(5, 14) && !unsock_port_needs_record(bind->key, &bind->me);
    bool blindly = at_once && wish == UNSOCK_PORT_THIS;
    unsock_port_path(bind->key, &bind->me, &bind->path);
    long result = blindly ? bind_free(bind) : -EAGAIN;
    if (result != 0 && !bind->spent)
        result = bind_looking(bind, wish, at_once, result);
    if (result == -EAGAIN && wish == UNSOCK_PORT_IF_FREE && at_once && !bind->named)
        return -EADDRINUSE;
    if (result == -EAGAIN)
        result = bind_somebodys(bind);
    if (result == 0)
        tell_name(bind);
    else
        give_name_up(bind); /* a control file has the port */
    return result > 0 ? 0 : result;
}
