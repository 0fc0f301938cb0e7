/* Descriptors: each one's entry, the state of its socket, its duplicates, and the family of new sockets. */
#ifndef UNSOCK_MEMORY_FDS_H
#define UNSOCK_MEMORY_FDS_H

#include "rules/port_name.h"

/* state.c: A socket's states, and which state may follow which. Facts independent of the state are flags (below). */

enum unsock_state {
    UNSOCK_STATE_NEW,       /* not used yet: the kernel's own socket, or one made AF_UNIX at once (born local) */
    UNSOCK_STATE_SPENT,     /* has a kernel name without use: a bind failed, or a stream's connect was refused */
    UNSOCK_STATE_BOUND,     /* bound to `local`; datagrams: has sent to no address yet */
    UNSOCK_STATE_REFUSED,   /* stream: its connect has failed, and the next calls report this (`refusal`) */
    UNSOCK_STATE_RESERVED,  /* stream: bound to `local`, and shut down or disconnected; may listen again. Has no file if
                               the program did not choose the port, or if another socket has taken the port */
    UNSOCK_STATE_LISTENING, /* stream */
    UNSOCK_STATE_CONNECTING, /* stream: to `remote`; connect has not returned 0 yet */
    UNSOCK_STATE_CONNECTED,  /* to `remote` */
    UNSOCK_STATE_NAMED,      /* datagrams: has a file for the replies, and has sent to no address yet */
    UNSOCK_STATE_SENT,       /* datagrams: `remote` is the last address sent to */
    UNSOCK_STATE_NOBODY, /* datagrams: connected to `remote`, where no socket is. The kernel socket is not connected,
                            or, if it shares its address with others, is connected to a closed socket */
    UNSOCK_STATE_ASKING, /* stream: to `remote`; Firecracker's multiplexer has not answered yet (calls/target.h) */
};

#define UNSOCK_STATES 12

/* True if `to` may follow `from`. Replacing the socket is no transition: the new socket begins as UNSOCK_STATE_NEW. */
bool unsock_state_follows(uint8_t from, enum unsock_state to);

/* True if the state is one of `states`, each given as UNSOCK_STATE_BIT(…). */
#define UNSOCK_STATE_BIT(name) (1u << UNSOCK_STATE_##name)

static inline bool unsock_state_in(uint8_t state, unsigned states) {
    return (1u << state & states) != 0;
}

/* True if the program sees a connected socket: also in state NOBODY, and while its connect has not succeeded yet. */
static inline bool unsock_state_is_connected(uint8_t state) {
    return unsock_state_in(state, UNSOCK_STATE_BIT(CONNECTING) | UNSOCK_STATE_BIT(CONNECTED) |
                                      UNSOCK_STATE_BIT(NOBODY) | UNSOCK_STATE_BIT(ASKING));
}

static inline bool unsock_state_has_remote(uint8_t state) {
    return unsock_state_is_connected(state) || state == UNSOCK_STATE_SENT;
}

/* fds.c: Stores an entry of 64 bytes for each descriptor, in pages touched only for descriptors in use. No locks: calls
 * that make or change a descriptor write its entry, and no program makes two such calls for one descriptor at once.
 *
 * An entry is a cache, never the truth, and can be out of date: fclose, for example, closes its descriptor inside libc.
 * A call that makes a descriptor overwrites its entry. Other code asks the kernel if an old entry could mislead. */

enum unsock_kind {
    UNSOCK_KIND_UNKNOWN, /* nothing known: inherited, received, or made by a call that was not intercepted */
    UNSOCK_KIND_OTHER,   /* not redirected: the program's own AF_UNIX socket, for example */
    UNSOCK_KIND_IP,      /* the kernel's TCP or UDP socket, which may still be redirected */
    UNSOCK_KIND_LOCAL,   /* an AF_UNIX socket in the place of a TCP or UDP socket */
    UNSOCK_KIND_FOREIGN, /* a socket of a control file's family, in the place of a TCP or UDP socket */
};

