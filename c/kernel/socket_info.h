/* Asks the kernel about sockets, and stores marks with them. */
#ifndef UNSOCK_KERNEL_SOCKET_INFO_H
#define UNSOCK_KERNEL_SOCKET_INFO_H

#include "memory/option_table.h"

/* socket_info.c: Small questions about one socket, and about the kernel's version. */

/* True if the running kernel is older than Linux `major`.`minor`. Asks the kernel once. */
bool unsock_kernel_is_before(unsigned major, unsigned minor);

/* Returns an integer socket option of SOL_SOCKET, or -errno. */
long unsock_socket_option(int fd, int name);

/* True for a socket of the kernel's IPv4 or IPv6. */
bool unsock_socket_is_ip(int fd);

/* Judges `result`, the kernel's answer to a question that fits any descriptor (getsockname, SO_DOMAIN, SO_TYPE,
 * SO_PROTOCOL). Returns 0 for an answer, even "no socket". Otherwise returns the -errno for the call that needed the
 * answer: a seccomp filter forbids the question (-EACCES), or there was no memory. */
long unsock_socket_unanswered(long result);

/* True if a seccomp filter forbids connect, or sends. Otherwise EPERM on a datagram socket is the kernel's: the peer is
 * connected to another socket. They make one system call, or two. */
bool unsock_socket_may_not_connect(void);
bool unsock_socket_may_not_send(void);

/* Makes the kernel refuse, with EPERM, descriptors that peers send to this AF_UNIX socket or to one accepted from it
 * (SO_PASSRIGHTS, from Linux 6.16). The library need not close them then. */
void unsock_socket_refuse_descriptors(int fd);

/* Returns the socket's cookie, unique as long as the system runs (SO_COOKIE; socket(7)): a descriptor with another
 * cookie has another socket. 0 if it is no socket, or if the kernel hides the cookie. */
uint64_t unsock_socket_cookie(int fd);

/* True if a cookie of 0 means that the kernel does not tell it (a filter, qemu), not that there is no socket. */
bool unsock_socket_cookie_is_kept_back(int fd, uint64_t cookie);

/* Returns the socket's inode number, as /proc/PID/fd shows it; 0 if the kernel does not tell. */
uint64_t unsock_socket_inode(int fd);

/* Returns 1 for a non-blocking descriptor, 0 for a blocking one, or -errno: not open, or a filter forbids it. */
long unsock_socket_nonblocking(int fd);

/* Polls without waiting. Returns the events, or POLLERR if poll(2) fails. */
int unsock_socket_poll(int fd, short events);

/* True if a write, or a query of SO_ERROR after a connect, would not wait. */
bool unsock_socket_writable(int fd);

/* Returns a port to report for an unnamed peer, from the socket's inode number: the same in every process. */
uint16_t unsock_socket_invented_port(int fd);

/* Returns how many sockets are connected to this datagram socket; -1 if that is unknown. */
int unsock_socket_peers(int fd);

/* Calls the kernel's getsockname or getpeername (`number`) into `name`. Returns the name's length or -errno. */
long unsock_socket_name(int fd, long number, union unsock_sockaddr *name);

/* Socket marks: facts about a socket that the kernel does not know. Of a connection's end: which side has shut down,
 * which AF_UNIX does not report. Of a bound socket: how the program sees it, if the name does not show it. The kernel
 * stores the marks in an option without meaning on AF_UNIX (SO_INCOMING_CPU), so all descriptors of a socket, in all
 * processes, have them. */

enum {
    UNSOCK_END_SHUT_WRITE = 1 << 0, /* this side has shut down writing */
    UNSOCK_END_SHUT_READ = 1 << 1,  /* this side has shut down reading */
    UNSOCK_END_LOST = 1 << 2,       /* a write after the peer's end was accepted: TCP's peer would have reset */
    UNSOCK_END_TOLD = 1 << 3,       /* the error that followed has been reported */
    UNSOCK_END_RESET = 1 << 4,      /* the peer closed with unread data, and that has been reported */
    UNSOCK_END_OVER = 1 << 5,       /* both sides have shut down writing: TCP's socket is closed */
    UNSOCK_END_UNKNOWN =
        1 << 6, /* no marks can be had (qemu's user emulation lacks the option): use AF_UNIX's own answer */
    UNSOCK_MARK_INET6 = 1 << 8,     /* the program made an AF_INET6 socket */
    UNSOCK_MARK_IPV6 = 1 << 9,      /* handed over: its address is an IPv6 one */
    UNSOCK_MARK_WILDCARD = 1 << 10, /* handed over: its address is the wildcard */
    UNSOCK_MARK_HALF_CLOSE =
        1 << 11, /* a foreign socket's half-close is held back; AF_TIPC's is passed on (calls/shutdown.c) */
    UNSOCK_MARK_ANSWERED = 1 << 12, /* a process that shares it has read its multiplexer's answer (calls/asking.c) */
    UNSOCK_MARK_BATCHES = 1 << 13,  /* may receive batches of datagrams (calls/datagram_batch.c) */
};

/* The upper half of the option's value tells marks from a number of the program's; the lower half holds them. */
#define UNSOCK_SOCKET_MARK 0x756e0000
#define UNSOCK_SOCKET_MARK_BITS 0xffff

/* Returns the marks; 0 also if it is no socket. Makes one system call. */
unsigned unsock_socket_mark(int fd);

