/* Finds the file by which a client reaches the server of an address. First tries, in one call, the name that worked
 * last time: only sockets that serve this address have that name, unless it is PORT.dgram.sock or a hashed name
 * (rules/port_name.h). If that fails, reads the names of all the port's files and tries those that fit. If the names
 * have changed meanwhile, repeats this, TRIES times at most. */
#include "calls/connect.h"

#include "files/port.h"
#include "memory/process.h"
#include "rules/settings.h"

#define TRIES 8
#define AT_ONCE 4

static struct unsock_port_key key_of_search(const struct unsock_port_search *search) {
    return (struct unsock_port_key){search->target->port, search->type};
}

static long try_entry(struct unsock_port_search *search, const struct unsock_port_entry *entry) {
    search->length = unsock_port_path(entry, search->path);
    return search->way(search);
}

/* True if another socket may accept the client: the one just tried is closed, not listening, or connected elsewhere. */
static bool may_try_another(const struct unsock_port_search *search, long result) {
    return result == -ECONNREFUSED || result == -ENOENT || (result == -EPERM && search->type == SOCK_DGRAM);
}

static struct unsock_port_entry entry_by(enum unsock_known_way way, const struct unsock_ip *target, int type) {
    struct unsock_ip any = {.family = way == UNSOCK_KNOWN_BOTH ? AF_INET6 : target->family, .port = target->port};
    return unsock_port_entry_of(way == UNSOCK_KNOWN_EXACT ? target : &any, type, way != UNSOCK_KNOWN_BOTH, 0);
}

/* Remembers the kind of name that worked. Skips a name with a number: several sockets may share that address, and all
 * must get clients. A wildcard and an address of its family can be bound at once only with numbers, so a remembered
 * wildcard never hides a server on the address itself. */
static void remember_way(const struct unsock_port_search *search, const struct unsock_port_entry *entry) {
    if (entry->number != 0)
        return;
    for (enum unsock_known_way way = UNSOCK_KNOWN_EXACT; way <= UNSOCK_KNOWN_BOTH; way++) {
        struct unsock_port_entry known = entry_by(way, search->target, search->type);
        if (unsock_port_same(&known, entry))
            unsock_known_port_note(search->target, search->type, way);
    }
}

/* A port's names at one moment (`sum` is their checksum), and up to AT_ONCE entries to try, from index `from` on. */
struct view {
    uint64_t sum;
    bool several;
    uint8_t holder;
    unsigned from;
    unsigned count;
    struct unsock_port_entry entries[AT_ONCE];
};

/* Fills the view, but keeps no borrowed memory: siglongjmp(3) may leave a later connect. Returns 0 or -ENOBUFS. */
UNSOCK_OWN_FRAME static long look_at_port(const struct unsock_port_search *search, unsigned from, struct view *view) {
    struct unsock_port *port = unsock_port_borrow();
    if (!port)
        return -ENOBUFS;
    unsock_port_read(port, key_of_search(search), NULL);
    view->sum = unsock_port_sum(port);
    view->several = port->several;
    view->holder = port->holder;
    view->from = from;
    for (view->count = 0; view->count < AT_ONCE &&
                          unsock_port_candidate(port, search->target, search->spread, unsock_settings.one_address,
                                                from + view->count, &view->entries[view->count]);)
        view->count++;
    unsock_port_return(port);
    return 0;
}

/* Tries the entries in turn until one accepts the client, or fails with an error that ends the search. Returns the
 * result; -EPERM or -ECONNREFUSED if all refused; -ENOENT if there is no entry. */
static long go_through(struct unsock_port_search *search, struct view *view) {
    long result = view->count > 0 ? -ECONNREFUSED : -ENOENT;
    for (;;) {
        for (unsigned i = 0; i < view->count; i++) {
            long answer = try_entry(search, &view->entries[i]);
            result = answer == -EPERM ? answer : result;
            if (may_try_another(search, answer))
                continue;
            if (answer >= 0 || answer == -EAGAIN || answer == -EINPROGRESS)
                remember_way(search, &view->entries[i]);
            return answer;
        }
        if (view->count < AT_ONCE || look_at_port(search, view->from + AT_ONCE, view) < 0)
            return result;
    }
}

