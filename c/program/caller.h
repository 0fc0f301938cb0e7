/*
 * What the caller's process state was before a runtime changed it: the one that the command line is written for raises
 * the soft RLIMIT_NOFILE to the hard one and ignores SIGPIPE. The parent, which usually handed both down, still shows
 * what they were.
 */
#ifndef UNSOCK_CALLER_H
#define UNSOCK_CALLER_H

#include <stdbool.h>
#include <stdint.h>

/* /proc/PID/limits and status, of this process and of its parent; NULL: unreadable. */
struct unsock_caller_texts {
    const char *own_limits;
    const char *parent_limits;
    const char *parent_status;
};

struct unsock_caller {
    bool ignores_sigpipe;
    bool changes_nofile; /* else that stays as it is */
    uint64_t soft_nofile;
};

/* What the caller most likely had. Pure. */
void unsock_caller_derive(const struct unsock_caller_texts *texts, struct unsock_caller *caller);

/* Puts it back. */
void unsock_caller_restore(void);

#endif
