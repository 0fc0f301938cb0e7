/* What parent and keeper (program/supervise.h) have in common: signals as descriptors tell them, and what they say to
 * each other. */
#ifndef UNSOCK_KEEPER_CHANNEL_H
#define UNSOCK_KEEPER_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

/* Their descriptors, once they have closed all of the caller's. */
enum { UNSOCK_KEEPER_SIGNALS, UNSOCK_KEEPER_CHANNEL, UNSOCK_KEEPER_LOCK, UNSOCK_KEEPER_COUNT };

enum unsock_keeper_kind {
    UNSOCK_KEEPER_SIGNAL,    /* to the keeper: the parent got it */
    UNSOCK_KEEPER_SEEN,      /* to the keeper: the parent knows how it is with the command */
    UNSOCK_KEEPER_STOPPED,   /* to the parent: by this signal */
    UNSOCK_KEEPER_CONTINUED, /* to the parent */
    UNSOCK_KEEPER_ENDED,     /* to the parent: with this status of wait4; more are left of those it started */
    UNSOCK_KEEPER_ALL_ENDED, /* to the parent: the same, and nobody is left */
};

/* One thing said. */
struct unsock_keeper_message {
    int32_t kind;
    int32_t number; /* a signal, or a status */
    int32_t code;   /* the signal's (sigaction(2), si_code), and who sent it */
    int32_t pid;
    uint32_t uid;
    uint64_t value;
};

/* The signal mask's bits are the signals' numbers less one. */
#define UNSOCK_KEEPER_SIGNALS_MOST 64

void unsock_keeper_mask(uint64_t mask, uint64_t *before);

/* Sets what happens at a signal: 0 SIG_DFL, 1 SIG_IGN. Returns whether it was ignored. */
bool unsock_keeper_dispose(int signal, long handler);

/*
 * Leaves the caller's descriptors and working directory alone, from which others could not be removed or unmounted as
 * long as this process had them: the three are moved to their numbers, all others closed.
 */
void unsock_keeper_leave(const long descriptors[UNSOCK_KEEPER_COUNT]);

/*
 * Waits until there is a signal or a message, or for as many milliseconds (-1: for ever). Returns whether there is a
 * message, or the other one is gone. `alone`: that is known already.
 */
bool unsock_keeper_wait(bool alone, int milliseconds);

/* The next signal that came, as a message. False: none. */
bool unsock_keeper_next_signal(struct unsock_keeper_message *signal);

void unsock_keeper_send(const struct unsock_keeper_message *message);

/* False: the other one is gone. */
bool unsock_keeper_receive(struct unsock_keeper_message *message);

#endif