/* Reads the port's names, and tries them in turn. If several sockets have the port, tries all of them twice: while one
 * server replaces another, the first try may find the new one not yet listening, and the old one closed. Before the
 * second try, removes stale names, so that PORT.sock leads plain clients to a live socket. */
UNSOCK_OWN_FRAME static long go_by_names(struct unsock_port_search *search) {
    struct view view;
    long result = look_at_port(search, 0, &view);
    for (int tries = 0; result == 0 && tries < TRIES; tries++) {
        if (view.holder == UNSOCK_PORT_UNREAD)
            return -EACCES;
        if (view.holder == UNSOCK_PORT_FOREIGN) {
            search->length = unsock_address_path(search->target->port, search->type, search->path);
            return search->way(search);
        }
        uint64_t sum = view.sum;
        bool several = view.several, none = view.holder == UNSOCK_PORT_NOBODY || (view.count == 0 && !several);
        long answer = go_through(search, &view);
        if (none || answer == -EPERM || !may_try_another(search, answer))
            return answer;
        result = look_at_port(search, 0, &view);
        if (result == 0 && view.sum == sum && (!several || tries > 0))
            return answer;
        if (result == 0 && view.sum == sum)
            unsock_port_sweep(key_of_search(search));
    }
    return result < 0 ? result : -ECONNREFUSED;
}

/* The name PORT.dgram.sock, from which a datagram came, is used for one reply. If a server on another address has taken
 * the port since, that server gets the reply. Connects do not use the name, as they would keep the wrong server. */
socklen_t unsock_port_known_path(const struct unsock_ip *target, int type, bool connects, struct sockaddr_un *path) {
    static const struct unsock_ip any = {.family = AF_INET};
    struct unsock_port_key key = {target->port, (uint8_t)type};
    enum unsock_known_way known = unsock_known_port(target, type);
    if ((known == UNSOCK_KNOWN_EXACT || known == UNSOCK_KNOWN_WILDCARD) && target->family == AF_INET)
        return unsock_port_path4(key, known == UNSOCK_KNOWN_EXACT ? target : &any, path);
    if (known == UNSOCK_KNOWN_NOTHING || known == UNSOCK_KNOWN_CONTROL)
        return 0;
    if (known != UNSOCK_KNOWN_PLAIN) {
        struct unsock_port_entry entry = entry_by(known, target, type);
        return unsock_port_path(&entry, path);
    }
    unsock_known_port_note(target, type, UNSOCK_KNOWN_NOTHING);
    return connects ? 0 : unsock_address_path(target->port, type, path);
}

long unsock_port_go_on(struct unsock_port_search *search, long result) {
    static unsigned turn;
    if (!may_try_another(search, result))
        return result;
    if (unsock_known_port(search->target, search->type) != UNSOCK_KNOWN_NOTHING)
        unsock_known_port_note(search->target, search->type, UNSOCK_KNOWN_NOTHING);
    /* If listeners share an address, each connect starts at the next one; two processes usually at different ones. */
    if (search->type == SOCK_STREAM)
        search->spread = (unsigned)unsock_this_process()->owner + __atomic_fetch_add(&turn, 1, __ATOMIC_RELAXED);
    result = go_by_names(search);
    /* No socket has the address: `path` becomes PORT.sock, for the control file there and for the log. */
    if (result == -ENOENT)
        search->length = unsock_address_path(search->target->port, search->type, search->path);
    return result;
}

long unsock_port_go(struct unsock_port_search *search) {
    search->length = unsock_port_known_path(search->target, search->type, true, search->path);
    return unsock_port_go_on(search, search->length > 0 ? search->way(search) : -ENOENT);
}