/* Flags: facts about a socket or a descriptor that are independent of the state. */
enum {
    /* Of the socket: cleared when another socket replaces it. */
    UNSOCK_BOUND = 1 << 0, /* the program bound it, to `local`; still set after a connect */
    UNSOCK_NAMED = 1 << 1, /* the kernel socket has a name: it cannot be bound again */
    UNSOCK_FILE = 1 << 2,  /* its name is a socket file, which its close removes (for KIND_FOREIGN: control_file.h) */
    UNSOCK_STREAM_UNLISTED = 1 << 3,        /* RESERVED: not among the port's names until it listens again */
    UNSOCK_ANY_PORT = 1 << 4,               /* the program bound it to port 0 */
    UNSOCK_ACCEPTED = 1 << 5,               /* made by accept */
    UNSOCK_DATAGRAM_HEARD = 1 << 7,         /* has received a datagram, or a thread has waited for one */
    UNSOCK_DATAGRAM_BY_CONTROL = 1 << 8,    /* senders outside the directory are reported as `remote` */
    UNSOCK_SETTLED = 1 << 9,                /* `local` was the wildcard before the socket connected */
    UNSOCK_STREAM_OVER = 1 << 10,           /* AF_TIPC: the peer has ended; received data may still wait to be read */
    UNSOCK_STREAM_HELD = 1 << 11,           /* KIND_FOREIGN: the program's half-close is held back */
    UNSOCK_DATAGRAM_NOBODY_HEARD = 1 << 12, /* the last datagram reached nobody; a call must report it */
    UNSOCK_DATAGRAM_BATCHES = 1 << 13,      /* may receive batches (calls/datagram_batch.c) */
    UNSOCK_OF_SOCKET = (1 << 14) - 1,
    /* Flags of the descriptor: they stay when another socket replaces the descriptor's socket. */
    UNSOCK_OPTIONS = 1 << 14,            /* unsock_option_memory(fd) holds more about the options */
    UNSOCK_STREAM_NONBLOCKING = 1 << 15, /* was made, or set, non-blocking; the kernel knows whether it still is */
    UNSOCK_DATAGRAM_MANY = 1 << 16,      /* sends to several receivers in turn */
    UNSOCK_STREAM_URGENT = 1 << 17,      /* has had an urgent byte: the kernel's POLLIN may mean that byte alone */
    UNSOCK_CHANGING = 1 << 18,           /* a thread is replacing the socket: the kernel may still show the old one */
    UNSOCK_STREAM_LOST_WRITE = 1 << 19,  /* a write came after the peer's end; see kernel/socket_info.h */
    UNSOCK_DATAGRAM_SEGMENTS = 1 << 20,  /* the program has asked for, or set, the option UDP_SEGMENT */
};

struct unsock_fd {
    uint8_t kind;
    uint8_t type;      /* SOCK_STREAM or SOCK_DGRAM */
    uint8_t domain;    /* AF_INET or AF_INET6: the family that the program opened */
    uint8_t state;     /* enum unsock_state */
    uint16_t protocol; /* as SO_PROTOCOL returns it */
    uint8_t born;      /* KIND_FOREIGN in state NEW: the kernel socket's family; see unsock_fd_born_family */
    uint32_t flags;
    uint32_t ring;          /* joins duplicates (memory/fds.c); 0: the descriptor never had any */
    uint64_t options;       /* one bit for each option that is not rare: see unsock_option_is_set (option_table.h) */
    struct unsock_ip local; /* its tag: enum unsock_name_tag */
    union {                 /* the state decides which: use unsock_fd_remote, ..._file and ..._refusal below */
        struct unsock_ip remote;
        struct unsock_fd_file {
            uint64_t inode;  /* FILE: the socket file's inode number; 0: unknown */
            uint32_t device; /* KIND_FOREIGN: the file's device, too */
        } __attribute__((packed, aligned(4))) file;
        struct unsock_fd_refusal {
            uint64_t cookie; /* REFUSED: of the socket, which may be the kernel's TCP socket or an AF_UNIX one */
            int32_t error;   /* the errno to report once, positive; kind UNKNOWN: the -errno of the failed query */
        } __attribute__((packed, aligned(4))) refusal;
    } held;
};

_Static_assert(sizeof(struct unsock_fd) == 64, "a descriptor costs 64 bytes");

/* Returns the entry of a descriptor, or NULL if it can have none (negative, too high, no memory). */
struct unsock_fd *unsock_fds_entry(int fd);

#define UNSOCK_FDS_CHUNK 1024
extern void *unsock_fds_chunks[]; /* of struct unsock_fd */
extern int unsock_fds_top;

/* Returns one more than the highest descriptor that ever had an entry. */
static inline int unsock_fds_end(void) {
    return __atomic_load_n(&unsock_fds_top, __ATOMIC_RELAXED);
}

