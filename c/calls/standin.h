/*
 * A socket that is to take the place of a descriptor's, on its way there: made, perhaps bound, and then installed, or
 * undone. All changes of several steps are made with one of these, so that whatever step fails, the same way leads
 * back.
 */
#ifndef UNSOCK_STANDIN_H
#define UNSOCK_STANDIN_H

#include "files/bind_request.h"
#include "memory/fds.h"
#include "memory/state.h"

struct unsock_standin {
    int socket;    /* the descriptor itself where it can be used as it is */
    bool in_place; /* so it is */
    bool named;    /* `bound` says by which file it is known */
    long flags;    /* the descriptor's, which it was opened with; negative: it was opened elsewhere */
    struct unsock_bound bound;
};

/*
 * Makes an AF_UNIX socket of the entry's type, unless the descriptor is an unnamed one already that no duplicate
 * shares. Returns 0 or -errno.
 */
long unsock_standin_open(struct unsock_standin *standin, int fd, const struct unsock_fd *entry);

/* Takes a socket that the caller has made. */
void unsock_standin_take(struct unsock_standin *standin, int socket);

/*
 * A bind of the socket into `bound` ended with `result`, which is returned: what has been bound is given back by
 * undoing.
 */
long unsock_standin_bound(struct unsock_standin *standin, long result);

/*
 * Puts it behind the descriptor, of which `entry` is known; it is then of `kind`, and known by its file, if it has one,
 * in `state`. Undone when that fails. Returns 0 or -errno.
 */
long unsock_standin_install(struct unsock_standin *standin, int fd, struct unsock_fd *entry, enum unsock_kind kind,
                            enum unsock_state state);

/* Closes the socket, which has no name. Returns `result`. */
long unsock_standin_close(struct unsock_standin *standin, long result);

/* Closes the socket and gives its name back. Returns `result`. */
long unsock_standin_undo(struct unsock_standin *standin, int type, long result);

#endif
