/* Descriptors: the state of each, what is remembered, and what was asked. */
#ifndef UNSOCK_MEMORY_FDS_H
#define UNSOCK_MEMORY_FDS_H

#include "rules/port_name.h"

/*
 * state.c: The state of a descriptor's socket, in one word: which states there are, which follows which, and questions
 * about them. Properties beside the state are in the flags (memory/fds.h).
 */

enum unsock_state {
    UNSOCK_STATE_NEW,        /* nothing has been done with it: the kernel's own, or born local */
    UNSOCK_STATE_SPENT,      /* has a name in vain: of a bind that failed, or of a stream's connect that was refused */
    UNSOCK_STATE_BOUND,      /* to `local`; datagrams: nobody has been asked yet */
    UNSOCK_STATE_REFUSED,    /* stream: in the eyes of the program its connect has failed by now, with `refusal` */
    UNSOCK_STATE_RESERVED,   /* stream: bound to `local`, and shut down or disconnected: it may listen again. Without a
                                file   where the port was not the program's choice, or somebody has taken it since */
    UNSOCK_STATE_LISTENING,  /* stream */
    UNSOCK_STATE_CONNECTING, /* stream: to `remote`; connect has not said 0 yet */
    UNSOCK_STATE_CONNECTED,  /* to `remote` */
    UNSOCK_STATE_NAMED,      /* datagrams: it has a name for the answers, and has asked nobody yet */
    UNSOCK_STATE_SENT,       /* datagrams: `remote` is the last address sent to */
    UNSOCK_STATE_NOBODY,     /* datagrams: connected to `remote`, but nobody was there for the kernel to connect to */
    UNSOCK_STATE_ASKING,     /* stream: to `remote`, by a multiplexer that has not answered yet (calls/target.h) */
};

#define UNSOCK_STATES 12

/*
 * True if `to` may follow `from`. A replacement of the socket starts anew and is no transition: whatever the old
 * socket's state was, the new one's is UNSOCK_STATE_NEW.
 */
bool unsock_state_follows(uint8_t from, enum unsock_state to);

/* True if the state is one of those, each given as UNSOCK_STATE_BIT(…). */
#define UNSOCK_STATE_BIT(name) (1u << UNSOCK_STATE_##name)

static inline bool unsock_state_in(uint8_t state, unsigned states) {
    return (1u << state & states) != 0;
}

/* As the program sees it, also before its connect has said so, and also to nobody. */
static inline bool unsock_state_is_connected(uint8_t state) {
    return unsock_state_in(state, UNSOCK_STATE_BIT(CONNECTING) | UNSOCK_STATE_BIT(CONNECTED) |
                                      UNSOCK_STATE_BIT(NOBODY) | UNSOCK_STATE_BIT(ASKING));
}

/* True if unsock_fd.remote holds an address. */
static inline bool unsock_state_has_remote(uint8_t state) {
    return unsock_state_is_connected(state) || state == UNSOCK_STATE_SENT;
}

/*
 * fds.c: Remembers descriptors: a cache of what the kernel cannot tell, never the truth. 64 bytes each, in pages that
 * are only touched for descriptors in use; copied by fork as the descriptors are. No locks: a descriptor's entry is
 * written by the calls that make or change that descriptor, which a program serialises itself.
 *
 * Entries can be out of date (a descriptor closed by fclose, say, is closed inside libc): an intercepted call that
 * makes a descriptor overwrites its entry, and code that relies on one asks the kernel first.
 */

enum unsock_kind {
    UNSOCK_KIND_UNKNOWN, /* nothing known: inherited, received, or made by other means */
    UNSOCK_KIND_OTHER,   /* known to be none of ours: the program's own AF_UNIX socket, for example */
    UNSOCK_KIND_IP,      /* a TCP or UDP socket of the kernel that may still be redirected */
    UNSOCK_KIND_LOCAL,   /* an AF_UNIX socket in place of a TCP or UDP socket */
    UNSOCK_KIND_FOREIGN, /* a socket that a control file named, in place of a TCP or UDP socket */
};

