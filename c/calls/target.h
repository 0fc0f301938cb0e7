/* The targets of control files. */
#ifndef UNSOCK_CALLS_TARGET_H
#define UNSOCK_CALLS_TARGET_H

#include "memory/fds.h"
#include "unsock.h"

/* firecracker.c: The handshake of Firecracker's vsock multiplexer (its docs/vsock.md, "Host-Initiated Connections"). */

#define UNSOCK_FIRECRACKER_LINE 32 /* "OK 4294967295\n" is 14 */

/* An answer on its way. */
struct unsock_firecracker {
    int64_t deadline; /* milliseconds, by unsock_clock_ms */
    uint32_t length;  /* of what has been read of the line */
    char line[UNSOCK_FIRECRACKER_LINE];
};

/*
 * Connects `socket` (AF_UNIX, stream, non-blocking, not the program's descriptor) to the control file's proxy and asks
 * for the dest's port, `asked` says until when. A full backlog is waited for until `full`, by the same clock. Returns
 * 0; -ECONNREFUSED; -ETIMEDOUT; -EINTR where a signal has ended it; or connect's error. `socket` stays open.
 */
long unsock_firecracker_ask(int socket, const struct unsock_control_file *control, struct unsock_firecracker *asked,
                            int64_t full);

/*
 * Reads what there is of the answer, and not one byte beyond its line; never waits. Returns 0; -EINPROGRESS: that is
 * not all; -ECONNREFUSED for a refusal or any other answer; -ETIMEDOUT when its time is up.
 */
long unsock_firecracker_answer(int socket, struct unsock_firecracker *asked);

/*
 * Returns until when a blocking connect of `fd`, begun at `begun`, may wait: its SO_SNDTIMEO, else INT64_MAX. Both
 * times are unsock_clock_ms's.
 */
int64_t unsock_firecracker_end(int fd, const struct unsock_fd *entry, int64_t begun);

/* The same, and waits for it until `end` (-EINPROGRESS then), or until a signal that ends a connect (-EINTR). */
long unsock_firecracker_await(int socket, struct unsock_firecracker *asked, int64_t end);

/* tipc_service.c: Finds out whether a TIPC service is taken. */

/*
 * True if the control file leads to a TIPC service, or range of them, of which a socket of this node has one already.
 * TIPC itself lets any number of sockets have a service, and shares clients among them. A node address is no service.
 */
bool unsock_tipc_service_is_taken(const struct unsock_control_file *control);

/*
 * A datagram was not sent by TIPC, with `result`, -errno: nobody has the service. UDP takes it, `size` bytes, on a
 * socket that is not connected (`connected` false); else every second one is refused. Other results stay as they are.
 */
long unsock_tipc_service_absent(int fd, long result, bool connected, long size);

/* target_socket.c: New sockets of the family that a control file names. */

/* The family of its destination. */
int unsock_target_family(const struct unsock_control_file *control);

/* Where a client goes: a server bound to any CID is reached at the own one (VMADDR_CID_LOCAL). */
void unsock_target_to_connect(struct unsock_control_file *control);

/* Notes what a half-close of the stream is to do (UNSOCK_CONTROL_HALF_CLOSE): as the file says, or as its listener's.
 */
void unsock_target_mark(int fd, const struct unsock_control_file *control);
void unsock_target_inherit_mark(int listener, int fd);

/*
 * True if the descriptor's own socket can connect there: it is as it was born, and of that family, and there are no
 * options for it that would undo the program's, or be in the kernel alone.
 */
bool unsock_target_fits(const struct unsock_fd *entry, const struct unsock_control_file *control);

/*
 * A socket of the target's family, with the control file's options, to take the place of `fd`. Returns it or -errno,
 * and `flags` for unsock_redirect_install_like.
 */
long unsock_target_open(int fd, const struct unsock_fd *entry, const struct unsock_control_file *control, long *flags);

/* Runs the file's socket options on a new socket. Returns 0, or the -errno of the first that failed. */
long unsock_target_apply_options(const struct unsock_control_file *control, int fd);