/* Returns the marks, or UNSOCK_END_UNKNOWN if there can be none. */
unsigned unsock_socket_mark_certain(int fd);

/* Adds marks to the old ones. */
void unsock_socket_mark_set(int fd, unsigned old, unsigned added);

/* True if TCP's socket would be closed: reset, or shut down by both sides. `mark`: the marks; `events`: what a poll for
 * POLLRDHUP returned. Marks a reset. */
bool unsock_end_is_over(int fd, unsigned mark, int events);

/* True if the next read would fail with ECONNRESET: AF_TIPC reports a reset by that alone. Makes one system call. */
bool unsock_end_is_reset(int fd);

/* Replaces all marks. */
void unsock_socket_mark_replace(int fd, unsigned marks);

/* identify.c: Identifies an unknown descriptor by the kernel's own names. */

/* Identifies an unknown descriptor by questions to the kernel. Returns its entry, filled; or `scratch` if the table has
 * no room. The kind is UNSOCK_KIND_UNKNOWN if the descriptor is not redirected and cannot be, or if the kernel does not
 * answer. */
struct unsock_fd *unsock_identify_asking(int fd, struct unsock_fd *scratch);

/* As unsock_identify_asking, but asks nothing below a seccomp filter of the program's own, which might kill the process
 * for the question: the kind is then UNSOCK_KIND_UNKNOWN. For calls that programs without IP sockets make, too. */
struct unsock_fd *unsock_identify_unknown(int fd, struct unsock_fd *scratch);

/* Identifies all open unknown descriptors, before the program installs a filter. */
void unsock_identify_inherited(void);

/* As unsock_identify_asking, for a call with an address of `family` (AF_INET, AF_INET6): its socket is meant for IP. An
 * unnamed AF_UNIX socket, or stream of a control file's family, was born local in the program that executed this
 * one. */
struct unsock_fd *unsock_identify_unknown_for(int fd, int family, struct unsock_fd *scratch);

/* Reads the kernel name of an unnamed datagram socket into its entry: the thread that this signal interrupted, or a
 * process that shares the socket, may have named it. Returns 0, or -EINVAL if it has no name or is another socket. */
long unsock_identify_name(int fd, struct unsock_fd *entry);

/* True if this is a connected stream in the place of a TCP one. Asks the kernel if possible, and stores nothing. For
 * callers that got the descriptor from the kernel, not from the program: another thread may be closing it and reusing
 * its number. */
bool unsock_identify_is_connection(int fd);

/*
 * other_name.c: The directory by another name. A socket may have been bound by another path to the same directory, in
 * another mount namespace (docs/containers.md) or through another mount here.
 *
 * How a path begins proves nothing: any user may have a directory with a 53.dgram.sock in it. A socket is the
 * directory's if the file of that name there is its own. So the library connects to that file, and the kernel returns
 * the name of the socket behind it: both names must be the same text. If that socket is connected to another one, the
 * kernel refuses. So a socket marks its own file when it connects to a peer that has another name for the directory.
 * Only the file's owner can do that. The mark is a hash of the socket's name, kept in the file's time of modification.
 */

/* True if the datagram socket with this name certainly belongs to the directory, by another path. Then fills `name` as
 * for a name of the directory, kind FILE. Makes no system call for a name that cannot be one. */
bool unsock_other_name_is_ours(const struct sockaddr_un *address, size_t length, struct unsock_name *name);

/* Marks the file of the datagram socket `fd`, which has just connected, if its peer has another name for the directory.
 * The file must still be at the path that it was bound to. */
void unsock_other_name_mark(int fd);

/* unix_sockets.c: Lists the AF_UNIX sockets that the kernel shows. */

struct unsock_unix_socket {
    bool listens;
    bool is_connected; /* a stream to its peer; a datagram socket to one peer */
    bool has_file;     /* `inode` and `device` are known, and the entry is not forged */
    int type;          /* SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET */
    uint32_t number;   /* the socket's own inode, as /proc/PID/fd shows it */
    uint32_t inode;    /* the lower 32 bits of its file's inode; the file may have been renamed since */
    uint32_t peer;     /* the inode of the socket at the other end; 0: none, or not known */
    uint32_t unread;   /* bytes in its queue; a listener: connections */
    uint32_t device;   /* its file's device, as the kernel numbers it: major << 20 | minor */
    const char *name;  /* the name that it was bound to; an abstract one begins with a NUL */
    size_t length;
};

/* Receives one socket. Returns false to end the listing. */
typedef bool unsock_unix_socket_seer(void *context, const struct unsock_unix_socket *socket);

/* Calls `see` for each bound Unix socket of this network namespace, also for connected ones if `with_connected`. Reads
 * sock_diag(7); if the kernel does not answer, /proc/net/unix, where a name with a newline can forge a line: `see` then
 * gets no inode of a file. Returns false if both fail. */
bool unsock_unix_sockets_each(bool with_connected, unsock_unix_socket_seer *see, void *context);

struct unsock_file_id;

/* Identifies the directory part of an absolute path; with no inode if there is none. */
struct unsock_file_id unsock_unix_name_above(struct unsock_span name);

/* True if the path that the socket was bound to is in this directory. */
bool unsock_unix_socket_is_in(const struct unsock_unix_socket *socket, const struct unsock_file_id *directory);

#endif
