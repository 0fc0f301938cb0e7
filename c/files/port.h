/* A port's names and record, the changes when a socket joins or leaves the port, and the files behind the names. */
#ifndef UNSOCK_FILES_PORT_H
#define UNSOCK_FILES_PORT_H

#include "rules/port_record.h"

/* port.c: Reads a port's names in the directory (rules/port_name.h), asks which sockets are live, and changes the names
 * step by step. The rules (docs/architecture.md, "Names and ports"):
 *   - The process that creates PORT.sock has the port. Later changes replace PORT.sock by a rename, so that it is never
 *     missing while a socket has the port.
 *   - The file .PORT@ADDR is created before PORT.sock. So a PORT.sock without a live socket behind it is stale.
 *   - To remove or replace another socket's name, a process takes the lock, and then asks the kernel about the socket.
 *     To create a name that does not exist, it needs no lock.
 *   - A process that found a name missing does not unlink it: a new socket may bind to the name at any moment.
 *   - The record (.PORT@) may list stale sockets, but lacks no live one that has joined the port. It exists at all
 *     times when the link PORT.sock has a "./" in front of its target, the sign of several sockets. */

/* Borrows memory for one port: static memory, or a new mapping if the static memory is in use. NULL: no memory. */
struct unsock_port *unsock_port_borrow(void);
void unsock_port_return(struct unsock_port *port);

/* Reads the link PORT.sock with one system call. Stores in `path` the link's own path, in `first` the socket to which
 * the link points, and in `several` whether the port has further sockets. */
enum unsock_port_holder unsock_port_look(struct unsock_port_key key, struct sockaddr_un *path,
                                         struct unsock_port_entry *first, bool *several);

/* True if a library with another protocol wrote the record (rules/port_name.h). */
bool unsock_port_has_unknown_record(struct unsock_port_key key);

/* Reads PORT.sock, and the record if there is one, into `port`. Stores the path of PORT.sock in `path`, if not NULL. */
void unsock_port_read(struct unsock_port *port, struct unsock_port_key key, struct sockaddr_un *path);

enum unsock_port_life unsock_port_ask(long probe, const struct unsock_port_entry *entry);

/* Makes PORT.sock a link to `first`. With `there`, replaces an old link. Returns 0 or -errno (-EEXIST: an old link). */
long unsock_port_put_first(const struct unsock_port_entry *first, bool several, bool there);

/* Records the port's sockets that may be live, and `me` if not NULL. Returns 0 or -errno (-EADDRINUSE: no room). */
long unsock_port_put_record(struct unsock_port *port, const struct unsock_port_entry *me);

/* Removes PORT.sock. Returns 0, also if it does not exist, or -errno. */
long unsock_port_unlink_first(struct unsock_port_key key);

/* Remove the record, and the entry's own file. If a removal fails, the next bind to the port tries again. */
void unsock_port_unlink_record(struct unsock_port_key key);
void unsock_port_unlink(const struct unsock_port_entry *entry);

/* Removes the files of the entries that are known to be stale, except that of `me`. */
void unsock_port_unlink_stale(const struct unsock_port *port, const struct unsock_port_entry *me);

/* Replaces the stale file of a server without this library, at PORT.sock, by the link to `first`. Returns 0 or -errno:
 * -EAGAIN if the file is not stale, and so stays, or if PORT.sock is missing now. */
long unsock_port_replace_foreign(const struct unsock_port_entry *first, long probe);

/* True if other users' sockets exclude `me`: sockets of two users never share an address, and in a sticky directory
 * mostly not even a port (is_first_another_users in port.c). */
bool unsock_port_is_another_users(const struct unsock_port *port, const struct unsock_port_entry *me,
                                  const struct unsock_port_joining *joining, long probe);

/* Adds `me`, whose own file exists, to the port as `joining` decides. The directory has been locked since the port was
 * read. If datagram sockets on the same address have no number, links their files to names with numbers, and notes
 * these at this process's descriptors: a client that remembers a name without a number would never reach the other
 * sockets. Returns 0 or -errno: -EEXIST if another process has made PORT.sock meanwhile. */
long unsock_port_join(struct unsock_port *port, const struct unsock_port_entry *me,
                      const struct unsock_port_joining *joining);

/* port_leave.c: Changes a port's names when a socket is connected or closed. */