/* Returns the entry if there is one of a known kind, else NULL. Makes no system call and takes no memory. */
static inline struct unsock_fd *unsock_fds_known(int fd) {
    unsigned number = (unsigned)fd;
    if (number >= (unsigned)unsock_fds_end())
        return NULL;
    struct unsock_fd *chunk = __atomic_load_n(&unsock_fds_chunks[number / UNSOCK_FDS_CHUNK], __ATOMIC_ACQUIRE);
    struct unsock_fd *entry = &chunk[number % UNSOCK_FDS_CHUNK];
    return chunk && entry->kind != UNSOCK_KIND_UNKNOWN ? entry : NULL;
}

/* Set and clear flags, atomically, since other threads may change other flags. Write nothing if nothing changes. */
static inline void unsock_fds_mark(struct unsock_fd *entry, uint32_t flags) {
    if ((entry->flags & flags) != flags)
        __atomic_fetch_or(&entry->flags, flags, __ATOMIC_RELAXED);
}

static inline void unsock_fds_unmark(struct unsock_fd *entry, uint32_t flags) {
    if (entry->flags & flags)
        __atomic_fetch_and(&entry->flags, ~flags, __ATOMIC_RELEASE);
}

/* Asserts a fact that the code relies on: if it is false, a checked build ends the process. */
#ifdef UNSOCK_CHECKED
#define UNSOCK_CHECK(certain) ((certain) ? (void)0 : __builtin_trap())
#else
#define UNSOCK_CHECK(certain) ((void)0)
#endif

/* Changes the state, if state.c allows it. Clears `held` if only one of the two states has a remote address. */
static inline void unsock_fd_enter(struct unsock_fd *entry, enum unsock_state state) {
    bool follows = unsock_state_follows(entry->state, state);
    UNSOCK_CHECK(follows);
    if (follows && unsock_state_has_remote(entry->state) != unsock_state_has_remote((uint8_t)state))
        memset(&entry->held, 0, sizeof(entry->held));
    if (follows)
        entry->state = (uint8_t)state;
}

/* Returns the address of the peer, or of the last receiver. Call it only if unsock_state_has_remote. */
static inline struct unsock_ip *unsock_fd_remote(const struct unsock_fd *entry) {
    UNSOCK_CHECK(unsock_state_has_remote(entry->state));
    return (struct unsock_ip *)&entry->held.remote;
}

/* Returns the socket's file. Call it only in states without a remote address, and not in REFUSED. */
static inline struct unsock_fd_file *unsock_fd_file(const struct unsock_fd *entry) {
    UNSOCK_CHECK(!unsock_state_has_remote(entry->state) && entry->state != UNSOCK_STATE_REFUSED);
    return (struct unsock_fd_file *)&entry->held.file;
}

/* Returns the refusal of a stream's connect, or the reason why a descriptor is unknown. */
static inline struct unsock_fd_refusal *unsock_fd_refusal(const struct unsock_fd *entry) {
    UNSOCK_CHECK(entry->state == UNSOCK_STATE_REFUSED || entry->kind == UNSOCK_KIND_UNKNOWN);
    return (struct unsock_fd_refusal *)&entry->held.refusal;
}

/* Clears the entry of a descriptor, and forgets its epoll registrations (memory/epoll_memory.h). */
void unsock_fds_forget(int fd);

/* Returns the first descriptor from `from` on that has a socket file to remove, or -1. */
int unsock_fds_next_with_file(int from);
void unsock_fds_note_file(int fd); /* Call it when setting UNSOCK_FILE */

static inline void unsock_fd_become(int fd, struct unsock_fd *entry, enum unsock_state state, uint32_t flags,
                                    const struct unsock_ip *local) {
    unsock_fd_enter(entry, state);
    unsock_fds_mark(entry, flags);
    if (flags & UNSOCK_FILE)
        unsock_fds_note_file(fd);
    entry->local = *local;
}

/* Low bits of unsock_fd.ring: the next duplicate's descriptor (all set: none is left). High bits: the ring's number. */
#define UNSOCK_RING_NUMBER ((1u << 21) - 1)

static inline bool unsock_fd_is_duplicated(const struct unsock_fd *entry) {
    return entry->ring != 0 && (entry->ring & UNSOCK_RING_NUMBER) != UNSOCK_RING_NUMBER;
}

