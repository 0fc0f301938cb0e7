/*
 * What has become of a descriptor's socket, in one word: which states there are, which follows which, and what is asked
 * of them. What is independent of it stands in the flags (memory/fds.h).
 */
#ifndef UNSOCK_STATE_H
#define UNSOCK_STATE_H

#include <stdbool.h>
#include <stdint.h>

enum unsock_state {
    UNSOCK_STATE_NEW,       /* nothing has been done with it: the kernel's own, or born local */
    UNSOCK_STATE_SPENT,     /* stream: has a client's name, but no connection: refused */
    UNSOCK_STATE_BOUND,     /* to `local`; datagrams: nobody has been asked yet */
    UNSOCK_STATE_REFUSED,   /* stream: in the eyes of the program its connect has failed by now, with `refusal` */
    UNSOCK_STATE_RESERVED,  /* stream: bound to `local`, but its file is gone: shut down, or disconnected. It may listen
                               again */
    UNSOCK_STATE_LISTENING, /* stream */
    UNSOCK_STATE_CONNECTING, /* stream: to `remote`; connect has not said 0 yet */
    UNSOCK_STATE_CONNECTED,  /* to `remote` */
    UNSOCK_STATE_NAMED,      /* datagrams: it has a name for the answers, and has asked nobody yet */
    UNSOCK_STATE_SENT,       /* datagrams: `remote` is the last address sent to */
    UNSOCK_STATE_NOBODY,     /* datagrams: connected to `remote`, but nobody was there for the kernel to connect to */
    UNSOCK_STATE_ASKING,     /* stream: to `remote`, by a multiplexer that has not answered yet (calls/asking.h) */
};

#define UNSOCK_STATES 12

/*
 * May `to` follow `from`? A replacement of the socket starts anew and is no transition: whatever the old socket's state
 * was, the new one's is UNSOCK_STATE_NEW.
 */
bool unsock_state_follows(uint8_t from, enum unsock_state to);

/* Is the state one of those, each given as UNSOCK_STATE_BIT(…)? */
#define UNSOCK_STATE_BIT(name) (1u << UNSOCK_STATE_##name)

static inline bool unsock_state_in(uint8_t state, unsigned states) {
    return (1u << state & states) != 0;
}

/* As the program sees it, also before its connect has said so, and also to nobody. */
static inline bool unsock_state_is_connected(uint8_t state) {
    return unsock_state_in(state, UNSOCK_STATE_BIT(CONNECTING) | UNSOCK_STATE_BIT(CONNECTED) |
                                      UNSOCK_STATE_BIT(NOBODY) | UNSOCK_STATE_BIT(ASKING));
}

/* Does unsock_fd.remote hold an address? */
static inline bool unsock_state_has_remote(uint8_t state) {
    return unsock_state_is_connected(state) || state == UNSOCK_STATE_SENT;
}

#endif