/* Properties of a socket beside its state (memory/fds.h). */
enum {
    /* Of the socket: gone when another one takes its place. */
    UNSOCK_BOUND = 1 << 0, /* the program bound it, to `local`; it stays so when it connects */
    UNSOCK_NAMED = 1 << 1, /* the kernel socket has a name: it cannot be bound again */
    UNSOCK_FILE = 1 << 2,  /* its name is a socket file that goes with it; KIND_FOREIGN: files/control_file.h */
    UNSOCK_STREAM_UNLISTED = 1 << 3,     /* it waits for another one of this process, and is in no record; or it is
                                            reserved: it comes forward before it listens */
    UNSOCK_ANY_PORT = 1 << 4,            /* the program bound it to port 0 */
    UNSOCK_ACCEPTED = 1 << 5,            /* made by accept */
    UNSOCK_STREAM_WAITING = 1 << 6,      /* SPENT: SO_SNDTIMEO has ended a connect, with which the next one goes on */
    UNSOCK_DATAGRAM_HEARD = 1 << 7,      /* something was received; KIND_IP, NEW, ANY_PORT: some thread has asked */
    UNSOCK_DATAGRAM_BY_CONTROL = 1 << 8, /* what comes from outside the directory comes from `remote` */
    UNSOCK_SETTLED = 1 << 9,             /* `local` was the wildcard before it was connected */
    UNSOCK_STREAM_OVER = 1 << 10,        /* KIND_FOREIGN, AF_TIPC: no more will come than waits to be read */
    UNSOCK_STREAM_HELD = 1 << 11,        /* KIND_FOREIGN: this side has shut down writing, which is held back */
    UNSOCK_DATAGRAM_NOBODY_HEARD = 1 << 12, /* nobody heard the last one, and that is to be told */
    UNSOCK_OF_SOCKET = (1 << 13) - 1,
    /* Of the descriptor. */
    UNSOCK_OPTIONS = 1 << 13,            /* unsock_option_memory(fd) holds more about the options */
    UNSOCK_STREAM_NONBLOCKING = 1 << 14, /* was made, or set, non-blocking: the kernel knows whether it still is */
    UNSOCK_DATAGRAM_MANY = 1 << 15,      /* sends to several receivers in turn */
    UNSOCK_STREAM_URGENT = 1 << 16,      /* an urgent byte was there once: the kernel's POLLIN is not believed */
    UNSOCK_CHANGING = 1 << 17, /* a thread is exchanging the socket: what the kernel says may not be true yet */
    UNSOCK_STREAM_LOST_WRITE = 1 << 18, /* some write came after the peer's end: the kernel's marks tell the rest */
};

struct unsock_fd {
    uint8_t kind;
    uint8_t type;      /* SOCK_STREAM or SOCK_DGRAM */
    uint8_t domain;    /* AF_INET or AF_INET6: what the program asked for */
    uint8_t state;     /* enum unsock_state */
    uint16_t protocol; /* as SO_PROTOCOL tells it */
    uint8_t born;      /* KIND_FOREIGN and still NEW: the family of which the socket was made; see unsock_born_family */
    uint32_t flags;
    uint32_t ring;          /* of its duplicates (memory/fds.c); 0: it never had any */
    uint64_t options;       /* bit per row of the options table that is not rare: set by the program; see SOME_RARE */
    struct unsock_ip local; /* its tag: enum unsock_name_tag */
    union {                 /* by the state: only by unsock_fd_remote, ..._file and ..._refusal below */
        struct unsock_ip remote;
        struct unsock_fd_file {
            uint64_t inode;  /* FILE: the socket file's inode number; 0: not known */
            uint32_t device; /* KIND_FOREIGN: and where it is */
        } __attribute__((packed, aligned(4))) file;
        struct unsock_fd_refusal {
            uint64_t cookie; /* REFUSED: of the socket, which may be the kernel's TCP or AF_UNIX */
            int32_t error;   /* and what the program is to be told once, positive; UNKNOWN: why that is, an -errno */
        } __attribute__((packed, aligned(4))) refusal;
    } held;
};

