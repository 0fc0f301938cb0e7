/* Binding sockets to a port's names. */
#include "files/bind.h"

#include "files/control_file.h"
#include "files/directory.h"
#include "files/listen_fds.h"
#include "files/port.h"
#include "kernel/socket_info.h"

#define TRIES 8

/* One bind in progress. */
struct binding {
    const struct unsock_bind_request *request;
    struct unsock_bound *bound;
    struct unsock_port_entry me;
    struct unsock_port *port; /* as it was read, with the directory locked */
    long probe;
    bool named;   /* the socket has its file */
    bool waits;   /* for others of this process, which do not listen yet: which of them may is decided when one does */
    bool listens; /* it has waited, and does now: those wait from now on */
};

static struct unsock_port_key port_of(const struct binding *binding) {
    return (struct unsock_port_key){binding->request->ip.port, (uint8_t)binding->request->type};
}

static socklen_t plain_path(const struct binding *binding, struct sockaddr_un *path) {
    return unsock_address_path(binding->request->ip.port, binding->request->type, path);
}

static long bind_name(struct binding *binding) {
    socklen_t length = unsock_port_path(port_of(binding), &binding->me, &binding->bound->path);
    int mode = binding->request->open_to_all ? UNSOCK_OPEN_TO_ALL : -1;
    long result = unsock_socketfile_bind(binding->request->socket, &binding->bound->path, length, mode);
    binding->named = result == 0;
    return result;
}

static uint8_t last_number(const struct binding *binding) {
    return binding->me.number >= UNSOCK_PORT_WAITING ? UNSOCK_PORT_NUMBERS : UNSOCK_PORT_SHARERS;
}

/* Is a living one of that name in the record? */
static bool is_taken(const struct binding *binding) {
    int index = unsock_port_find(binding->port, &binding->me);
    return index >= 0 && binding->port->life[index] < UNSOCK_PORT_DEAD;
}

/* To the first free number where it has one. What a killed process left at the name goes first. */
static long bind_own(struct binding *binding) {
    for (;;) {
        while (binding->me.number != 0 && is_taken(binding) && binding->me.number < last_number(binding))
            binding->me.number++;
        long result = bind_name(binding);
        if (result != -EADDRINUSE)
            return result;
        enum unsock_port_life life = unsock_port_ask(binding->probe, port_of(binding), &binding->me);
        if (life == UNSOCK_PORT_DEAD) {
            result = unsock_directory_unlink(binding->bound->path.sun_path);
            if (result < 0 && result != -ENOENT)
                return result;
            /* What is there from now on is a newcomer's. */
            int index = unsock_port_find(binding->port, &binding->me);
            if (index >= 0)
                binding->port->life[index] = UNSOCK_PORT_GONE;
        } else if (life == UNSOCK_PORT_ALIVE) {
            /* Who has bound it just now, and waits for the lock, gets it. */
            if (binding->me.number == 0 || binding->me.number == last_number(binding))
                return -EADDRINUSE;
            binding->me.number++;
        }
    }
}

/* With SO_REUSEADDR on both, and none that listens, two sockets of this process have one address. */
static bool may_wait(const struct binding *binding, const struct unsock_port_entry *entry) {
    int fd = binding->request->reuseaddr ? unsock_port_find_silent(port_of(binding), entry) : -1;
    const struct unsock_fd *known = fd < 0 ? NULL : unsock_fds_known(fd);
    return known && unsock_option_flag(fd, known, SOL_SOCKET, SO_REUSEADDR);
}

/* Is that the socket whose place the new one takes? */
static bool is_in_place_of(const struct binding *binding, const struct unsock_port_entry *entry) {
    struct unsock_port_entry old;
    return binding->request->in_place_of && unsock_port_own(binding->request->in_place_of, &old) &&
           unsock_port_same(&old, entry);
}

/* With SO_REUSEADDR on both, a stream may be bound beside one that is reserved (its mark in the record). */
static bool may_bind_beside(const struct binding *binding, const struct unsock_port_entry *entry) {
    return binding->request->type == SOCK_STREAM && binding->request->reuseaddr &&
           (entry->marks & UNSOCK_PORT_REUSEADDR);
}

/* Returns 0: it may join, as `joining` says; 1: it has a socket that was handed over; or -errno. */
static long decide(struct binding *binding, struct unsock_port_joining *joining) {
    struct unsock_port *port = binding->port;
    for (;;) {
        *joining = unsock_port_decide_bind(port, &binding->me, binding->named);
        if (joining->verdict == UNSOCK_PORT_JOIN) {
            joining->be_first |= unsock_port_first_is_own(port);
            return 0;
        }
        if (joining->which < 0)
            return -EADDRINUSE;
        struct unsock_port_entry entry = unsock_port_at(port, (unsigned)joining->which);
        if (joining->verdict == UNSOCK_PORT_ASK) {
            port->life[joining->which] = (uint8_t)unsock_port_ask(binding->probe, port->key, &entry);
        } else if (is_in_place_of(binding, &entry) || may_bind_beside(binding, &entry)) {
            port->life[joining->which] = UNSOCK_PORT_OWN;
        } else if (may_wait(binding, &entry)) {
            port->life[joining->which] = UNSOCK_PORT_GONE;
            binding->waits = true;
        } else {
            return unsock_listen_fds_bind_entry(binding->request, &entry, binding->bound) == 0 ? 1 : -EADDRINUSE;
        }
    }
}