/*
 * asking.c: Streams whose multiplexer has been asked and has not answered (UNSOCK_STATE_ASKING): the program's connect
 * goes on meanwhile. The descriptor is connected to the multiplexer already, which the kernel would tell of, and what
 * can be read is not for the program yet. So poll and epoll wait for something to read where the program waits until it
 * can write; any call reads as much of the answer as is there.
 */

/* How many there may be, more or less. */
extern int unsock_asking_count;

/* The entry of a descriptor that is one; else NULL. No system call. */
static inline struct unsock_fd *unsock_asking(int fd) {
    if (__atomic_load_n(&unsock_asking_count, __ATOMIC_RELAXED) == 0)
        return NULL;
    struct unsock_fd *entry = unsock_fds_known(fd);
    return entry && entry->state == UNSOCK_STATE_ASKING && entry->kind == UNSOCK_KIND_FOREIGN ? entry : NULL;
}

/* True if another one can be remembered, and all calls that count come here. Else connect must wait for the answer. */
bool unsock_asking_has_room(void);

/* The descriptor has become one. */
void unsock_asking_begin(int fd, const struct unsock_firecracker *asked);

/*
 * Reads what there is of the answer, without waiting. Returns 0: the descriptor is connected, or has failed, as the
 * kernel or the entry tells (calls/connect.h); or -EINPROGRESS.
 */
long unsock_asking_look(int fd);

/* The same, and waits for it. Returns 0, or -EINTR. */
long unsock_asking_wait(int fd);

/* Before data are sent or received. Returns 0; -EAGAIN where TCP would say so; or -EINTR. */
long unsock_asking_settle(int fd, struct unsock_fd *entry);

static inline long unsock_asking_before_data(int fd) {
    struct unsock_fd *entry = unsock_asking(fd);
    return entry ? unsock_asking_settle(fd, entry) : 0;
}

/* connect once more. Returns 0, -EALREADY, -EINTR, or how it has failed. */
long unsock_asking_connect(int fd, struct unsock_fd *entry);

/* Returns which of `events` poll has to report of one. */
int unsock_asking_poll(int fd, int events);

/* How many milliseconds until the time of the first one is up; `most` when there is none until then. */
int64_t unsock_asking_next(int64_t most);

/* Tells those whose time is up. Returns how many. */
int unsock_asking_expire(void);

/* The descriptor is closed. */
void unsock_asking_forget(int fd);

/* target.c: Sockets that control files name: AF_VSOCK, AF_TIPC, AF_UNIX, AF_INET, AF_INET6, and Firecracker's
 * multiplexer. */

/* Not an errno: the caller must go to the real network. */
#define UNSOCK_TARGET_FALLBACK (-4096)

/*
 * Connects the descriptor to where the control file at `path` points; `asked` is the address the program asked for, or
 * NULL when it was a path. Returns 0 or -errno (also -EINPROGRESS on a non-blocking descriptor). *answers becomes what
 * unsock_resolve says of the path: unless that is UNSOCK_ANSWERS_CONTROL, nothing has been done.
 */
long unsock_target_connect(int fd, struct unsock_fd *entry, const char *path, const struct unsock_ip *asked,
                           long *answers);

/*
 * The same where a control file stood at the port's path at the last time: there is no socket to be asked first, then.
 * False: none did, or none does any more, and nothing has been done.
 */
bool unsock_target_connect_known(int fd, struct unsock_fd *entry, const struct unsock_ip *asked, long *result);

/* Binds it there. `bound` is the address that the program asked for, or NULL; `answers` as above. */
long unsock_target_bind(int fd, struct unsock_fd *entry, const char *path, const struct unsock_ip *bound,
                        long *answers);

/*
 * A program connects to or binds an AF_UNIX path (`length` bytes) and the kernel found no socket there: when there is
 * a control file, goes on with it. Returns 0, -errno, or `result` unchanged when there is none.
 */
long unsock_target_connect_path(int fd, const void *address, socklen_t length, long result);
long unsock_target_bind_path(int fd, const void *address, socklen_t length, long result);

#endif