_Static_assert(sizeof(struct unsock_fd) == 64, "a descriptor costs 64 bytes");

/* The entry of a descriptor; NULL when nothing can be remembered about it (negative, too high, no memory). */
struct unsock_fd *unsock_fds_entry(int fd);

#define UNSOCK_FDS_CHUNK 1024
extern void *unsock_fds_chunks[]; /* of struct unsock_fd */
extern int unsock_fds_top;

/* One more than the highest descriptor that ever had an entry. */
static inline int unsock_fds_end(void) {
    return __atomic_load_n(&unsock_fds_top, __ATOMIC_RELAXED);
}

/* The entry when it exists already and is of a known kind, else NULL. No system call, no memory taken. */
static inline struct unsock_fd *unsock_fds_known(int fd) {
    unsigned number = (unsigned)fd;
    if (number >= (unsigned)unsock_fds_end())
        return NULL;
    struct unsock_fd *chunk = __atomic_load_n(&unsock_fds_chunks[number / UNSOCK_FDS_CHUNK], __ATOMIC_ACQUIRE);
    struct unsock_fd *entry = &chunk[number % UNSOCK_FDS_CHUNK];
    return chunk && entry->kind != UNSOCK_KIND_UNKNOWN ? entry : NULL;
}

/* Sets a flag beside what other threads do with the entry: once it is set, that costs nothing. */
static inline void unsock_fds_mark(struct unsock_fd *entry, uint32_t flag) {
    if (!(entry->flags & flag))
        __atomic_fetch_or(&entry->flags, flag, __ATOMIC_RELAXED);
}

/* The program set O_NONBLOCK. */
static inline void unsock_fds_was_made_nonblocking(int fd) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    if (entry && entry->type == SOCK_STREAM)
        unsock_fds_mark(entry, UNSOCK_STREAM_NONBLOCKING);
}

/* Asserts what the code takes for certain: a checked build ends where it is not so. */
#ifdef UNSOCK_CHECKED
#define UNSOCK_CHECK(certain) ((certain) ? (void)0 : __builtin_trap())
#else
#define UNSOCK_CHECK(certain) ((void)0)
#endif

/*
 * Goes over into another state, and forgets what only the old one has. A state that may not follow (memory/state.c) is
 * left out.
 */
static inline void unsock_fd_enter(struct unsock_fd *entry, enum unsock_state state) {
    bool follows = unsock_state_follows(entry->state, state);
    UNSOCK_CHECK(follows);
    if (follows && unsock_state_has_remote(entry->state) != unsock_state_has_remote((uint8_t)state))
        memset(&entry->held, 0, sizeof(entry->held));
    if (follows)
        entry->state = (uint8_t)state;
}

/* The address of the peer, or of the last one sent to: in the states that have one. */
static inline struct unsock_ip *unsock_fd_remote(const struct unsock_fd *entry) {
    UNSOCK_CHECK(unsock_state_has_remote(entry->state));
    return (struct unsock_ip *)&entry->held.remote;
}

/* The socket's file, in the others. */
static inline struct unsock_fd_file *unsock_fd_file(const struct unsock_fd *entry) {
    UNSOCK_CHECK(!unsock_state_has_remote(entry->state) && entry->state != UNSOCK_STATE_REFUSED);
    return (struct unsock_fd_file *)&entry->held.file;
}

/* A stream's refused connect; or why nothing is known of a descriptor. */
static inline struct unsock_fd_refusal *unsock_fd_refusal(const struct unsock_fd *entry) {
    UNSOCK_CHECK(entry->state == UNSOCK_STATE_REFUSED || entry->kind == UNSOCK_KIND_UNKNOWN);
    return (struct unsock_fd_refusal *)&entry->held.refusal;
}

/* True if the file's inode number is known. */
static inline bool unsock_fd_knows_inode(const struct unsock_fd *entry) {
    return !unsock_state_has_remote(entry->state) && unsock_fd_file(entry)->inode != 0;
}

