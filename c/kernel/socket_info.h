/* Questions to the kernel about sockets. */
#ifndef UNSOCK_KERNEL_SOCKET_INFO_H
#define UNSOCK_KERNEL_SOCKET_INFO_H

#include "memory/option_table.h"

/* socket_info.c: Small questions to the kernel about one socket, and which kernel it is. */

/* True if the running kernel is older than Linux `major`.`minor`. Asked once. */
bool unsock_kernel_is_before(unsigned major, unsigned minor);

/* One integer socket option of SOL_SOCKET, or -errno. */
long unsock_socket_option(int fd, int name);

/* True if it is a socket of the kernel's IPv4 or IPv6. */
bool unsock_socket_is_ip(int fd);

/*
 * `result` is what the kernel said to a question that each socket can be asked (getsockname, SO_DOMAIN, SO_TYPE,
 * SO_PROTOCOL). Returns 0 when that is an answer, "no socket" too; else the -errno that a call fails with which needs
 * one: a filter of somebody's forbids the question (-EACCES), or there was no memory to answer it.
 */
long unsock_socket_unanswered(long result);

/*
 * True if a filter forbids connecting, or sending. For datagrams EPERM has a meaning of its own: the peer is connected
 * to another. One system call, or two.
 */
bool unsock_socket_may_not_connect(void);
bool unsock_socket_may_not_send(void);

/*
 * Lets peers hear EPERM who pass descriptors along to this AF_UNIX socket, or to one that is accepted from it, where
 * the kernel can (SO_PASSRIGHTS; Linux 6.16): what is refused need not be closed.
 */
void unsock_socket_refuse_descriptors(int fd);

/*
 * Returns a number that only this socket has, for as long as the system runs (SO_COOKIE; socket(7)): a descriptor with
 * another number has another socket. 0 when it is no socket.
 */
uint64_t unsock_socket_cookie(int fd);

/* True if a cookie of 0 means that it may not be asked for, not that there is none (as in qemu's user emulation). */
bool unsock_socket_cookie_is_kept_back(int fd, uint64_t cookie);

/* The socket's inode number, as /proc/PID/fd shows it; 0 when it cannot be told. */
uint64_t unsock_socket_inode(int fd);

/* Returns 1 for a non-blocking descriptor, 0 for a blocking one, -errno if it is not open or may not be asked. */
long unsock_socket_nonblocking(int fd);

/* poll(2) without waiting. Returns the events that there are; POLLERR when it cannot be asked. */
int unsock_socket_poll(int fd, short events);

/* True if a write, or asking for SO_ERROR after a connect, would not wait. */
bool unsock_socket_writable(int fd);

/* A port that stands for an unnamed peer, the same in every process: from the socket's inode number. */
uint16_t unsock_socket_invented_port(int fd);

/* How many sockets are connected to this datagram socket; -1 when that cannot be found out. */
int unsock_socket_peers(int fd);

/* The kernel's getsockname or getpeername (`number`), into `name`. Returns its length or -errno. */
long unsock_socket_name(int fd, long number, union unsock_sockaddr *name);

/*
 * Socket marks: facts that the kernel does not know. For a connection's end, whether this side or the other one has
 * shut down, which AF_UNIX does not tell apart; for a bound socket, how the program sees it, where the name does not
 * tell. The marks are in an option of the socket that means nothing on AF_UNIX (SO_INCOMING_CPU), so that every
 * descriptor of it and every process that has it knows them.
 */

enum {
    UNSOCK_END_SHUT_WRITE = 1 << 0, /* this side has shut down writing */
    UNSOCK_END_SHUT_READ = 1 << 1,  /* this side has shut down reading */
    UNSOCK_END_LOST = 1 << 2,       /* a write after the peer's end was taken: TCP's would have been reset by it */
    UNSOCK_END_TOLD = 1 << 3,       /* the error that followed has been told */
    UNSOCK_END_RESET = 1 << 4,      /* the peer closed with unread data, and that has been told */
    UNSOCK_END_OVER = 1 << 5,       /* both sides have shut down writing: TCP's socket is closed */
    UNSOCK_END_UNKNOWN =
        1 << 6, /* no marks can be had (qemu's user emulation lacks the option): AF_UNIX's word counts */
    UNSOCK_MARK_INET6 = 1 << 8,     /* the program made an AF_INET6 socket */
    UNSOCK_MARK_IPV6 = 1 << 9,      /* of one that was handed over: its address is of IPv6 */
    UNSOCK_MARK_WILDCARD = 1 << 10, /* and it is the wildcard */
    UNSOCK_MARK_HALF_CLOSE =
        1 << 11, /* where a control file leads: held back; of AF_TIPC: passed on (calls/shutdown.c) */
};

/* The value of the option that holds marks, which the program may read, and the bits of the marks. */
#define UNSOCK_SOCKET_MARK 0x756e0000
#define UNSOCK_SOCKET_MARK_BITS 0xffff

/* The marks; 0 also for what is no socket. One system call. */
unsigned unsock_socket_mark(int fd);

/* The same, and where there can be none, UNSOCK_END_UNKNOWN. */
unsigned unsock_socket_mark_certain(int fd);

/* Adds some to those that there are. */
void unsock_socket_mark_set(int fd, unsigned old, unsigned added);

/*
 * True if TCP's socket would be closed: reset, or shut down by both sides. `mark`: the marks; `events`: poll's answer
 * to POLLRDHUP. Marks a reset.
 */
