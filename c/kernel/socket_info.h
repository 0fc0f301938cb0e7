/* Asks the kernel about sockets, and stores marks with them. */
#ifndef UNSOCK_KERNEL_SOCKET_INFO_H
#define UNSOCK_KERNEL_SOCKET_INFO_H

#include "memory/option_table.h"

/* socket_info.c: Asks about one socket and the kernel's version, and stores marks with a socket. */

/* True if the running kernel is older than Linux 5.14, or its version is unknown. Asks the kernel once. */
bool unsock_kernel_is_before_5_14(void);

/* Returns an integer socket option of SOL_SOCKET, or -errno. */
long unsock_socket_option(int fd, int name);

bool unsock_socket_is_ip(int fd);

/* Checks `result`, which a query about a descriptor returned (getsockname, SO_DOMAIN, SO_TYPE, SO_PROTOCOL). Returns 0
 * if the kernel answered, even with "no socket". Otherwise returns the -errno that the program's call must return:
 * -EACCES if a seccomp filter forbids the query, or the kernel's own, such as -ENOMEM. */
long unsock_socket_unanswered(long result);

/* True if a seccomp filter forbids connect(2). Makes one invalid call to find out. */
bool unsock_socket_may_not_connect(void);

/* True if a seccomp filter forbids sendto(2) or sendmsg(2). Makes one or two invalid calls to find out. If these calls
 * and connect are allowed, EPERM on a datagram socket means that the peer is connected to another socket. */
bool unsock_socket_may_not_send(void);

/* Makes the kernel refuse, with EPERM, descriptors that a peer sends to this AF_UNIX socket, or to one accepted from it
 * (SO_PASSRIGHTS, since Linux 6.16). On older kernels the library has to close such descriptors. */
void unsock_socket_refuse_descriptors(int fd);

/* Returns the socket's cookie, unique as long as the system runs (SO_COOKIE; socket(7)); 0 if `fd` is no socket, or if
 * the kernel does not tell the cookie. If a descriptor's cookie changes, the descriptor has another socket. */
uint64_t unsock_socket_cookie(int fd);

/* True if the cookie is 0 because the kernel hides it (a seccomp filter, qemu), not because `fd` is no socket. */
bool unsock_socket_cookie_is_kept_back(int fd, uint64_t cookie);

/* Returns the socket's inode number, as /proc/PID/fd shows it; 0 if the kernel does not tell. */
uint64_t unsock_socket_inode(int fd);

/* Returns 1 if `fd` is non-blocking, 0 if it is blocking, -errno if it is not open or a filter forbids the query. */
long unsock_socket_nonblocking(int fd);

/* Polls without waiting. Returns the events, or POLLERR if poll(2) fails. */
int unsock_socket_poll(int fd, short events);

/* True if a write would not wait. After a non-blocking connect: true once it has succeeded or failed. */
bool unsock_socket_writable(int fd);

/* Returns the port to report for the unnamed peer of `fd`: made of `fd`'s inode number, the same in all processes. */
uint16_t unsock_socket_invented_port(int fd);

/* Returns how many sockets are connected to this datagram socket; -1 if the number cannot be read. */
int unsock_socket_peers(int fd);

/* Calls getsockname or getpeername, by the system call's `number`. Returns the length of `name`, or -errno. */
long unsock_socket_name(int fd, long number, union unsock_sockaddr *name);

/* Socket marks: facts about a socket that the kernel does not report. For a connected socket, mainly which side has
 * shut down; for a bound socket, the family and address that the program sees, if the socket's name does not show them.
 * All descriptors of a socket share its marks, which are stored in an option that AF_UNIX ignores (SO_INCOMING_CPU). */
enum {
    UNSOCK_END_SHUT_WRITE = 1 << 0,   /* this side has shut down writing */
    UNSOCK_END_SHUT_READ = 1 << 1,    /* this side has shut down reading */
    UNSOCK_END_LOST = 1 << 2,         /* a write succeeded although the peer had closed: over TCP it would reset */
    UNSOCK_END_TOLD = 1 << 3,         /* the error that follows UNSOCK_END_LOST has been reported */
    UNSOCK_END_RESET = 1 << 4,        /* the peer has reset the connection, and the library has seen the reset */
    UNSOCK_END_OVER = 1 << 5,         /* both sides have shut down writing: a TCP socket would be closed */
    UNSOCK_END_UNKNOWN = 1 << 6,      /* marks cannot be stored (qemu's user emulation): use AF_UNIX's own answer */
    UNSOCK_MARK_INET6 = 1 << 8,       /* the program made an AF_INET6 socket */
    UNSOCK_MARK_IPV6 = 1 << 9,        /* a service manager's socket stands for an IPv6 address */
    UNSOCK_MARK_WILDCARD = 1 << 10,   /* a service manager's socket stands for the wildcard */
    UNSOCK_MARK_HALF_CLOSE = 1 << 11, /* a foreign socket's half-close is held back; AF_TIPC's is passed on */
    UNSOCK_MARK_ANSWERED = 1 << 12,   /* some process has read the multiplexer's answer (calls/asking.c) */
    UNSOCK_MARK_BATCHES = 1 << 13,    /* this socket may receive batches of datagrams (calls/datagram_batch.c) */
};

/* The upper half of the option's value shows that the library has set it. The lower half holds the marks. */
#define UNSOCK_SOCKET_MARK 0x756e0000
#define UNSOCK_SOCKET_MARK_BITS 0xffff

/* Returns the marks; 0 also if `fd` is no socket. Makes one system call. */
unsigned unsock_socket_mark(int fd);

