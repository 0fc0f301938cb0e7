/* A descriptor where the table is full. */
#ifndef UNSOCK_BEYOND_LIMIT_H
#define UNSOCK_BEYOND_LIMIT_H

#include "rt/net.h"
#include "rt/system_calls.h"

/*
 * Makes a system call of at most four arguments, which said EMFILE (dup3: EBADF), once more beyond the soft limit of
 * RLIMIT_NOFILE (getrlimit(2)), where the hard limit lets it. This is for descriptors that stand in for a moment: the
 * program has its own already, and needs no other. The process's limit stays as it is, for other threads too. Returns
 * the call's result; -EMFILE when there is no way.
 */
long unsock_beyond_limit(long number, long first, long second, long third, long fourth);

#define UNSOCK_DESCRIPTOR_PAD(number, first, second, third, fourth, ...)                                               \
    unsock_descriptor_for_a_moment(number, (long)(first), (long)(second), (long)(third), (long)(fourth))

/* unsock_descriptor(__NR_xyz, up to four arguments): the call, and where it says EMFILE, as above. */
#define unsock_descriptor(...) UNSOCK_DESCRIPTOR_PAD(__VA_ARGS__, 0, 0, 0, 0, 0)

static inline long unsock_descriptor_for_a_moment(long number, long first, long second, long third, long fourth) {
    long result = unsock_sys(number, first, second, third, fourth);
    return result == -EMFILE ? unsock_beyond_limit(number, first, second, third, fourth) : result;
}

#endif