/* True for a socket in the place of a TCP or UDP socket: of AF_UNIX, or of the family that a control file names. */
static inline bool unsock_fd_is_redirected(const struct unsock_fd *entry) {
    return (entry->kind == UNSOCK_KIND_LOCAL || entry->kind == UNSOCK_KIND_FOREIGN) &&
           (entry->domain == AF_INET || entry->domain == AF_INET6);
}

/* True for a LOCAL socket in state NEW: not used yet, and without a kernel name as far as this process knows. */
static inline bool unsock_fd_is_fresh(const struct unsock_fd *entry) {
    return entry->kind == UNSOCK_KIND_LOCAL && entry->state == UNSOCK_STATE_NEW;
}

/* True if the socket, and so its duplicates, can still be bound to a name. */
static inline bool unsock_fd_can_be_named(const struct unsock_fd *entry) {
    return entry->kind == UNSOCK_KIND_LOCAL && !(entry->flags & UNSOCK_NAMED);
}

/* True for a datagram socket that another thread's first send may replace while this thread waits for a datagram. */
static inline bool unsock_fd_may_be_exchanged(const struct unsock_fd *entry) {
    return entry->type == SOCK_DGRAM && (entry->kind == UNSOCK_KIND_IP || unsock_fd_is_fresh(entry));
}

/* True for a stream whose peer has ended (AF_TIPC): once all data are read, the kernel's receive would block. */
static inline bool unsock_fd_is_over(const struct unsock_fd *entry) {
    return entry->kind == UNSOCK_KIND_FOREIGN && entry->type == SOCK_STREAM && (entry->flags & UNSOCK_STREAM_OVER);
}

/* True if a receive needs more than the kernel's call: another thread may replace the socket, it is in state NOBODY, it
 * may receive batches (calls/datagram_batch.c), or nothing more can come. */
static inline bool unsock_fd_receives_with_care(const struct unsock_fd *entry) {
    return unsock_fd_may_be_exchanged(entry) || entry->state == UNSOCK_STATE_NOBODY ||
           (entry->flags & UNSOCK_DATAGRAM_BATCHES) || unsock_fd_is_over(entry);
}

/* True for a connected datagram socket whose peer had no socket when the library last looked. */
static inline bool unsock_fds_has_nobody(int fd) {
    const struct unsock_fd *entry = unsock_fds_known(fd);
    return entry && entry->state == UNSOCK_STATE_NOBODY;
}

/* Points to a byte that becomes 1 once any socket is in state NOBODY. From then on, the stubs of rewritten `read` calls
 * (c/trap) call the library. */
extern uint8_t *unsock_fds_reads;

/* True for a stream neither connected nor connecting: in AF_UNIX its reads fail with another errno than in TCP. */
static inline bool unsock_fd_stream_leads_nowhere(const struct unsock_fd *entry) {
    return entry->kind == UNSOCK_KIND_LOCAL && entry->type == SOCK_STREAM && !unsock_state_is_connected(entry->state);
}

static inline bool unsock_fd_has_chosen_port(const struct unsock_fd *entry) {
    return (entry->flags & (UNSOCK_BOUND | UNSOCK_ANY_PORT)) == UNSOCK_BOUND;
}

/* Returns the address in the name of the socket's file. If a connect has replaced the wildcard in `local`
 * (UNSOCK_SETTLED), the file's name still has the wildcard. */
static inline struct unsock_ip unsock_fd_bound_to(const struct unsock_fd *entry) {
    if (!(entry->flags & UNSOCK_SETTLED))
        return entry->local;
    return (struct unsock_ip){.port = entry->local.port, .family = entry->domain, .tag = entry->local.tag};
}

/* True if an error of this connected datagram socket only means that the peer is no longer connected to it
 * (unix_dgram_disconnected in net/unix/af_unix.c). UDP reports no such error. */
static inline bool unsock_fd_is_left(const struct unsock_fd *entry) {
    return entry->type == SOCK_DGRAM && entry->kind == UNSOCK_KIND_LOCAL && entry->state == UNSOCK_STATE_CONNECTED &&
           !(entry->flags & UNSOCK_DATAGRAM_NOBODY_HEARD);
}

static inline bool unsock_fd_is_refused(const struct unsock_fd *entry) {
    return entry->kind == UNSOCK_KIND_LOCAL && entry->state == UNSOCK_STATE_REFUSED;
}