/* Notes in the record that a datagram socket which shares its address is now connected, and so receives from its peer
 * alone. True if the port has further sockets that may be live. If PORT.sock shows no others, makes one system call. */
bool unsock_port_note_connected(const struct unsock_port_entry *entry);

/* Removes the names of the socket `me`, with the directory locked. `own`: STALE if `me` is closed, or is live but must
 * lose its name; GONE if its file is missing. If PORT.sock points to `me`, links it to a live socket, or removes it. */
void unsock_port_leave(const struct unsock_port_entry *me, enum unsock_port_life own, long probe);

/* Do the work of unsock_port_leave in two steps, before and after a close, with the directory locked throughout. So
 * PORT.sock always points to a live socket if the port has several. The first step returns the port; NULL if there is
 * no memory, or if `me` has PORT.sock itself. The second step gets the kernel's answer about the socket after the
 * close (`own`), and removes nothing if the socket is still live. */
struct unsock_port *unsock_port_hand_on(const struct unsock_port_entry *me, long probe);
void unsock_port_handed_on(struct unsock_port *port, const struct unsock_port_entry *me, enum unsock_port_life own,
                           long probe);

/* Removes the names of the port's stale sockets under the lock. Returns 1 if no socket is live, else 0; or -errno. */
long unsock_port_sweep(struct unsock_port_key key);

/* As unsock_port_sweep; but if PORT.sock leads to a live socket, takes no lock, removes nothing, and returns 0. */
long unsock_port_sweep_dead(struct unsock_port_key key);

/* socketfile.c: Asks the kernel about the socket behind a file, and binds sockets to files with the right mode. */

/* True if certainly no socket is bound to the file. Lock the directory first. */
bool unsock_socketfile_is_stale(const struct sockaddr_un *path, socklen_t length);

/* Makes the probe, a socket whose connect shows whether the socket of a file is live. Returns its descriptor, which the
 * caller closes by unsock_close_open, or -errno. */
long unsock_socketfile_probe(void);

/* Connects a probe to the address, which may be abstract. Returns the result of connect(2). */
long unsock_socketfile_ask(const void *address, socklen_t length);

/* True if a socket is certainly bound to the file. Needs no lock: no caller removes a live socket's file. */
bool unsock_socketfile_is_live(long probe, const struct sockaddr_un *path, socklen_t length);

/* Returns whether the socket behind the file is live. To change names by the answer, lock the directory first. */
enum unsock_port_life unsock_socketfile_life(long probe, const struct sockaddr_un *path, socklen_t length);

/* As unsock_socketfile_life, for a name at which no bind can be in progress. */
enum unsock_port_life unsock_socketfile_life_at_rest(long probe, const struct sockaddr_un *path, socklen_t length);

bool unsock_socketfile_is_connected(const struct sockaddr_un *path, socklen_t length);

#define UNSOCK_OPEN_TO_ALL 0666 /* servers of any user may reply to a client's file, as over UDP */

/* Binds the socket. Its file gets UNSOCK_MODE, or if that is not set, `mode` (-1: as the umask says). */
long unsock_socketfile_bind(int socket, const struct sockaddr_un *path, socklen_t length, int mode);

/* A note at a socket file for users who may not connect to it: the socket's network namespace, in the nanoseconds of
 * the file's times. A process in this namespace finds all the namespace's sockets in /proc/net/unix; a socket that is
 * missing there is closed. (The kernel reuses a namespace's number only after its last socket is closed.) */

/* Writes the note for a newly bound socket, if users who can reach the directory may lack write permission to the file.
 * If only the directory's owner may write to it, writes the note only if UNSOCK_MODE lacks the owner's write bit. */
void unsock_file_netns_note(const char *path);

/* True if the note shows that the file's socket is closed. */
bool unsock_file_netns_is_gone(const char *path);

/* listener.c: Asks whether a server listens at a Unix socket, in the directory or elsewhere. */

enum unsock_answer {
    UNSOCK_ANSWER_NOBODY,
    UNSOCK_ANSWER_SOON, /* bound, but does not listen yet; program/answers.c also: busy, or no answer in time */
    UNSOCK_ANSWER_READY,
};

/* Finds out whether a server listens at the address, which has a path or an abstract name. */
enum unsock_answer unsock_listener_ask(const void *address, socklen_t length, int type);

#endif
