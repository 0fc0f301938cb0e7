/* A port's names and record: reading, sharing, leaving. */
#ifndef UNSOCK_FILES_PORT_H
#define UNSOCK_FILES_PORT_H

#include "rules/port_record.h"

/*
 * port.c: A port's names in the directory, for streams and for datagram sockets (rules/port_name.h): reading them,
 * asking who lives, and the steps that change them.
 *
 * PORT.sock is the port. The process that makes it has the port, and needs no lock for that. It is there as long as any
 * socket of the port is: it is replaced by a rename, and never missing in between. The file .PORT@ADDR comes before it.
 * So a PORT.sock without a living file is of a process that was killed, and may be replaced. A file gets another name
 * once at most: that of a datagram socket that others come to share an address with (unsock_port_give_number).
 *   - Removing or replacing a name takes the lock, and a question to the kernel first.
 *   - Making a name that is not there takes no lock.
 *   - A stale file may be removed. A name without a file is never removed: it may be a newcomer's the next moment.
 *   - The record may name stale sockets, and never omits a living one. It is written before PORT.sock says that there
 * is a record, and goes after that.
 */

/* Memory for one port: of the process where it is free, else mapped. NULL: there is none. */
struct unsock_port *unsock_port_borrow(void);
void unsock_port_return(struct unsock_port *port);

/* Reads PORT.sock, which tells all where there is one socket. One system call. */
enum unsock_port_holder unsock_port_look(struct unsock_port_key key, struct unsock_port_entry *first, bool *several);

/* True if the record is of another protocol (rules/port_name.h). */
bool unsock_port_has_unknown_record(struct unsock_port_key key);

/* That, and the record where there is one. */
void unsock_port_read(struct unsock_port *port, struct unsock_port_key key);

/* Asks by the probe (unsock_socketfile_probe) whether the entry's socket lives. */
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
 * past who shares its address. In `port` the old entry counts as stale, and goes with those. Returns 0 or -errno.
 */
long unsock_port_give_number(struct unsock_port *port, unsigned index);

/* Removes the files of those that are known to be stale, but not that of `me`. */
void unsock_port_unlink_dead(const struct unsock_port *port, const struct unsock_port_entry *me);

/*
 * A plain server's file at PORT.sock is stale: the link to `first` takes its place. That server may remove it just
 * now, and another come, which needs no lock: so what was there is looked at when it has been exchanged. Returns 0,
 * -EAGAIN where it was something else by then, or -errno.
 */
long unsock_port_replace_foreign(struct unsock_port_key key, const struct unsock_port_entry *first, long probe);

/* port_change.c: Finds a port's sockets of other users and of this process; joins a port. */

/*
 * True if the port is another user's: in a sticky directory others could not remove its stale files, nor root's, so one
 * port is one user's. False if all that was read is stale, and this user may remove it.
 */
bool unsock_port_is_another_users(const struct unsock_port *port);

/* True if a living socket of another user would share an address with `me`: SO_REUSEPORT is for one user's. */
bool unsock_port_shares_with_another(const struct unsock_port *port, const struct unsock_port_entry *me, long probe);

/* The descriptor of this process that has that entry's socket and does not listen; -1: there is none. */
int unsock_port_find_silent(struct unsock_port_key key, const struct unsock_port_entry *entry);

/* `me` listens now: those of this process that it excludes, and that do not listen, wait from now on. */
void unsock_port_let_wait(struct unsock_port_key key, const struct unsock_port_entry *me);

/*
 * With the directory locked: `me`, whose file is there, becomes one of the port, as it was read and as `joining` says.
 * Returns 0 or -errno; -EEXIST: somebody has made PORT.sock meanwhile.
 */
long unsock_port_join(struct unsock_port *port, const struct unsock_port_entry *me,
                      const struct unsock_port_joining *joining);

/*
 * A datagram socket with this entry, which lets others share its address, has been connected: what its client sends
 * goes to it from now on, and nobody else's. Where it has the port alone that is one system call.
 */
void unsock_port_note_connected(struct unsock_port_key key, const struct unsock_port_entry *entry);

/* Changes a port's names when a socket ends. */

/*
 * With the directory locked: the entry's socket has ended (STALE, GONE), or is to have no name any more (STALE). Its
 * file goes, and PORT.sock leads to another living one, or goes with the last.
 */
void unsock_port_leave(struct unsock_port_key key, const struct unsock_port_entry *me, enum unsock_port_life own,
                       long probe);

/*
 * The same in two steps, around a close, the directory locked all the time: PORT.sock is never without a living one
 * where the port has several. Before it: returns the port as it was read, or NULL where there is no memory. After it:
 * `own` is what the kernel says of the socket then; alive, it leaves nothing.
 */
struct unsock_port *unsock_port_hand_on(struct unsock_port_key key, const struct unsock_port_entry *me, long probe);
void unsock_port_handed_on(struct unsock_port *port, const struct unsock_port_entry *me, enum unsock_port_life own,
                           long probe);

/*
 * All of the port that have ended leave it: those that were killed, and those that nobody could take away when they
 * were closed. Takes the lock. Returns 1 when nobody of the port lives, 0 when somebody does, or -errno.
 */
long unsock_port_sweep(struct unsock_port_key key);

/* socketfile.c: One socket file: who is there, and binding with the mode that was asked for. */

/*
 * True if nobody is bound to the socket file, for certain. The owner of a socket, of whatever type, notices nothing.
 * Called with the directory locked.
 */
bool unsock_socketfile_is_stale(const struct sockaddr_un *path, socklen_t length);

/*
 * Asks several times with one socket: the probe, which unsock_socketfile_probe makes (-errno: none, and then nothing is
 * known for certain) and unsock_close_open closes.
 */
long unsock_socketfile_probe(void);

/*
 * True if somebody is bound to the socket file, for certain. That needs no lock: nothing is removed by it. False may
 * mean that it is not known.
 */
bool unsock_socketfile_is_live(long probe, const struct sockaddr_un *path, socklen_t length);

/* The same in words, for a name that need not have a file. With the directory locked where something follows from it.
 */
enum unsock_port_life unsock_socketfile_life(long probe, const struct sockaddr_un *path, socklen_t length);

/* The same where no bind of that name can be under way. */
enum unsock_port_life unsock_socketfile_life_at_rest(long probe, const struct sockaddr_un *path, socklen_t length);

/* True if the datagram socket behind the file is connected to another. */
bool unsock_socketfile_is_connected(const struct sockaddr_un *path, socklen_t length);

#define UNSOCK_OPEN_TO_ALL 0666 /* answers come to a client's own file from servers of any user, as over UDP */

/* bind(2) with UNSOCK_MODE, or where that is not set, with `mode` (-1: as the umask says). Returns 0 or -errno. */
long unsock_socketfile_bind(int socket, const struct sockaddr_un *path, socklen_t length, int mode);

/*
 * Where a socket file comes from, noted at the file itself for those who may not ask its socket: another
 * user in the same directory.
 *
 * The time of modification of a socket file means nothing to anybody. A file that such a user may find stale gets
 * one that names the network namespace of its socket. A process in that namespace sees all its sockets in
 * /proc/net/unix: one that is not there is gone. (A number of a namespace is used again only when no socket of the old
 * one is left.)
 */

/*
 * A socket was bound to this file just now: notes the namespace where others may write to the directory but not to the
 * file, or its owner may not. No system call in a private directory.
 */
void unsock_file_netns_note(const char *path);

/* True if the socket of this file has gone, for certain. */
bool unsock_file_netns_is_gone(const char *path);

#endif