/* Returns the family of a stream that is not used yet and was made for control files' targets; 0 for other sockets. */
static inline int unsock_fd_born_family(const struct unsock_fd *entry) {
    return entry->kind == UNSOCK_KIND_FOREIGN && entry->state == UNSOCK_STATE_NEW ? entry->born : 0;
}

/* True if the close of this descriptor may have to remove a socket file. */
static inline bool unsock_fd_has_file(const struct unsock_fd *entry) {
    return (entry->kind == UNSOCK_KIND_LOCAL || entry->kind == UNSOCK_KIND_FOREIGN) && (entry->flags & UNSOCK_FILE);
}

static inline bool unsock_fd_is_handed(const struct unsock_fd *entry) {
    return (entry->kind == UNSOCK_KIND_LOCAL || entry->kind == UNSOCK_KIND_FOREIGN) && (entry->flags & UNSOCK_BOUND) &&
           entry->local.tag == UNSOCK_NAME_TAG_LISTEN_FDS;
}

/* One bit for each port: clear only if no client stream that this process knows has had the port. */
extern uint64_t unsock_fds_client_ports[65536 / 64];

void unsock_fds_duplicate(int from, int to);

/* True if this process knows another descriptor of the socket that `old` describes. */
bool unsock_fds_has_duplicate(const struct unsock_fd *old);

/* Calls `visit` for each other duplicate of `fd`, of any kind; for some twice if a duplicate is closed meanwhile. */
typedef void unsock_fds_visit(int other, struct unsock_fd *entry, const void *with);
void unsock_fds_visit_duplicates(int fd, unsock_fds_visit *visit, const void *with);

/* Copies a descriptor's state, flags, addresses and options to its duplicates of the same kind. */
void unsock_fds_tell_those(int fd);

/* Sets only this flag in the entries of `fd` and its duplicates of the same kind: other threads may change the rest. */
void unsock_fds_mark_all(int fd, struct unsock_fd *entry, uint32_t flag);

/* Notes that the program set O_NONBLOCK on a stream. Its duplicates share the flag. */
static inline void unsock_fds_was_made_nonblocking(int fd) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    if (entry && entry->type == SOCK_STREAM)
        unsock_fds_mark_all(fd, entry, UNSOCK_STREAM_NONBLOCKING);
}

/* Copies only the options to the descriptor's duplicates of the same kind: the rest of the entry may be incomplete. */
void unsock_fds_tell_options(int fd);

static inline bool unsock_fds_may_be_exchanged(int fd) {
    const struct unsock_fd *entry = unsock_fds_known(fd);
    return entry && unsock_fd_may_be_exchanged(entry);
}

/* Copies a changed entry to the descriptor's duplicates, if it has any. If another thread is making a duplicate now,
 * either the duplicate gets this copy, or that thread sees the change and copies again (calls/close.c). */
static inline void unsock_fds_tell_duplicates(int fd) {
    const struct unsock_fd *source = unsock_fds_known(fd);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (source && unsock_fd_is_duplicated(source))
        unsock_fds_tell_those(fd);
}

/* born_local.c: Guesses the family of a new socket, because replacing a socket later costs more: AF_UNIX if this
 * process's last connects, or the first datagrams of its last datagram sockets, were local. */

/* Returns the family by which a socket of this domain and type (SOCK_STREAM, SOCK_DGRAM) will most likely connect:
 * AF_UNIX, the domain itself, or for a stream the family of the last control files' targets. */
int unsock_born_family(int domain, int type);

/* Keeps datagram sockets from being born local, in programs whose system calls are trapped (c/trap): the filter does
 * not trap sends without an address, and an AF_UNIX socket would fail them with other errors than UDP. */
void unsock_born_streams_alone(void);

void unsock_born_local_note_local(int type); /* Notes a connect or first datagram to a covered address */
void unsock_born_local_note_ip(int type);    /* Notes an address not covered, or an option that only IP sockets have */

/* Notes the family by which a stream has connected: that of a control file's target, or AF_UNIX in all other cases. */
void unsock_born_note_target(int family);

/* Notes that a stream socket listens at a covered address. */
void unsock_predict_listens(void);

/* True if the library has already asked the kernel about this unknown descriptor, or if its number is too high. */
bool unsock_asked_fd(int fd);

void unsock_asked_fd_note(int fd);

#endif