/* In unsock_fd.ring: the number of the next duplicate, all bits of it where the others are closed. Above it: which
 * ring. */
#define UNSOCK_RING_NUMBER ((1u << 21) - 1)

static inline bool unsock_fd_is_duplicated(const struct unsock_fd *entry) {
    return entry->ring != 0 && (entry->ring & UNSOCK_RING_NUMBER) != UNSOCK_RING_NUMBER;
}

/* True for an AF_UNIX (or a control file's) socket that stands for a TCP or UDP one. */
static inline bool unsock_fd_is_redirected(const struct unsock_fd *entry) {
    return (entry->kind == UNSOCK_KIND_LOCAL || entry->kind == UNSOCK_KIND_FOREIGN) &&
           (entry->domain == AF_INET || entry->domain == AF_INET6);
}

/* Born local, and not used yet: it has no name, as far as this process knows. */
static inline bool unsock_fd_is_fresh(const struct unsock_fd *entry) {
    return entry->kind == UNSOCK_KIND_LOCAL && entry->state == UNSOCK_STATE_NEW;
}

/* True if the kernel can still give this very socket, and so its duplicates, a name. */
static inline bool unsock_fd_can_be_named(const struct unsock_fd *entry) {
    return entry->kind == UNSOCK_KIND_LOCAL && !(entry->flags & UNSOCK_NAMED);
}

/* A datagram socket that another thread's first send may exchange while this one waits for its first datagram. */
static inline bool unsock_fd_may_be_exchanged(const struct unsock_fd *entry) {
    return entry->type == SOCK_DGRAM && (entry->kind == UNSOCK_KIND_IP || unsock_fd_is_fresh(entry));
}

/* Such a one, and one that is connected to nobody, and hears its peer alone (calls/datagram_receive.c). */
static inline bool unsock_fd_receives_with_care(const struct unsock_fd *entry) {
    return unsock_fd_may_be_exchanged(entry) || entry->state == UNSOCK_STATE_NOBODY;
}

/* A connected datagram socket whose peer was not there when it was last looked for. */
static inline bool unsock_fds_has_nobody(int fd) {
    const struct unsock_fd *entry = unsock_fds_known(fd);
    return entry && entry->state == UNSOCK_STATE_NOBODY;
}

/* Set to 1 once any socket has nobody: only then rewritten programs' `read` is looked at (trap/site.h). */
extern uint8_t *unsock_fds_reads;

/* A stream that is neither connected nor about to be: AF_UNIX has an errno of its own for a read there. */
static inline bool unsock_fd_stream_leads_nowhere(const struct unsock_fd *entry) {
    return entry->kind == UNSOCK_KIND_LOCAL && entry->type == SOCK_STREAM && !unsock_state_is_connected(entry->state);
}

/* True if it is bound to a port that the program chose. */
static inline bool unsock_fd_has_chosen_port(const struct unsock_fd *entry) {
    return (entry->flags & (UNSOCK_BOUND | UNSOCK_ANY_PORT)) == UNSOCK_BOUND;
}

/* The address in its file's name: not the one that a connection has settled. */
static inline struct unsock_ip unsock_fd_bound_to(const struct unsock_fd *entry) {
    struct unsock_ip bound = entry->local;
    if (entry->flags & UNSOCK_SETTLED) {
        bound.family = entry->domain;
        memset(bound.bytes, 0, sizeof(bound.bytes));
    }
    return bound;
}

/* True if a connect failed, which the program is told as TCP tells it. */
static inline bool unsock_fd_is_refused(const struct unsock_fd *entry) {
    return entry->kind == UNSOCK_KIND_LOCAL && entry->state == UNSOCK_STATE_REFUSED;
}

/* Returns the family of a new stream that was born of the one that control files have led to lately; 0 for others. */
static inline int unsock_fd_born_family(const struct unsock_fd *entry) {
    return entry->kind == UNSOCK_KIND_FOREIGN && entry->state == UNSOCK_STATE_NEW ? entry->born : 0;
}

