/* Small questions to the kernel about one socket. */
#ifndef UNSOCK_SOCKET_INFO_H
#define UNSOCK_SOCKET_INFO_H

#include "fds.h"

/* The kernel's struct timeval for SO_SNDTIMEO and SO_RCVTIMEO on 64-bit machines. */
struct unsock_timeval {
    int64_t seconds;
    int64_t microseconds;
};

#define UNSOCK_TCP_MAXSEG 2
#define UNSOCK_TCP_INFO 11
#define UNSOCK_TCP_REPAIR 19
#define UNSOCK_TCP_FASTOPEN 23
#define UNSOCK_TCP_FASTOPEN_CONNECT 30
#define UNSOCK_TCP_FASTOPEN_NO_COOKIE 34
#define UNSOCK_IP_MTU 14

/* One integer socket option of SOL_SOCKET, or -errno. */
long unsock_socket_option(int fd, int name);

/*
 * A number that only this socket has, for as long as the system runs (SO_COOKIE; socket(7)): has a descriptor still the
 * socket that it had before? 0 when it is no socket.
 */
uint64_t unsock_socket_cookie(int fd);

/* The socket's inode number, as /proc/PID/fd shows it; 0 when it cannot be told. */
uint64_t unsock_socket_inode(int fd);

/* Milliseconds of a struct unsock_timeval; anything above a day counts as a day. */
int32_t unsock_socket_timeval_ms(const void *timeval);

/* Bounds every blocking send to 100 ms. */
void unsock_socket_limit_send(int fd);

/*
 * Applies what a UDP socket was given as SO_SNDBUF (`size` as getsockopt tells it) to an AF_UNIX datagram socket `fd`:
 * never so that the buffer gets smaller, or too small for the largest datagram.
 */
void unsock_socket_grow_send_buffer(int fd, int32_t size);

/* Is this descriptor non-blocking (1), blocking (0), or not open (-errno)? */
long unsock_socket_nonblocking(int fd);

/* Would a write, or asking for SO_ERROR after a connect, not wait? */
bool unsock_socket_writable(int fd);

/* Fills in what a connected or listening TCP socket says in struct tcp_info and a new one does not. */
void unsock_socket_complete_tcp_info(int fd, const struct unsock_fd *entry, void *info, socklen_t length);

/* A port that stands for an unnamed peer, the same in every process: from the socket's inode number. */
uint16_t unsock_socket_invented_port(int fd);

/* How many sockets are connected to this datagram socket; -1 when that cannot be found out. */
int unsock_socket_peers(int fd);

/* The kernel's getsockname or getpeername (`number`), into `name`. Returns its length or -errno. */
long unsock_socket_name(int fd, long number, union unsock_sockaddr *name);

/* Is the bound socket with a file that the entry describes (still) behind this descriptor? */
bool unsock_socket_has_file(int fd, const struct unsock_fd *entry);

/*
 * What the kernel says that a descriptor is of which nothing is known. Returns its entry, filled, or `scratch` where
 * the cache has no room. The kind is UNSOCK_KIND_UNKNOWN when it is no socket that could be ours.
 */
struct unsock_fd *unsock_identify_unknown(int fd, struct unsock_fd *scratch);

/*
 * The same for a call that brings an address of `family` (AF_INET, AF_INET6): an unnamed AF_UNIX stream of which
 * nothing is known was then born to stand for an IP socket, in the program that this one was executed by.
 */
struct unsock_fd *unsock_identify_unknown_for(int fd, int family, struct unsock_fd *scratch);

/* What a descriptor is: by the cache, else by the kernel, as above. */
static inline struct unsock_fd *unsock_identify(int fd, struct unsock_fd *scratch) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    return entry ? entry : unsock_identify_unknown(fd, scratch);
}

static inline struct unsock_fd *unsock_identify_for(int fd, int family, struct unsock_fd *scratch) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    return entry ? entry : unsock_identify_unknown_for(fd, family, scratch);
}

#endif
