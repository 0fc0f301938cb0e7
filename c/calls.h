/*
 * The intercepted calls as the library sees them: each decides whether a call concerns it at all, and who does the
 * work. All return a value or -errno and leave errno alone, but for the pass-through, which is libc's own call.
 */
#ifndef UNSOCK_CALLS_H
#define UNSOCK_CALLS_H

#include "fds.h"

long unsock_call_socket(int domain, int type, int protocol);
long unsock_call_bind(int fd, const void *address, socklen_t length);
long unsock_call_connect(int fd, const void *address, socklen_t length);
long unsock_call_listen(int fd, int backlog);
long unsock_call_accept(int fd, struct sockaddr *address, socklen_t *length, int flags);
long unsock_call_shutdown(int fd, int how);
long unsock_call_setsockopt(int fd, int level, int name, const void *value, socklen_t length);
long unsock_call_getsockopt(int fd, int level, int name, void *value, socklen_t *length);
long unsock_call_sendmsg(int fd, const struct msghdr *message, int flags);
long unsock_call_recvmsg(int fd, struct msghdr *message, int flags);
long unsock_call_sendto(int fd, const void *data, size_t size, int flags, const void *address, socklen_t length);
long unsock_call_recvfrom(int fd, void *data, size_t size, int flags, void *address, socklen_t *length);
long unsock_call_sendmmsg(int fd, struct unsock_mmsghdr *messages, unsigned count, int flags);
long unsock_call_recvmmsg(int fd, struct unsock_mmsghdr *messages, unsigned count, int flags, const void *timeout);
long unsock_call_close(int fd);
long unsock_call_dup3(int from, int to, int flags, bool is_dup2);
/* The process is about to end: by exit, which calls this itself, or by _exit. */
void unsock_call_exit(void);

long unsock_call_close_range(unsigned first, unsigned last, unsigned flags);

/* What is known of `from` is true of its duplicate `to`. */
void unsock_lifetime_copy(int from, int to);

/* A descriptor came back from the kernel as new: forgets what was known of the number, and tidies up after it. */
void unsock_lifetime_new(int fd);

/*
 * Is what is known of the descriptor still true? Its number may be that of another socket by now, which was made inside
 * libc (rresvport), by a raw system call or through io_uring: forgets what would make a call on that one fail.
 */
void unsock_lifetime_check(int fd);

/* The program set O_NONBLOCK. */
static inline void unsock_call_was_made_nonblocking(int fd) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    if (entry && entry->type == SOCK_STREAM)
        unsock_fds_mark(entry, UNSOCK_NONBLOCKING);
}

/* Would sendto or sendmsg with this destination (NULL: none) concern the library? */
bool unsock_call_send_concerns(int fd, const void *address, socklen_t length, int flags);

/* Would receiving on this descriptor concern it? `wants_address`: the caller asks for the sender. */
bool unsock_call_receive_concerns(int fd, bool wants_address);

#endif