/* True if a socket file is to be looked after when this descriptor closes. */
static inline bool unsock_fd_has_file(const struct unsock_fd *entry) {
    return (entry->kind == UNSOCK_KIND_LOCAL || entry->kind == UNSOCK_KIND_FOREIGN) && (entry->flags & UNSOCK_FILE);
}

static inline bool unsock_fd_is_handed(const struct unsock_fd *entry) {
    return (entry->kind == UNSOCK_KIND_LOCAL || entry->kind == UNSOCK_KIND_FOREIGN) && (entry->flags & UNSOCK_BOUND) &&
           entry->local.tag == UNSOCK_NAME_TAG_LISTEN_FDS;
}

/*
 * The descriptors that have a socket file to be looked after, by number: the first one from `from` on, -1 when there is
 * none. Costs what those cost, and a bit for each of the others. Callers that set UNSOCK_FILE must call
 * unsock_fds_note_file().
 */
int unsock_fds_next_with_file(int from);
void unsock_fds_note_file(int fd);

/* A bit for each port that a stream connected from: without it no client of this process has the port. */
extern uint64_t unsock_fds_client_ports[65536 / 64];

/* Forgets all about a descriptor. */
void unsock_fds_forget(int fd);

/* A descriptor became a duplicate of another. */
void unsock_fds_duplicate(int from, int to);

/* True if this process has another descriptor of the socket that `old` describes, as far as that is known. */
bool unsock_fds_has_duplicate(const struct unsock_fd *old);

/*
 * Calls `visit` for each duplicate of a descriptor, of whatever kind it has become: for some twice, where threads have
 * closed others meanwhile.
 */
typedef void unsock_fds_visit(int other, struct unsock_fd *entry, const void *with);
void unsock_fds_visit_duplicates(int fd, unsock_fds_visit *visit, const void *with);

/* Copies everything known about a descriptor to its duplicates of the same kind. */
void unsock_fds_tell_those(int fd);

/* The same of its options alone, which have changed: nothing else may be true of the descriptor yet. */
void unsock_fds_tell_options(int fd);

static inline bool unsock_fds_may_be_exchanged(int fd) {
    const struct unsock_fd *entry = unsock_fds_known(fd);
    return entry && unsock_fd_may_be_exchanged(entry);
}

static inline bool unsock_fds_stream_leads_nowhere(int fd) {
    const struct unsock_fd *entry = unsock_fds_known(fd);
    return entry && unsock_fd_stream_leads_nowhere(entry);
}

/* Something changed about a descriptor: tells its duplicates, if it has any. */
static inline void unsock_fds_tell_duplicates(int fd) {
    const struct unsock_fd *source = unsock_fds_known(fd);
    if (source && unsock_fd_is_duplicated(source))
        unsock_fds_tell_those(fd);
}

/*
 * born_local.c: Chooses the family that a new socket is born with. Replacing a socket costs more than making one, so a
 * process whose connections have been local gets AF_UNIX at once, and so for its datagrams; one whose connections leave
 * the machine pays nothing.
 */

/*
 * Returns the family by which a socket of this domain and type (SOCK_STREAM, SOCK_DGRAM) most likely connects: AF_UNIX,
 * the domain itself, or where control files have led streams to lately.
 */
int unsock_born_family(int domain, int type);

/*
 * Datagram sockets are never born local here: the trap does not see calls that send without an address, which another
 * socket would answer in its own way.
 */
void unsock_born_streams_alone(void);

/* A connect, or a first datagram, went to a covered address, or to one that is not (or a socket was bound to such a
 * one). */
void unsock_born_local_note_local(int type);
void unsock_born_local_note_ip(int type);

/* A stream has been connected by that family, to where a control file leads; AF_UNIX: to a socket file, too. */
void unsock_born_note_target(int family);

/* A stream socket listens at a covered address. */
void unsock_predict_listens(void);

/* Numbers of descriptors of which nothing is known, and of which the kernel has been asked once. */

/* True if unsock_asked_fd_note has been called for this number, or if the number is beyond the table. */
bool unsock_asked_fd(int fd);

void unsock_asked_fd_note(int fd);

#endif
