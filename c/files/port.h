/*
 * A port's names in the directory, for streams and for datagram sockets (rules/port_name.h): reading them, asking who
 * lives, and the steps that change them.
 *
 * PORT.sock is the port. Whoever makes it has the port, and needs no lock for that. It is there as long as any socket
 * of the port is: it is replaced by a rename, and never missing in between. The file .PORT@ADDR comes before it. So a
 * PORT.sock without a living file is of a process that was killed, and may be replaced. A file gets another name once
 * at most: that of a datagram socket that others come to share an address with (unsock_port_give_number).
 *   - Who removes or replaces a name has the lock, and has asked the kernel.
 *   - Who makes a name that is not there needs no lock.
 *   - A dead file may be removed. A name without a file is never removed: it may be a newcomer's the next moment.
 *   - The record may name dead sockets, and never omits a living one. It is written before PORT.sock says that there is
 *     a record, and goes after that.
 */
#ifndef UNSOCK_PORT_H
#define UNSOCK_PORT_H

#include "rt/net.h"
#include "rules/port_record.h"

/* Memory for one port: of the process where it is free, else mapped. NULL: there is none. */
struct unsock_port *unsock_port_borrow(void);
void unsock_port_return(struct unsock_port *port);

/* What PORT.sock says: that is all where there is one socket. One system call. */
enum unsock_port_holder unsock_port_look(struct unsock_port_key key, struct unsock_port_entry *first, bool *several);

/* Is the record one of another protocol's (rules/port_name.h)? */
bool unsock_port_has_unknown_record(struct unsock_port_key key);

/* That, and the record where there is one. */
void unsock_port_read(struct unsock_port *port, struct unsock_port_key key);

/* Does the entry's socket live? Asked by the probe (unsock_socketfile_probe). */
enum unsock_port_life unsock_port_ask(long probe, struct unsock_port_key key, const struct unsock_port_entry *entry);

/* Makes PORT.sock lead to `first`; `there`: in the place of one. Returns 0 or -errno: -EEXIST where one has come. */
long unsock_port_put_first(struct unsock_port_key key, const struct unsock_port_entry *first, bool several, bool there);

/* Writes the record of the living, and of `me` (or NULL). Returns 0 or -errno, -EADDRINUSE where there is no room. */
long unsock_port_put_record(struct unsock_port *port, const struct unsock_port_entry *me);

/* Returns 0, also where there is none, or -errno. */
long unsock_port_unlink_first(struct unsock_port_key key);

void unsock_port_unlink_record(struct unsock_port_key key);
void unsock_port_unlink(struct unsock_port_key key, const struct unsock_port_entry *entry);

/*
 * Gives the file of the entry at this index another name, with a number, for a name that clients remember must not lead
 * past who shares its address. In `port` the old entry is as of a dead one, and goes with those. Returns 0 or -errno.
 */
long unsock_port_give_number(struct unsock_port *port, unsigned index);

/* Removes the files of those that are known to be dead, but not that of `me`. */
void unsock_port_unlink_dead(const struct unsock_port *port, const struct unsock_port_entry *me);

/*
 * A plain server's file is left over at PORT.sock: the link to `first` takes its place. That server may remove it just
 * now, and another come, which needs no lock: so what was there is looked at when it has been exchanged. Returns 0,
 * -EAGAIN where it was something else by then, or -errno.
 */
long unsock_port_replace_foreign(struct unsock_port_key key, const struct unsock_port_entry *first, long probe);

#endif
