/* A port's sockets, and the decisions of a bind, a close and a connect. Pure: if a decision depends on whether a socket
 * is live, the caller asks the kernel, stores the answer in unsock_port.life, and asks for the decision again. */
#ifndef UNSOCK_PORT_RECORD_H
#define UNSOCK_PORT_RECORD_H

#include "rules/port_name.h"

#ifndef UNSOCK_PORT_ENTRIES /* a proof uses fewer */
#define UNSOCK_PORT_ENTRIES 512
#define UNSOCK_PORT_RECORD_MOST 4096 /* bytes of a link's text, and a NUL */
#endif

/* Whether an entry's socket is live. OWN: live, but no obstacle to the current bind (unsock_port_life_for). STALE: its
 * socket is closed. GONE: its file is missing. A GONE name is never unlinked, because a new socket may bind to it. */
enum unsock_port_life {
    UNSOCK_PORT_UNKNOWN,
    UNSOCK_PORT_ALIVE,
    UNSOCK_PORT_OWN,
    UNSOCK_PORT_STALE,
    UNSOCK_PORT_GONE,
};

enum unsock_port_holder {
    UNSOCK_PORT_NOBODY,  /* there is no PORT.sock */
    UNSOCK_PORT_OURS,    /* PORT.sock is a link of the library's */
    UNSOCK_PORT_FOREIGN, /* a plain server's or a datagram client's file, a control file, or another program's link */
    UNSOCK_PORT_UNREAD,  /* cannot be read: a filter forbids readlinkat, or the user may not enter the directory */
};

/* A port's names, as read. Too large for any stack (unsock_port_borrow). */
struct unsock_port {
    struct unsock_port_key key;
    uint8_t holder;                 /* enum unsock_port_holder */
    bool several;                   /* PORT.sock points to the first of the sockets in the record */
    bool unreadable;                /* `several`, but the record is missing or cannot be read */
    struct unsock_port_entry first; /* the socket to whose file PORT.sock points */
    unsigned count;                 /* the number of entries */
    uint8_t life[UNSOCK_PORT_ENTRIES];
    struct unsock_port_entry entries[UNSOCK_PORT_ENTRIES];
    /* The record as read, later the new record: entries with blanks between them. unsock_port_write may write one entry
     * beyond UNSOCK_PORT_RECORD_MOST. */
    char text[UNSOCK_PORT_RECORD_MOST + UNSOCK_PORT_ENTRY_MOST];
};

/* Reads the entries from the record in `text` (`length` bytes; 0: none). Adds `first` if the record lacks it. */
void unsock_port_take(struct unsock_port *port, size_t length);

int unsock_port_find(const struct unsock_port *port, const struct unsock_port_entry *entry);

/* Marks the entry as GONE: the file of its socket was removed. A file with this name is now another socket's. */
void unsock_port_forget(struct unsock_port *port, const struct unsock_port_entry *entry);

/* Returns the number of entries that are not known to be stale or gone. */
unsigned unsock_port_living(const struct unsock_port *port);

/* True if the entry has a mark that its name does not show: it needs a record even if it is the port's only socket. */
bool unsock_port_needs_record(const struct unsock_port_entry *entry);

/* True if the port must have a record: several sockets may be live, or an entry needs a record. */
bool unsock_port_has_record(const struct unsock_port *port);

bool unsock_port_add(struct unsock_port *port, const struct unsock_port_entry *entry);

/* Writes into `port->text` the record of all sockets that may be live. `me` (or NULL) comes last, and replaces an older
 * entry with the same number and address. False if the record would be too long. */
bool unsock_port_write(struct unsock_port *port, const struct unsock_port_entry *me);

/* Returns the index of an entry that may be live, has no number, and whose address overlaps that of `me`; -1: none. The
 * entry must get a number: a client that remembers a name without a number would never reach the other sockets. */
int unsock_port_next_unnumbered(const struct unsock_port *port, const struct unsock_port_entry *me);

/* Raises the entry's number by one. False, without a change, if the entry has no number, or the last one of its kind
 * (UNSOCK_PORT_SHARERS, UNSOCK_PORT_NUMBERS). */
bool unsock_port_next_number(struct unsock_port_entry *entry);

/* If `me` has a number, raises it until no entry that may be live has the same name. */
void unsock_port_skip_taken(const struct unsock_port *port, struct unsock_port_entry *me);

/* Adds `numbered` at the end: the file of the entry at `index` gets this name. The old name becomes STALE, and is
 * removed with the names of stale sockets. The caller has checked that there is room. */
void unsock_port_renumber(struct unsock_port *port, unsigned index, const struct unsock_port_entry *numbered);

/* Undoes unsock_port_renumber for the entries from index `from` on: their old names are ALIVE again. */
void unsock_port_unnumber(struct unsock_port *port, unsigned from);

/* Returns a checksum of the port, to see whether its names have changed. */
uint64_t unsock_port_sum(const struct unsock_port *port);

enum unsock_port_verdict { UNSOCK_PORT_ASK, UNSOCK_PORT_REFUSE, UNSOCK_PORT_JOIN };

/* The decision on a bind. ASK: the caller must find out whether entry `which` is live. REFUSE: entry `which` excludes
 * the bind (-1: the record is unreadable). */
struct unsock_port_joining {
    enum unsock_port_verdict verdict;
    int which;
    bool be_first; /* JOIN: PORT.sock will point to the new socket: the first one is missing, STALE, GONE or OWN */
    bool shares;   /* JOIN: the new socket shares an address, so it needs a number */
    bool beside;   /* JOIN: other sockets of the port may be live */
    bool records;  /* JOIN: the port will have a record: for several sockets, or for the new socket's marks */
};

struct unsock_port_joining unsock_port_decide_bind(const struct unsock_port *port, const struct unsock_port_entry *me);

#define UNSOCK_PORT_HEIR_STAYS (-2) /* PORT.sock stays as it is */
#define UNSOCK_PORT_HEIR_NONE (-1)  /* PORT.sock is removed */

/* The decision on a close. `ask`: the caller must find out whether entry `which` is live. Else `heir` is decided: the
 * entry to which PORT.sock will point. */
struct unsock_port_leaving {
    bool ask;
    int which;
    int heir;
};

struct unsock_port_leaving unsock_port_decide_leave(const struct unsock_port *port, const struct unsock_port_entry *me);

/* Finds entry number `index` in the order in which a client of the address `ip` tries a port's sockets: those on `ip`,
 * on the wildcard of its family, on the wildcard of both families, then datagram clients whose names show a target,
 * and with `one_address` all others. Among the sockets on one address:
 *   - Connected ones come first, since each takes datagrams from one client alone.
 *   - Sockets with the newest socket's option (SO_REUSEPORT, or SO_REUSEADDR alone) follow, then the others. Those with
 *     SO_REUSEPORT are tried in turn, from number `spread` on; those with SO_REUSEADDR alone, the newest first.
 * Returns false if there is no such entry. */
bool unsock_port_candidate(const struct unsock_port *port, const struct unsock_ip *ip, unsigned spread,
                           bool one_address, unsigned index, struct unsock_port_entry *entry);

#endif
