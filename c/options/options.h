/* The socket options of a redirected socket: setting them, reading them, and copying them to another socket. */
#ifndef UNSOCK_OPTIONS_OPTIONS_H
#define UNSOCK_OPTIONS_OPTIONS_H

#include "memory/fds.h"

/* options.c: Socket options that an AF_UNIX (or AF_VSOCK, …) socket lacks. The library remembers the program's values.
 * A temporary TCP or UDP socket (the oracle) checks them and supplies the defaults. */

/* True if a new redirected socket must become a TCP or UDP socket before this option is set: its destination is still
 * unknown, and memory/option_table.c lists the option as rare or not at all. False for SO_ZEROCOPY. */
bool unsock_options_wants_ip(const struct unsock_fd *entry, int level, int name);

long unsock_options_set(int fd, struct unsock_fd *entry, int level, int name, const void *value, socklen_t length);
long unsock_options_get(int fd, struct unsock_fd *entry, int level, int name, void *value, socklen_t *length);

/* Copies the options that the program has set on `from` to the new socket `to`, a TCP or UDP socket if `to_ip`. */
void unsock_options_carry(int from, struct unsock_fd *entry, int to, bool to_ip);

/* Notes that the program has set the option on its socket, so that a later replacement of the socket copies it. */
void unsock_option_note(int fd, struct unsock_fd *entry, int level, int name);

/* Copies to the accepted socket `fd` the options that TCP inherits from the listener. */
void unsock_options_inherit(int listener, const struct unsock_fd *from, int fd, struct unsock_fd *to);

/* options_socket.c: As unsock_options_set and ..._get, at SOL_SOCKET. `row`: the option's row in the table, or -1. */
long unsock_options_set_socket(int fd, struct unsock_fd *entry, int row, int name, const void *value, socklen_t length);
long unsock_options_get_socket(int fd, struct unsock_fd *entry, int name, void *value, socklen_t *length);

/* option_oracle.c: Learns from temporary TCP or UDP sockets which values are valid, and what getsockopt returns. */

/* Opens a close-on-exec TCP or UDP socket of the family and type that the program opened. Returns it or -errno. */
long unsock_oracle_open(const struct unsock_fd *entry);

/* Sets the option on an oracle. If memory/option_table.c has the option, remembers for `fd` the value that the oracle
 * then returns. Returns 0, or the -errno of the oracle's setsockopt. Returns 0 also if no oracle can be opened, or if
 * the oracle refuses only because it has joined no multicast group. */
long unsock_oracle_set(int fd, struct unsock_fd *entry, int level, int name, const void *value, socklen_t length);

long unsock_oracle_get(struct unsock_fd *entry, int level, int name, void *value, socklen_t *length);

/* Writes the `size` bytes at `from` as getsockopt's result at `level`, as the kernel does: at most `*length` bytes.
 * Stores their number in `*length`. `value` and `length`: the program's memory. Returns 0, -EFAULT or -EINVAL. */
long unsock_option_answer(const void *from, socklen_t size, int level, void *value, socklen_t *length);

/* send_limits.c: Sets send time-outs and buffers of AF_UNIX datagram sockets, to be no stricter than UDP's. */

/* Converts a struct unsock_timeval to milliseconds. Anything above 2,000,000 seconds counts as 2,000,000. */
int32_t unsock_socket_timeval_ms(const void *timeval);

/* Prepares an AF_UNIX datagram socket, new or from a service manager: limits a send's wait, and enlarges the send
 * buffer. Unread datagrams fill that buffer; over UDP they fill the receiver's, and the sender stays writable. */
void unsock_send_limit_open(int fd);

/* A blocking send waits at most this time in the kernel, then in the library itself (calls/datagram_full.c). */
#define UNSOCK_SEND_LIMIT_NS (50 * UNSOCK_MILLISECOND_NS)

/* True if the program's write and send bypass the library. These calls fail with EAGAIN after the time-out, which is
 * then 2 s, so that a receiver on a busy machine has time to read. */
extern bool unsock_send_limit_unseen;

/* Limits the wait of every blocking send on `fd` to UNSOCK_SEND_LIMIT_NS, or to 2 s if unsock_send_limit_unseen. */
void unsock_send_limit_time(int fd);

/* Applies an SO_SNDBUF of `size` (as getsockopt reports it) to the AF_UNIX datagram socket `fd`. Makes the buffer large
 * enough for `size` and for the largest datagram, as far as the system's limit (net.core.wmem_max) allows. Keeps a
 * larger buffer. But a buffer that was forced beyond that limit shrinks to the limit if `size` is larger still. */
void unsock_send_limit_grow(int fd, int32_t size);

/* Enlarges the sender's buffer if unread datagrams, of all receivers, fill an eighth of it. True if the buffer grew. */
bool unsock_send_limit_relieve(int fd);

#endif
