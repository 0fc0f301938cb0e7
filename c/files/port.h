/* A port's names and record, the changes when a socket joins or leaves the port, and the files behind the names. */
#ifndef UNSOCK_FILES_PORT_H
#define UNSOCK_FILES_PORT_H

#include "rules/port_record.h"

/* port.c: A port's names in the directory, of streams and of datagram sockets (rules/port_name.h): reads them, asks
 * which sockets are live, and changes them step by step.
 *
 * PORT.sock is the port. The process that creates PORT.sock has the port, and needs no lock for that. PORT.sock exists
 * as long as any socket has the port: a rename replaces it, so that it is never missing. The file .PORT@ADDR is created
 * first. So a PORT.sock without a live socket behind it is stale, and may be replaced. Only a datagram socket's file
 * gets another name, once: when another socket first shares the address (unsock_port_join).
 *   - To remove or replace another socket's name, a process takes the lock, and then asks the kernel about the socket.
 *   - To create a name that does not exist takes no lock.
 *   - A stale file may be removed. A file that is missing is never unlinked: a new socket may bind to its name at any
 *     moment.
 *   - The record may list stale sockets, but lacks no live one that has joined the port. The record is written before
 *     PORT.sock gets its "./", and removed after PORT.sock has lost the "./". */

/* Borrows memory for one port: the process's own if it is free, else a mapping. NULL: there is none. */
struct unsock_port *unsock_port_borrow(void);
void unsock_port_return(struct unsock_port *port);

/* Reads the link PORT.sock with one system call, and stores its own path in `path`. If the port has only one socket,
 * this link tells everything. */
enum unsock_port_holder unsock_port_look(struct unsock_port_key key, struct sockaddr_un *path,
                                         struct unsock_port_entry *first, bool *several);

/* True if the record is of another protocol (rules/port_name.h). */
bool unsock_port_has_unknown_record(struct unsock_port_key key);

/* Reads PORT.sock, and the record if there is one, into `port`. Stores the path of PORT.sock in `path` (or NULL). */
void unsock_port_read(struct unsock_port *port, struct unsock_port_key key, struct sockaddr_un *path);

/* Asks with the probe (unsock_socketfile_probe) whether the entry's socket is live. */
enum unsock_port_life unsock_port_ask(long probe, const struct unsock_port_entry *entry);

/* Makes PORT.sock a link to `first`; with `there`, replaces the old link. Returns 0 or -errno (-EEXIST: it exists). */
long unsock_port_put_first(const struct unsock_port_entry *first, bool several, bool there);

/* Writes the record of all sockets that may be live, and `me` (or NULL). Returns 0 or -errno; -EADDRINUSE: no room. */
long unsock_port_put_record(struct unsock_port *port, const struct unsock_port_entry *me);

/* Removes PORT.sock. Returns 0, also if it does not exist, or -errno. */
long unsock_port_unlink_first(struct unsock_port_key key);

/* Remove the record, and the own file of the entry. A failure is ignored: the next bind tries again. */
void unsock_port_unlink_record(struct unsock_port_key key);
void unsock_port_unlink(const struct unsock_port_entry *entry);

/* Removes the files of the entries that are known to be stale, except that of `me`. */
void unsock_port_unlink_stale(const struct unsock_port *port, const struct unsock_port_entry *me);

/* Replaces a plain server's stale file at PORT.sock by the link to `first`. Returns 0; -EAGAIN if the file was not
 * stale (it is put back in its place); or -errno. */
long unsock_port_replace_foreign(const struct unsock_port_entry *first, long probe);

/* True if another user's sockets keep `me` off the port: sockets share an address only with the same user's, and in a
 * sticky directory all sockets of a port are one user's. */
bool unsock_port_is_another_users(const struct unsock_port *port, const struct unsock_port_entry *me,
                                  const struct unsock_port_joining *joining, long probe);

/* With the directory locked: adds `me`, whose own file exists, to the port as it was read, as `joining` decides. If
 * other datagram sockets on the address have no number, gives their files names with numbers, by hard links, and tells
 * their descriptors in this process: a client that remembers a name without a number would never reach the other
 * sockets. Returns 0 or -errno; -EEXIST: another process has made PORT.sock meanwhile. */
long unsock_port_join(struct unsock_port *port, const struct unsock_port_entry *me,
                      const struct unsock_port_joining *joining);

/* Before `me` listens: marks as waiting this process's other streams that `me` excludes and that do not listen. */
void unsock_port_let_wait(const struct unsock_port_entry *me);

/* port_leave.c: Changes a port's names when a socket is connected, or ends. */

