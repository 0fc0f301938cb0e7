/*
 * Socket options that an AF_UNIX (or AF_VSOCK, …) socket lacks. What the program sets is remembered and read back; what
 * is right, wrong, or the default is asked of a real TCP or UDP socket made for the question, so that every answer is
 * the kernel's own. The few options that servers set on each connection are answered without any system call.
 */
#ifndef UNSOCK_OPTIONS_H
#define UNSOCK_OPTIONS_H

#include "memory/fds.h"
#include "rt/net.h"

/*
 * Must the socket be the kernel's before this option is set? A stream that was born to stand for an IP socket, and is
 * nothing else yet: where it will connect to is open, and the kernel is to have what may matter outside and what cannot
 * be remembered.
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

#endif