/* Returns the marks, or UNSOCK_END_UNKNOWN if the kernel cannot store any. May store an empty mark to find out. */
unsigned unsock_socket_mark_certain(int fd);

/* Adds marks to `old`, which the caller has just read. Makes no system call if `old` has them all. */
void unsock_socket_mark_set(int fd, unsigned old, unsigned added);

/* True if a TCP socket would be closed by now: reset, or shut down by both sides. `mark`: the socket's marks. `events`:
 * the result of a poll for POLLRDHUP. If `events` has POLLERR, adds UNSOCK_END_RESET to the marks. */
bool unsock_end_is_over(int fd, unsigned mark, int events);

/* True if the next read would fail with ECONNRESET: AF_TIPC reports a reset in no other way. Makes one system call. */
bool unsock_end_is_reset(int fd);

void unsock_socket_mark_replace(int fd, unsigned marks);

/* identify.c: Identifies an unknown descriptor by asking the kernel for its family, type, protocol and names. */

/* Identifies an unknown descriptor by system calls. Returns its entry; or `scratch`, filled alike, if the table has no
 * room, or the kind stays UNSOCK_KIND_UNKNOWN: `fd` can never be redirected, or the kernel does not answer. */
struct unsock_fd *unsock_identify_asking(int fd, struct unsock_fd *scratch);

/* As unsock_identify_asking. But if the program has installed a seccomp filter, which might kill the process, makes no
 * system call: the kind is UNSOCK_KIND_UNKNOWN. For intercepted calls that programs without IP sockets make, too. */
struct unsock_fd *unsock_identify_unknown(int fd, struct unsock_fd *scratch);

/* Identifies all unknown descriptors below 1024, before the program installs a seccomp filter. */
void unsock_identify_inherited(void);

/* As unsock_identify_asking, for a call with an address of `family` (AF_INET or AF_INET6): the address shows that the
 * program takes the socket for an IP one. So an unconnected AF_VSOCK or AF_TIPC stream, or an unconnected AF_UNIX
 * socket without a name, counts as one that the library made in place of an IP socket, before the exec. */
struct unsock_fd *unsock_identify_unknown_for(int fd, int family, struct unsock_fd *scratch);

/* Reads the kernel name of a datagram socket whose entry has none: an interrupted thread, or another process that has
 * the socket, may have bound it. Returns 0, or -EINVAL if the socket has no name in the directory. */
long unsock_identify_name(int fd, struct unsock_fd *entry);

/* True if the descriptor is a connected stream that replaces a TCP socket; false for the kernel's own TCP. The entry
 * shows the state of a foreign socket, and of a client without a name; the kernel shows everything else. Stores nothing
 * in the entry, as another thread may have reused the descriptor since the kernel reported the caller's event. */
bool unsock_identify_is_connection(int fd);

/* other_name.c: Recognises datagram sockets of the directory that were bound by another path to it: in another mount
 * namespace (docs/containers.md), or through another mount in this one.
 *
 * A path proves nothing: any user may have a directory with a 53.dgram.sock in it. So the library connects to the file
 * of the same name in its own directory, and asks the kernel for the peer's name. If the kernel returns the name in
 * question, the socket is in the directory.
 *
 * The kernel refuses this connect if the socket at that file is connected to a third one. So when a socket connects to
 * a peer that was bound by another path, the library marks the connecting socket's file, as only the file's owner can:
 * the file's time of modification becomes a hash of the name that the connecting socket is bound to. */

/* True if the datagram socket with this name is certainly in the directory, but bound by another path. Then fills
 * `name` as for a name in the directory. Makes no system call unless the path ends with a datagram port's file name. */
bool unsock_other_name_is_ours(const struct sockaddr_un *address, size_t length, struct unsock_name *name);

/* Marks the file of the datagram socket `fd`, which has just connected, if its peer was bound by another path to the
 * directory. The file must still be at the path that `fd` was bound to. */
void unsock_other_name_mark(int fd);

/* unix_sockets.c: Lists the AF_UNIX sockets that the kernel shows. */

struct unsock_unix_socket {
    bool listens;
    bool is_connected; /* a stream to its peer; a datagram socket to one peer */
    bool has_file;     /* `inode` and `device` are known (sock_diag(7)) */
    int type;          /* SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET */
    uint32_t number;   /* the socket's own inode, as /proc/PID/fd shows it */
    uint32_t inode;    /* the lower 32 bits of its file's inode; the file may have been renamed since */
    uint32_t peer;     /* the inode of the socket at the other end; 0: none, or not known */
    uint32_t unread;   /* bytes in its queue; listener: connections; datagram socket: bytes of the first datagram */
    uint32_t device;   /* its file's device, as the kernel numbers it: major << 20 | minor */
    const char *name;  /* the name that it was bound to; an abstract one begins with a NUL */
    size_t length;
};

/* Called with each socket of a listing. Returns false to end the listing. */
typedef bool unsock_unix_socket_seer(void *context, const struct unsock_unix_socket *socket);

/* Calls `see` for each bound Unix socket of this network namespace; for connected ones only if `with_connected`. Asks
 * sock_diag(7); if that fails, reads /proc/net/unix: `see` may then get a socket twice, gets no inode of a file and no
 * `unread`, and may get a forged socket (by a name with a newline and a forged line). False if both fail. */
bool unsock_unix_sockets_each(bool with_connected, unsock_unix_socket_seer *see, void *context);

struct unsock_file_id;

/* Identifies the directory part of an absolute path. The inode is 0 for a relative path and for a missing directory. */
struct unsock_file_id unsock_unix_name_above(struct unsock_span name);

bool unsock_unix_socket_is_in(const struct unsock_unix_socket *socket, const struct unsock_file_id *directory);

#endif