/* Notes in the record that this datagram socket, which lets others share its address, has been connected. A connected
 * socket receives only from its peer; the other sockets receive from all other clients. If the socket has the port
 * alone, makes one system call and returns false. */
bool unsock_port_note_connected(const struct unsock_port_entry *entry);

/* With the directory locked: removes the names of the socket `me`. `own` is STALE after the socket's end, or GONE if
 * its file is missing; STALE also to take the name from a live socket. If PORT.sock points to `me`, it becomes a link
 * to another live socket, or is removed. */
void unsock_port_leave(const struct unsock_port_entry *me, enum unsock_port_life own, long probe);

/* unsock_port_leave in two steps around a close, with the directory locked throughout. So PORT.sock always points to a
 * live socket if the port has several. The first step returns the port as it was read; NULL: no memory, or a plain
 * name. The second step gets the kernel's answer about the socket after the close (`own`), and removes nothing if the
 * socket is still live. */
struct unsock_port *unsock_port_hand_on(const struct unsock_port_entry *me, long probe);
void unsock_port_handed_on(struct unsock_port *port, const struct unsock_port_entry *me, enum unsock_port_life own,
                           long probe);

/* Removes the names of all stale sockets of the port: of killed processes, and those that a close could not remove.
 * Takes the lock. Returns 1 if no socket of the port is live, 0 if one is, or -errno. */
long unsock_port_sweep(struct unsock_port_key key);

/* As unsock_port_sweep; but if PORT.sock leads to a live socket, takes no lock and returns 0. The close of the live
 * socket removes the stale names. */
long unsock_port_sweep_dead(struct unsock_port_key key);

/* socketfile.c: Asks the kernel about the socket behind a file, and binds sockets to files with the right mode. */

/* True if certainly no socket is bound to the file. The owner does not notice. Lock the directory first. */
bool unsock_socketfile_is_stale(const struct sockaddr_un *path, socklen_t length);

/* Makes the probe, a socket that checks files, or returns -errno. The caller closes it by unsock_close_open. */
long unsock_socketfile_probe(void);

/* Connects a datagram socket to the address, which may be abstract, once. Returns the result of connect(2). */
long unsock_socketfile_ask(const void *address, socklen_t length);

/* True if a socket is certainly bound to the file. Needs no lock, because nothing is removed after it. */
bool unsock_socketfile_is_live(long probe, const struct sockaddr_un *path, socklen_t length);

/* Finds out whether the socket behind the name is live. To change names by the answer, lock the directory first. */
enum unsock_port_life unsock_socketfile_life(long probe, const struct sockaddr_un *path, socklen_t length);

/* As unsock_socketfile_life, for a name at which no bind can be in progress. */
enum unsock_port_life unsock_socketfile_life_at_rest(long probe, const struct sockaddr_un *path, socklen_t length);

/* True if the datagram socket behind the file is connected. */
bool unsock_socketfile_is_connected(const struct sockaddr_un *path, socklen_t length);

#define UNSOCK_OPEN_TO_ALL 0666 /* servers of any user may reply to a client's file, as over UDP */

/* Binds the socket. Its file gets UNSOCK_MODE; if that is not set, `mode` (-1: by the umask). Returns 0 or -errno. */
long unsock_socketfile_bind(int socket, const struct sockaddr_un *path, socklen_t length, int mode);

/* A note at a socket file for users who may not connect to its socket. It is in the nanoseconds of the file's times,
 * and names the socket's network namespace. A process in that namespace sees all its sockets in /proc/net/unix; a
 * socket that is not listed there is gone. (A namespace's number is used again only after its last socket is gone.) */

/* Notes the namespace at the file of a newly bound socket, if users who can reach the directory may lack write
 * permission to the file. In a private directory this is so only if UNSOCK_MODE forbids the owner to write. */
void unsock_file_netns_note(const char *path);

/* True if the file's socket is certainly gone. */
bool unsock_file_netns_is_gone(const char *path);

/* listener.c: Asks whether a server listens at a Unix socket, in the directory or elsewhere. */

enum unsock_answer {
    UNSOCK_ANSWER_NOBODY,
    UNSOCK_ANSWER_SOON, /* a socket is bound and does not listen yet; of other targets: nothing answers in time */
    UNSOCK_ANSWER_READY,
};

/* Finds out whether a server listens at the address, a sockaddr_un of `length` bytes with a path or an abstract name.
 * The server does not notice. */
enum unsock_answer unsock_listener_ask(const void *address, socklen_t length, int type);

#endif
