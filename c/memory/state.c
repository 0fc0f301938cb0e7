/* Which state of a socket follows which. */
#include "memory/fds.h"

#define BIT(name) UNSOCK_STATE_BIT(name)

/* A row: what may come next. The tests walk all of it (tests/unit/state_test.ts). */
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
    /* A thread that gives it a name may be interrupted by a handler that sends from it. */
    [UNSOCK_STATE_NAMED] = BIT(NAMED) | BIT(SENT) | BIT(CONNECTED) | BIT(NOBODY),
    [UNSOCK_STATE_SENT] = BIT(NAMED) | BIT(SENT) | BIT(CONNECTED) | BIT(NOBODY) | BIT(BOUND),
    [UNSOCK_STATE_NOBODY] = BIT(CONNECTED) | BIT(NOBODY) | BIT(BOUND),
    [UNSOCK_STATE_ASKING] = BIT(CONNECTING),
};

bool unsock_state_follows(uint8_t from, enum unsock_state to) {
    return from < UNSOCK_STATES && unsock_state_in((uint8_t)to, next[from]);
}
