/* Options of sockets: which there are, what a call for one does, and what they mean where they are ours to keep. */
#ifndef UNSOCK_OPTIONS_OPTIONS_H
#define UNSOCK_OPTIONS_OPTIONS_H

#include "memory/fds.h"

/*
 * options.c: Socket options that an AF_UNIX (or AF_VSOCK, …) socket lacks. Values that the program sets are remembered
 * and read back; a real TCP or UDP socket, made for the question, decides what is valid and the default, so that every
 * answer is the kernel's own. The few options that servers set on each connection are answered without any system call.
 */

/*
 * True if the socket must be the kernel's before this option is set: it was born to stand for an IP socket, and is
 * nothing else yet. Its target is open, and the kernel must have options that may matter outside or cannot be
 * remembered.
 */
bool unsock_options_wants_ip(const struct unsock_fd *entry, int level, int name);

/* setsockopt and getsockopt of a redirected descriptor. Return 0 or -errno. */
long unsock_options_set(int fd, struct unsock_fd *entry, int level, int name, const void *value, socklen_t length);
long unsock_options_get(int fd, struct unsock_fd *entry, int level, int name, void *value, socklen_t *length);

/*
 * Carries what was set from descriptor `from` (the program's, described by `entry`) to the socket `to` that is about to
 * take its place. `to_ip`: that is a TCP or UDP socket of the kernel.
 */
void unsock_options_carry(int from, struct unsock_fd *entry, int to, bool to_ip);

/* Notes that the program set an option on a socket that is still the kernel's: it is carried over by a redirection. */
void unsock_option_note(int fd, struct unsock_fd *entry, int level, int name);

/* An accepted socket has what was set on the listener. */
void unsock_options_inherit(int listener, const struct unsock_fd *from, int fd, struct unsock_fd *to);

/* options_socket.c: setsockopt and getsockopt of redirected descriptors at SOL_SOCKET. */

/* As unsock_options_set and unsock_options_get; `row` is the option's in the table, or -1. Return 0 or -errno. */
long unsock_options_set_socket(int fd, struct unsock_fd *entry, int row, int name, const void *value, socklen_t length);
long unsock_options_get_socket(int fd, struct unsock_fd *entry, int name, void *value, socklen_t *length);

/*
 * option_oracle.c: Asking the kernel what a real TCP or UDP socket would say: what is valid, what the default is, how a
 * value is read back.
 */

/* A socket of the kind that the program believes to have; close-on-exec. Returns it or -errno. */
long unsock_oracle_open(const struct unsock_fd *entry);

/*
 * setsockopt of such a socket. Its answer afterwards is remembered for `fd`, if the option has a row. Returns 0 or
 * -errno.
 */
long unsock_oracle_set(int fd, struct unsock_fd *entry, int level, int name, const void *value, socklen_t length);

/* getsockopt of such a socket. Returns 0 or -errno. */
long unsock_oracle_get(struct unsock_fd *entry, int level, int name, void *value, socklen_t *length);

/*
 * Answers a getsockopt at `level` with the `size` bytes at `from`, as the kernel does: cut to the caller's `*length`,
 * which becomes the length used; both are the program's memory. Returns 0, -EFAULT or -EINVAL.
 */
long unsock_option_answer(const void *from, socklen_t size, int level, void *value, socklen_t *length);

/* send_limits.c: Limits of a datagram socket's wait and buffer, so that AF_UNIX is no stricter than UDP. */

/* Milliseconds of a struct unsock_timeval; anything above 2,000,000 seconds counts as those. */
int32_t unsock_socket_timeval_ms(const void *timeval);

/*
 * A new AF_UNIX datagram socket: no send waits in the kernel for long, and the buffer is large. Unread datagrams fill
 * the sender's; UDP over the loopback fills the receivers', and poll reports a UDP socket as writable.
 */
void unsock_send_limit_open(int fd);

/* How long the kernel lets a blocking send wait: half of what it may wait in vain (calls/datagram_full.c). */
#define UNSOCK_SEND_LIMIT_NS (50 * UNSOCK_MILLISECOND_NS)

/*
 * This program's write and send are the kernel's alone, and say EAGAIN after the wait: it is longer, so that a receiver
 * on a busy machine has its turn.
 */
extern bool unsock_send_limit_unseen;

/* Bounds every blocking send to that. */
void unsock_send_limit_time(int fd);

/*
 * Applies what a UDP socket was given as SO_SNDBUF (`size` as getsockopt tells it) to an AF_UNIX datagram socket `fd`:
 * never so that the buffer gets smaller, or too small for the largest datagram.
 */
void unsock_send_limit_grow(int fd, int32_t size);

/* Makes the sender's buffer larger if unread datagrams, of all receivers, fill much of it. Returns whether it did. */
bool unsock_send_limit_relieve(int fd);

#endif
