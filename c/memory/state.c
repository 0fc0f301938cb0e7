/* Decides which state of a socket may follow which. */
#include "memory/fds.h"

#define BIT(name) UNSOCK_STATE_BIT(name)

/* The states that may follow each state. tests/unit/state_test.ts checks the consequences for programs. */
static const uint16_t next[UNSOCK_STATES] = {
    [UNSOCK_STATE_NEW] = BIT(SPENT) | BIT(REFUSED) | BIT(BOUND) | BIT(RESERVED) | BIT(LISTENING) | BIT(CONNECTING) |
                         BIT(CONNECTED) | BIT(NAMED) | BIT(ASKING),
    [UNSOCK_STATE_SPENT] = BIT(CONNECTING) | BIT(CONNECTED),
    [UNSOCK_STATE_BOUND] =
        BIT(BOUND) | BIT(LISTENING) | BIT(RESERVED) | BIT(CONNECTING) | BIT(CONNECTED) | BIT(SENT) | BIT(NOBODY),
    [UNSOCK_STATE_REFUSED] = 0,
    [UNSOCK_STATE_RESERVED] = BIT(SPENT) | BIT(BOUND) | BIT(LISTENING) | BIT(CONNECTING) | BIT(CONNECTED),
    [UNSOCK_STATE_LISTENING] = BIT(LISTENING) | BIT(RESERVED),
    [UNSOCK_STATE_CONNECTING] = BIT(CONNECTED) | BIT(SPENT),
    [UNSOCK_STATE_CONNECTED] = BIT(CONNECTED) | BIT(SPENT) | BIT(BOUND) | BIT(NOBODY),
    /* A signal handler may send from the socket while the interrupted thread names it: NAMED then follows SENT. */
    [UNSOCK_STATE_NAMED] = BIT(NAMED) | BIT(SENT) | BIT(CONNECTED) | BIT(NOBODY),
    [UNSOCK_STATE_SENT] = BIT(NAMED) | BIT(SENT) | BIT(CONNECTED) | BIT(NOBODY) | BIT(BOUND),
    [UNSOCK_STATE_NOBODY] = BIT(CONNECTED) | BIT(NOBODY) | BIT(BOUND),
    [UNSOCK_STATE_ASKING] = BIT(CONNECTING),
};

bool unsock_state_follows(uint8_t from, enum unsock_state to) {
    return from < UNSOCK_STATES && unsock_state_in((uint8_t)to, next[from]);
}
