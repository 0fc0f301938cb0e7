/* Declares how sockets are made for the targets of control files, connected to them and bound to them. */
#ifndef UNSOCK_CALLS_TARGET_H
#define UNSOCK_CALLS_TARGET_H

#include "memory/fds.h"
#include "unsock.h"

/* firecracker.c: The handshake with Firecracker's vsock multiplexer (its docs/vsock.md, Host-Initiated Connections). */

#define UNSOCK_FIRECRACKER_LINE 32 /* "OK 4294967295\n" is 14 */

/* The part of a multiplexer's answer that has arrived, and the deadline for all of it. */
struct unsock_firecracker {
    int64_t deadline; /* milliseconds, by unsock_clock_ms */
    uint32_t length;  /* of `line` so far */
    char line[UNSOCK_FIRECRACKER_LINE];
};

/* Connects `socket` (AF_UNIX, stream, non-blocking, not the program's descriptor) to the control file's multiplexer,
 * and requests the guest's port. `asked` holds the deadline. While the backlog is full, retries until `full`, by
 * unsock_clock_ms. Returns 0; -ECONNREFUSED; -ETIMEDOUT; -EINTR; or connect's error. `socket` stays open. */
long unsock_firecracker_ask(int socket, const struct unsock_control_file *control, struct unsock_firecracker *asked,
                            int64_t full);

/* Reads the answer's line as far as it has arrived, and no byte beyond the line; never waits. Returns 0; -EINPROGRESS
 * if the line is incomplete; -ECONNREFUSED for a refusal or any other answer; -ETIMEDOUT after the deadline. */
long unsock_firecracker_answer(int socket, struct unsock_firecracker *asked);

/* Returns the time at which SO_SNDTIMEO ends a connect of `fd`, begun at `begun` (unsock_clock_ms); INT64_MAX: none. */
int64_t unsock_firecracker_end(int fd, const struct unsock_fd *entry, int64_t begun);

/* Waits, then does as unsock_firecracker_answer. Returns -EINPROGRESS at `end`, -EINTR if a signal ends the connect. */
long unsock_firecracker_await(int socket, struct unsock_firecracker *asked, int64_t end);

/* tipc_service.c: Checks whether a TIPC service is taken, and turns TIPC's error for an absent one into UDP's. */

/* True if the control file names a TIPC service, or a range of them, to which another socket of this node is bound.
 * TIPC lets any number of sockets bind a service, and shares clients among them. A node address is no service. */
bool unsock_tipc_service_is_taken(const struct unsock_control_file *control);

/* Turns TIPC's EHOSTUNREACH for a datagram of `size` bytes (no socket has the service) into UDP's result: `size`. If
 * the socket is `connected`, every second such send returns -ECONNREFUSED instead. Returns other results unchanged. */
long unsock_tipc_service_absent(int fd, long result, bool connected, long size);

/* target_socket.c: New sockets of the family that a control file names. */

int unsock_target_family(const struct unsock_control_file *control);

/* Turns a server's target into one that a client can connect to: VMADDR_CID_ANY becomes VMADDR_CID_LOCAL. */
void unsock_target_to_connect(struct unsock_control_file *control);

/* Marks a stream's socket if the control file treats half-closes otherwise than the target's family does by default. */
void unsock_target_mark(int fd, const struct unsock_control_file *control);

/* True if the descriptor's own socket can connect to the target: a new stream of the target's family, without
 * duplicates. False for a multiplexer, for a control file with socket options (they could overwrite options that the
 * program has set), and for a TCP socket on which the program has set options. */
bool unsock_target_fits(const struct unsock_fd *entry, const struct unsock_control_file *control);

/* Returns a socket of the target's family (for a multiplexer AF_UNIX) with the control file's options, to replace the
 * socket of `fd`; or -errno. *flags is for unsock_redirect_install_like. */
long unsock_target_open(int fd, const struct unsock_fd *entry, const struct unsock_control_file *control, long *flags);

/* Connects a new, non-blocking stream socket to the target. Returns the socket, whose connect may still be in progress,
 * or -errno. To a multiplexer also sends the request: `asked` and `full` are unsock_firecracker_ask's. */