/* The file goes that it has. Nobody else may take a living socket's own: that needs no lock. */
static void give_up(struct binding *binding) {
    if (!binding->named || binding->listens)
        return;
    unsock_port_unlink(port_of(binding), &binding->me);
    binding->named = false;
    binding->bound->spent = true;
}

/* A control file needs no lock. Returns 1, -EAGAIN where there is none, or another -errno; *answers is who does. */
static long bind_control(struct binding *binding, long *answers) {
    struct sockaddr_un path;
    plain_path(binding, &path);
    *answers = unsock_resolve(path.sun_path, NULL);
    if (*answers >= 0 && *answers != UNSOCK_ANSWERS_CONTROL)
        return -EAGAIN;
    binding->bound->path = path;
    binding->bound->how = UNSOCK_BOUND_CONTROL;
    return *answers < 0 ? *answers : 1;
}

/* PORT.sock is none of ours: a control file says where to, a socket that is left over gives way. */
static long bind_foreign(struct binding *binding) {
    struct sockaddr_un path;
    socklen_t length = plain_path(binding, &path);
    long answers, result = bind_control(binding, &answers);
    if (result != -EAGAIN || answers == UNSOCK_ANSWERS_NOBODY)
        return result;
    if (answers == UNSOCK_ANSWERS_OTHER)
        return -EADDRINUSE;
    if (unsock_socketfile_life(binding->probe, &path, length) != UNSOCK_PORT_DEAD)
        return unsock_listen_fds_bind_port(binding->request, binding->bound) == 0 ? 1 : -EADDRINUSE;
    result = binding->named ? 0 : bind_own(binding);
    return result < 0 ? result : unsock_port_replace_foreign(port_of(binding), &binding->me, binding->probe);
}

static long bind_ours(struct binding *binding) {
    struct unsock_port_joining joining;
    long result = decide(binding, &joining);
    if (result != 0)
        return result;
    if (unsock_port_is_another_users(binding->port) ||
        (binding->me.marks != 0 && unsock_port_shares_with_another(binding->port, &binding->me, binding->probe)))
        return -EADDRINUSE;
    bool unlisted = binding->waits && !binding->listens;
    if (unlisted && !binding->named)
        binding->me.number = UNSOCK_PORT_WAITING;
    else if (joining.shares && !binding->named && binding->me.number == 0)
        binding->me.number = 1;
    if (!binding->named && (result = bind_own(binding)) < 0)
        return result;
    result = unlisted ? 0 : unsock_port_join(binding->port, &binding->me, &joining);
    return result == -EEXIST ? -EAGAIN : result; /* someone free of the lock was first */
}

/* With the directory locked. Returns 0, 1 where `bound` says that it is no file of its own, or -errno. */
UNSOCK_OWN_FRAME static long bind_locked(struct binding *binding) {
    long result = -EAGAIN;
    for (int tries = 0; tries < TRIES && result == -EAGAIN; tries++) {
        unsock_port_read(binding->port, port_of(binding));
        int older = binding->named ? unsock_port_find(binding->port, &binding->me) : -1;
        if (older >= 0)
            binding->port->life[older] = UNSOCK_PORT_GONE; /* the file of that name is the new one's */
        result = binding->port->holder == UNSOCK_PORT_FOREIGN  ? bind_foreign(binding)
                 : binding->port->holder == UNSOCK_PORT_UNREAD ? -EACCES
                                                               : bind_ours(binding);
    }
    return result == -EAGAIN ? -EADDRINUSE : result;
}

/* Without the lock nothing is removed: who is bound there is told from what is left over. */
UNSOCK_OWN_FRAME static long bind_unlocked(struct binding *binding, long why) {
    struct unsock_port_joining joining;
    unsock_port_read(binding->port, port_of(binding));
    if (binding->port->holder == UNSOCK_PORT_UNREAD)
        return -EACCES;
    if (binding->port->holder != UNSOCK_PORT_FOREIGN) {
        long result = decide(binding, &joining);
        return result == 0 ? why : result;
    }
    struct sockaddr_un path;
    socklen_t length = plain_path(binding, &path);
    if (unsock_listen_fds_bind_port(binding->request, binding->bound) == 0)
        return 1;
    return unsock_socketfile_life(binding->probe, &path, length) == UNSOCK_PORT_DEAD ? why : -EADDRINUSE;
}