bool unsock_end_is_over(int fd, unsigned mark, int events);

/* True if the next read would fail with ECONNRESET: AF_TIPC reports a reset by nothing else. One system call. */
bool unsock_end_is_reset(int fd);

/* Has these alone from now on. */
void unsock_socket_mark_replace(int fd, unsigned marks);

/* identify.c: Identifies a descriptor of which nothing is known, by the kernel's own names. */

/* True if the bound socket with a file that the entry describes is (still) behind this descriptor. */
bool unsock_identify_has_file(int fd, const struct unsock_fd *entry);

/*
 * Asks the kernel about a descriptor of which nothing is known. Returns its entry, filled, or `scratch` where the cache
 * has no room. The kind is UNSOCK_KIND_UNKNOWN when it is no socket that could be ours, and also when that cannot be
 * known.
 */
struct unsock_fd *unsock_identify_asking(int fd, struct unsock_fd *scratch);

/*
 * The same, but below a seccomp filter of the program's own the kernel is not asked, as the question could end the
 * program: the kind is UNSOCK_KIND_UNKNOWN then. For calls that can be made by a program that has no IP sockets.
 */
struct unsock_fd *unsock_identify_unknown(int fd, struct unsock_fd *scratch);

/* Identifies all open descriptors of which nothing is known, before the program sets up a filter. */
void unsock_identify_inherited(void);

/*
 * The same for a call that brings an address of `family` (AF_INET, AF_INET6): an unnamed AF_UNIX stream of which
 * nothing is known was then born to stand for an IP socket, in the program that this one was executed by.
 */
struct unsock_fd *unsock_identify_unknown_for(int fd, int family, struct unsock_fd *scratch);

/*
 * The datagram socket of an entry without a name may have one: whom this signal has interrupted has just given it, or a
 * process with which it is shared. Returns 0, or -EINVAL: it has none, or is another socket.
 */
long unsock_identify_name(int fd, struct unsock_fd *entry);

/*
 * True if this is a connected stream in the place of a TCP one. Asks the kernel where it can tell; remembers nothing.
 * For callers that got the descriptor from the kernel and not from the program: other threads of the program may just
 * then be closing it, and making another of the same number.
 */
bool unsock_identify_is_connection(int fd);

/*
 * The -errno of a call that depends on what the entry's descriptor is, where that cannot be known; 0 where it is known.
 * Such a call must not go to the kernel as if the descriptor were none of ours.
 */
static inline long unsock_identify_wrong(const struct unsock_fd *entry) {
    return entry->kind == UNSOCK_KIND_UNKNOWN ? unsock_fd_refusal(entry)->error : 0;
}

/*
 * other_name.c: Our directory by another name: sockets that were bound by another path to it, in another mount
 * namespace (docs/containers.md) or through another mount here.
 *
 * How a path begins proves nothing: anybody may have a directory with a 53.dgram.sock in it. A socket is of our
 * directory if the file of that name in it is the socket's own. The kernel tells that: the socket to which our path
 * leads has a name, and it must be the very text that the sender's is. Of a socket that is connected to somebody else
 * the kernel tells nobody else the name. So a socket leaves a mark at its own file when it connects to one that has
 * another name for the directory. Only the file's owner can do that. The mark is a hash of the socket's name, for which
 * the time of modification has room.
 */

/*
 * True if the datagram socket with this name is one of our directory, for certain, though its name does not begin like
 * that. Then fills `name` as if it did, kind FILE. No system call for names that cannot be.
 */
bool unsock_other_name_is_ours(const struct sockaddr_un *address, size_t length, struct unsock_name *name);

/*
 * The datagram socket `fd` has just been connected. Where its peer has another name for the directory, marks the file
 * of `fd`, which must still be at the name that it was bound by.
 */
void unsock_other_name_mark(int fd);

/* unix_sockets.c: Which AF_UNIX sockets there are: the kernel's list. */

struct unsock_unix_socket {
    bool listens;
    bool is_connected; /* as streams are; of a datagram socket: to one peer */
    bool has_file;     /* `inode` and `device` are known, and the line is not forged */
    int type;          /* SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET */
    uint32_t number;   /* its own inode, as /proc/PID/fd shows it */
    uint32_t inode;    /* of the file that it was bound to, in 32 bits; that may have got another name */
    uint32_t device;   /* its file system, as the kernel numbers it: major << 20 | minor */
    const char *name;  /* as it was bound; an abstract one begins with a NUL */
    size_t length;
};

/* Receives one socket. Returns false to end the listing. */
typedef bool unsock_unix_socket_seer(void *context, const struct unsock_unix_socket *socket);

/*
 * Passes each bound socket of this network namespace to `see`; those that have a peer only `with_connected`. Asks
 * sock_diag(7), and reads /proc/net/unix where the kernel does not answer that: there a name with a newline forges
 * sockets, so that none has a file. Returns false if neither can be read.
 */
bool unsock_unix_sockets_each(bool with_connected, unsock_unix_socket_seer *see, void *context);

/* Reads the status of the directory part of an absolute path. */
bool unsock_unix_name_above(struct unsock_span name, struct statx *status);

/* True if the path that the socket was bound to is in this directory. */
bool unsock_unix_socket_is_in(const struct unsock_unix_socket *socket, const struct statx *directory);

#endif
