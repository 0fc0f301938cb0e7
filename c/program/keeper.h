/* Processes that outlive a command, and look after what it made. */
#ifndef UNSOCK_PROGRAM_KEEPER_H
#define UNSOCK_PROGRAM_KEEPER_H

#include "process/run_directory.h"
#include "program/run.h"

/* keeper_channel.c: What parent and keeper (program/keeper.h) have in common: signals as descriptors tell them, and
 * what they say to each other. */

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

/* keeper.c: The keeper (program/keeper.h). */

/* Who started the command, and where that may use sockets. */
struct unsock_keeper {
    long parent;
    long command;
    const char *path;
};

/* Stays until nobody is left of those whom the command has started, then removes the directory and ends. */
__attribute__((noreturn)) void unsock_keeper_stay(const struct unsock_keeper *keeper);

/*
 * map_keeper.c: Who removes the control files of `run --map` when the command has ended: a process that is nobody's
 * child, and in nobody's session, waits for that. The command itself takes the place of `run`.
 */

/* What has been placed, and is to go. */
struct unsock_map_keeper {
    unsigned count;
    struct {
        char name[UNSOCK_RUN_MAP_NAME];
        int lock; /* of unsock_run_map_place */
    } maps[UNSOCK_RUN_MAPS_MOST];
};

/* Leaves one behind for this process, which is to become the command. Returns false with one line in `error`. */
bool unsock_map_keeper_start(const char *directory, const struct unsock_map_keeper *keeper, struct unsock_text *error);

/* Removes them at once: nothing was started. */
void unsock_map_keeper_undo(const char *directory, struct unsock_map_keeper *keeper);

/*
 * hold.c: `libunsock.so hold`: a private directory for somebody who starts programs in it himself, a test runner say.
 * It is there until standard input ends, however that comes about; then all that still runs in it is killed, and it
 * goes.
 *
 * On standard output, each with a NUL behind it: the variables that put a program there, and an empty one. Then one
 * answer to each request on standard input, "" for yes. A request is its length in bytes, a newline and the text:
 * "map PORT[/udp]=PATH" (program/run.h); "unused": nobody was told of the directory, so that nobody in it has to be
 * looked for. A bad request is answered with an error and changes nothing else. The last answer says which processes
 * could not be ended, "" for none.
 */

struct unsock_hold {
    const struct unsock_private *private;
    const char *const *environment; /* of a command that is run in it */
    const char *const *caller;
};

/* Returns the exit status when the directory is gone. */
int unsock_hold(const struct unsock_hold *hold);

/*
 * supervise.c: `run --private`: waits for the command to end, and then removes its directory, as if nobody stood
 * between the command and its caller. There are three processes:
 *   - The parent is the one that the caller knows. It gives signals on to the keeper, stops when the command stops, and
 *     ends as it ends.
 *   - The keeper gets the children of those that have ended (PR_SET_CHILD_SUBREAPER), and stays until the last of them
 *     is gone. When the parent is killed, it kills the command, as that kill would have.
 *   - The command.
 * All are in the caller's process group, so that the terminal's signals come to each. Signals that the keeper has got,
 * too, are not given on.
 */

/*
 * Returns true in the process that is to become the command: everything is there as it was in the caller. The others
 * never return, and remove the directory at `path`, which `lock` keeps. False with one line in `error`: nobody has been
 * started.
 */
bool unsock_supervise(const char *path, long lock, struct unsock_text *error);

#endif
