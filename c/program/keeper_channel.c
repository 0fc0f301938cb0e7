/* signalfd(2), and a pair of sockets that keeps messages apart. */
#include "program/keeper.h"

#include "rt/system_calls.h"

#include <linux/poll.h>

#define BEHIND_STANDARD 3

/* The kernel's struct sigaction, for handlers that are none. */
struct action {
    long handler;
    unsigned long flags;
    void *restorer;
    uint64_t mask;
};

/* struct signalfd_siginfo (signalfd(2)), whose header does not go with others. */
struct told {
    uint32_t number;
    int32_t error, code;
    uint32_t pid, uid;
    uint32_t others[7];
    uint64_t value;
    uint8_t rest[128 - 56];
};

void unsock_keeper_mask(uint64_t mask, uint64_t *before) {
    unsock_rt_sigprocmask(SIG_SETMASK, &mask, before);
}

bool unsock_keeper_dispose(int signal, long handler) {
    struct action action = {.handler = handler}, before = {0};
    unsock_rt_sigaction(signal, &action, &before);
    return before.handler == SIG_IGN;
}

void unsock_keeper_leave(const long descriptors[UNSOCK_KEEPER_COUNT]) {
    long moved[UNSOCK_KEEPER_COUNT];
    /* Where there is no other number left than these three, none is needed. */
    for (int i = 0; i < UNSOCK_KEEPER_COUNT; i++) {
        bool in_the_way = descriptors[i] >= 0 && descriptors[i] < BEHIND_STANDARD;
        moved[i] = in_the_way ? unsock_fcntl(descriptors[i], F_DUPFD_CLOEXEC, BEHIND_STANDARD) : descriptors[i];
    }
    for (int i = 0; i < UNSOCK_KEEPER_COUNT; i++) {
        if (moved[i] >= 0)
            unsock_dup3(moved[i], i, O_CLOEXEC);
        else
            unsock_close(i);
    }
    unsock_close_range(UNSOCK_KEEPER_COUNT, -1, 0);
    unsock_chdir("/");
}

bool unsock_keeper_wait(bool alone, int milliseconds) {
    struct pollfd polled[] = {{.fd = UNSOCK_KEEPER_SIGNALS, .events = POLLIN},
                              {.fd = UNSOCK_KEEPER_CHANNEL, .events = POLLIN}};
    struct timespec most = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    long count = unsock_ppoll(polled, alone ? 1 : 2, milliseconds < 0 ? NULL : &most, NULL, 0);
    return count > 0 && polled[1].revents != 0;
}

bool unsock_keeper_next_signal(struct unsock_keeper_message *signal) {
    struct told told;
    if (unsock_read(UNSOCK_KEEPER_SIGNALS, &told, sizeof(told)) != (long)sizeof(told))
        return false;
    *signal = (struct unsock_keeper_message){
        UNSOCK_KEEPER_SIGNAL, (int32_t)told.number, told.code, (int32_t)told.pid, told.uid, told.value};
    return true;
}

void unsock_keeper_send(const struct unsock_keeper_message *message) {
    unsock_sendto(UNSOCK_KEEPER_CHANNEL, message, sizeof(*message), MSG_NOSIGNAL, NULL, 0);
}

bool unsock_keeper_receive(struct unsock_keeper_message *message) {
    return unsock_read(UNSOCK_KEEPER_CHANNEL, message, sizeof(*message)) == (long)sizeof(*message);
}