long unsock_target_connect_new(struct unsock_control_file *control, struct unsock_firecracker *asked, int64_t full);

/* Sets the control file's socket options on a socket. Returns 0, or the -errno of the first that failed. */
long unsock_target_apply_options(const struct unsock_control_file *control, int fd);

/* asking.c: Connects that go on after connect has returned, as the multiplexer has not replied "OK …" yet
 * (UNSOCK_STATE_ASKING). For the kernel the descriptor is already connected, but the program must not read the reply.
 * While the program waits until it can write, the library waits for the reply. Intercepted calls that send, receive or
 * wait on the descriptor read the part of the reply that has arrived. */

/* The number of streams that wait for their multiplexers. Read it atomically, as other threads change it. */
extern int unsock_asking_count;

/* Returns the entry of a descriptor that waits for its multiplexer, else NULL. No system call. */
static inline struct unsock_fd *unsock_asking(int fd) {
    if (__atomic_load_n(&unsock_asking_count, __ATOMIC_RELAXED) == 0)
        return NULL;
    struct unsock_fd *entry = unsock_fds_known(fd);
    return entry && entry->state == UNSOCK_STATE_ASKING && entry->kind == UNSOCK_KIND_FOREIGN ? entry : NULL;
}

/* True if the table has room, and the library gets all calls that wait or carry data. Otherwise connect must wait. */
bool unsock_asking_has_room(void);

void unsock_asking_begin(int fd, const struct unsock_firecracker *asked);

/* Reads, without waiting, what has arrived of the multiplexer's answer. Returns -EINPROGRESS while the answer is
 * incomplete; else 0: the descriptor is connected, or refused (refusal.c), or waits for no multiplexer. */
long unsock_asking_look(int fd);

/* Waits for the multiplexer's answer. Returns 0 as unsock_asking_look, or -EINTR. */
long unsock_asking_wait(int fd);

/* Called before data are sent or received. On a blocking descriptor waits for the multiplexer's answer, else reads what
 * has arrived. Returns 0 if the connect has ended, -EAGAIN if it has not, or -EINTR. */
long unsock_asking_settle(int fd, struct unsock_fd *entry);

static inline long unsock_asking_before_data(int fd) {
    struct unsock_fd *entry = unsock_asking(fd);
    return entry ? unsock_asking_settle(fd, entry) : 0;
}

/* Handles another connect while the first one waits. Returns 0, -EALREADY, -EINTR, or the first connect's error. */
long unsock_asking_connect(int fd, struct unsock_fd *entry);

/* Returns the milliseconds until the earliest deadline of a multiplexer's answer, at most `most`. */
int64_t unsock_asking_next(int64_t most);

/* Ends the connects whose deadline has passed: each fails, unless its answer has just arrived. Returns their number. */
int unsock_asking_expire(void);

/* Forgets the connect of a descriptor that is about to be closed, unless the descriptor has duplicates. */
void unsock_asking_forget(int fd, const struct unsock_fd *entry);

/* target.c: Sockets for the targets of control files: of five families, or through Firecracker's multiplexer. */

/* Not an errno: the caller must connect to the real network. */
#define UNSOCK_TARGET_FALLBACK (-4096)

/* Connects the descriptor to the target of the control file at `path`. `asked` is the address that the program connects
 * to; NULL if the program connects to a path. Returns 0 or -errno; -EINPROGRESS also at the end of SO_SNDTIMEO. Stores
 * unsock_resolve's answer for the path in *answers. If no control file is at `path`, does nothing else. */
long unsock_target_connect(int fd, struct unsock_fd *entry, const char *path, const struct unsock_ip *asked,
                           long *answers);

/* Binds the descriptor to the target. `bound` is the address that the program binds, or NULL; `answers` as above. */
long unsock_target_bind(int fd, struct unsock_fd *entry, const char *path, const struct unsock_ip *bound,
                        long *answers);

/* Continues the program's connect or bind to an AF_UNIX address (`length` bytes) after the kernel returned `result`. If
 * a control file at the path may be the cause, uses the file's target. Returns 0 or -errno; `result` if there is no
 * control file. */
long unsock_target_use_path(int fd, const void *address, socklen_t length, bool binds, long result);

#endif
