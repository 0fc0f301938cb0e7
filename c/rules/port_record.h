/*
 * The sockets that are bound to a port, by its names, and the decisions that follow for a bind, a close and a connect.
 * Pure: what is not known yet (whether a socket lives) is asked for, and then the same question is put again.
 */
#ifndef UNSOCK_PORT_RECORD_H
#define UNSOCK_PORT_RECORD_H

#include "rules/port_name.h"

#define UNSOCK_PORT_RECORD_MOST 4096 /* bytes that a link can say, and a NUL */
#define UNSOCK_PORT_ENTRIES 512

/*
 * Of a socket. OWN: it lives, and does not exclude the one that binds now: that replaces it, or it is reserved. GONE:
 * it has no file; the name may be a newcomer's at any moment, so that it is never removed. STALE: its socket is closed.
 */
enum unsock_port_life {
    UNSOCK_PORT_UNKNOWN,
    UNSOCK_PORT_ALIVE,
    UNSOCK_PORT_OWN,
    UNSOCK_PORT_STALE,
    UNSOCK_PORT_GONE,
};

enum unsock_port_holder {
    UNSOCK_PORT_NOBODY,  /* there is no PORT.sock */
    UNSOCK_PORT_OURS,    /* it is a link of ours */
    UNSOCK_PORT_FOREIGN, /* a plain Unix server's, a control file, or somebody's link */
    UNSOCK_PORT_UNREAD,  /* it may not be read: a filter forbids readlinkat, or nobody may enter the directory */
};

/* A port as it was read. Large: it is never on a stack (files/port.h). */
struct unsock_port {
    struct unsock_port_key key;
    uint8_t holder;                 /* enum unsock_port_holder */
    bool several;                   /* PORT.sock leads to the first one of those in the record */
    bool unreadable;                /* but there is none, or it cannot be read */
    struct unsock_port_entry first; /* to which PORT.sock leads */
    size_t length;                  /* of `text` */
    uint8_t life[UNSOCK_PORT_ENTRIES];
    char text[UNSOCK_PORT_RECORD_MOST + UNSOCK_PORT_ENTRY_MOST]; /* the entries, and between them blanks */
    char fresh[UNSOCK_PORT_RECORD_MOST];                         /* the next record */
};

/* `text` holds a record of `length` bytes (0: none, it is several's first alone). Checks it, and adds `first` to it. */
void unsock_port_take(struct unsock_port *port, size_t length);

/* One entry after the other, from `rest` = unsock_port_all on. */
struct unsock_span unsock_port_all(const struct unsock_port *port);

/* The entry with this index. */
struct unsock_port_entry unsock_port_at(const struct unsock_port *port, unsigned index);

/* The index of the entry; -1: there is none. */
int unsock_port_find(const struct unsock_port *port, const struct unsock_port_entry *entry);

/* True if PORT.sock leads to one with UNSOCK_PORT_OWN. */
bool unsock_port_first_is_own(const struct unsock_port *port);

/* How many there are, and how many are not known to be stale or gone. */
unsigned unsock_port_count(const struct unsock_port *port);
unsigned unsock_port_living(const struct unsock_port *port);

/* True if the entry has a mark that its name does not tell, so that it needs a record even if it is alone. */
bool unsock_port_needs_record(struct unsock_port_key key, const struct unsock_port_entry *entry);

/* True if those have a record: there are several living ones, or the only one needs it. */
bool unsock_port_has_record(const struct unsock_port *port);

/* Adds a living one at the end. False: there is no room. */
bool unsock_port_add(struct unsock_port *port, const struct unsock_port_entry *entry);

/*
 * Writes the record of those, and of `me` (or NULL) at its end, into `fresh`. One with the number and address of `me`
 * is left out. False: it would be too long.
 */
bool unsock_port_write(struct unsock_port *port, const struct unsock_port_entry *me);

/*
 * The next one after `index` (-1: the first) that is not known to be stale, shares its address with `me` and has no
 * number, by which clients may remember it: it gets one. -1: there is none.
 */
int unsock_port_next_unnumbered(const struct unsock_port *port, const struct unsock_port_entry *me, int index);

/* Of all that was read: another one where that has changed. */
uint64_t unsock_port_sum(const struct unsock_port *port);

enum unsock_port_verdict { UNSOCK_PORT_ASK, UNSOCK_PORT_REFUSE, UNSOCK_PORT_JOIN };

/* The decision on a bind. ASK: whether entry `which` lives. REFUSE: that one is why; -1: the record cannot be read. */
struct unsock_port_joining {
    enum unsock_port_verdict verdict;
    int which;
    bool be_first; /* JOIN: PORT.sock leads to the new one from now on */
    bool shares;   /* JOIN: it shares an address with another one: it needs a number */
};

/* `bound`: its file is there already, and a name of that kind in the record is of an older one. */
struct unsock_port_joining unsock_port_decide_bind(const struct unsock_port *port, const struct unsock_port_entry *me,
                                                   bool bound);

#define UNSOCK_PORT_HEIR_STAYS (-2) /* PORT.sock stays as it is */
#define UNSOCK_PORT_HEIR_NONE (-1)  /* it goes */

/* The decision at the end of a socket. `ask`: whether entry `which` lives; else PORT.sock leads to `heir` then. */
struct unsock_port_leaving {
    bool ask;
    int which;
    int heir;
};

struct unsock_port_leaving unsock_port_decide_leave(const struct unsock_port *port, const struct unsock_port_entry *me);

/*
 * The entry that a client of an address tries as number `index`, in TCP's order: of the address itself, the family's
 * wildcard, the dual-stack one, a datagram client's. Of those that share an address the connected ones come first,
 * which take nobody but their own client, then those of the newest one's kind: with SO_REUSEPORT any, as `spread` says,
 * with SO_REUSEADDR alone the newest. With `one_address` all the others come after these. False: there is no such one.
 */
bool unsock_port_candidate(const struct unsock_port *port, const struct unsock_ip *ip, unsigned spread,
                           bool one_address, unsigned index, struct unsock_port_entry *entry);

#endif