static long bind_somebodys(struct binding *binding) {
    struct unsock_lock lock;
    long locked = unsock_lock_take(&lock, false);
    binding->port = unsock_port_borrow();
    binding->probe = unsock_socketfile_probe();
    long result = -ENOBUFS;
    if (binding->port)
        result = locked == 0 ? bind_locked(binding) : bind_unlocked(binding, locked);
    if (result != 0)
        give_up(binding);
    unsock_socketfile_probe_end(binding->probe);
    unsock_port_return(binding->port);
    unsock_lock_drop(&lock);
    return result;
}

/*
 * Nobody has the port, or so it is hoped, for to look costs as much as a third of this: no lock. Returns 0; -EAGAIN:
 * somebody has, or the name is taken; or another -errno.
 */
static long bind_free(struct binding *binding) {
    long result = bind_name(binding);
    if (result < 0)
        return result == -EADDRINUSE ? -EAGAIN : result;
    result = unsock_port_put_first(port_of(binding), &binding->me, false, false);
    if (result == 0 || result == -EEXIST)
        return result == 0 ? 0 : -EAGAIN;
    give_up(binding);
    return result;
}

static void fill(struct binding *binding) {
    struct unsock_bound *bound = binding->bound;
    const struct unsock_bind_request *request = binding->request;
    bound->how = binding->waits ? UNSOCK_BOUND_WAITING : UNSOCK_BOUND_FILE;
    bool six = request->ip.family == AF_INET6 && unsock_ip_is_wildcard(&request->ip);
    bound->tag = unsock_port_entry_asks(&binding->me) ? UNSOCK_NAME_TAG_ASKING
                                                      : unsock_port_tag(six && request->v6only, binding->me.number);
    unsock_port_path(port_of(binding), &binding->me, &bound->path);
    unsock_file_netns_note(bound->path.sun_path);
}

long unsock_port_come_forward(int fd, struct unsock_fd *entry) {
    struct unsock_bound bound = {.how = UNSOCK_BOUND_FILE};
    struct unsock_bind_request request = {.socket = fd, .type = SOCK_STREAM, .ip = entry->local};
    request.reuseaddr = unsock_option_flag(fd, entry, SOL_SOCKET, SO_REUSEADDR);
    struct binding binding = {.request = &request, .bound = &bound, .named = true, .listens = true};
    binding.me = unsock_port_entry_of_tag(&entry->local);
    long result = bind_somebodys(&binding);
    if (result != 0)
        return result < 0 ? result : -EADDRINUSE;
    unsock_port_let_wait(port_of(&binding), &binding.me);
    entry->flags &= ~UNSOCK_STREAM_UNLISTED;
    unsock_fds_tell_duplicates(fd);
    return 0;
}

/*
 * Where the kernel makes a bind's file before its socket is known by it, the first bind too is done under the lock: it
 * would be taken for one that is left over (unsock_socketfile_life). So is that of a socket that needs a record: the
 * record comes before PORT.sock, and is not made by two at once.
 */
long unsock_port_bind(const struct unsock_bind_request *request, struct unsock_bound *bound,
                      enum unsock_port_wish wish) {
    struct unsock_port_entry first;
    bool several;
    long answers;
    struct binding binding = {.request = request, .bound = bound, .me = unsock_port_wanted(request)};
    bool at_once = !unsock_kernel_is_before(5, 14) && !unsock_port_needs_record(port_of(&binding), &binding.me);
    bool blindly = at_once && wish == UNSOCK_PORT_THIS;
    unsock_port_path(port_of(&binding), &binding.me, &bound->path);
    long result = blindly ? bind_free(&binding) : -EAGAIN;
    if (result != 0 && !bound->spent) {
        enum unsock_port_holder holder = unsock_port_look(port_of(&binding), &first, &several);
        if (holder != UNSOCK_PORT_NOBODY && holder != UNSOCK_PORT_UNREAD && wish == UNSOCK_PORT_IF_FREE)
            return -EADDRINUSE;
        if (holder == UNSOCK_PORT_UNREAD)
            result = -EACCES;
        else if (holder == UNSOCK_PORT_NOBODY && at_once && !blindly)
            result = bind_free(&binding);
        else if (holder != UNSOCK_PORT_NOBODY)
            result = holder == UNSOCK_PORT_FOREIGN ? bind_control(&binding, &answers) : -EAGAIN;
    }
    if (result == -EAGAIN && wish == UNSOCK_PORT_IF_FREE && at_once && !binding.named)
        return -EADDRINUSE;
    if (result == -EAGAIN)
        result = bind_somebodys(&binding);
    if (result == 0)
        fill(&binding);
    else
        give_up(&binding); /* a control file has the port */
    return result > 0 ? 0 : result;
}
