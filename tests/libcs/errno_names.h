/*
 * For C libraries that lack strerrorname_np (musl, glibc before 2.32): the number is as good a fact as the name, but
 * for those that tests/probes/may_differ.ts names.
 */
#ifndef ERRNO_NAMES_H
#define ERRNO_NAMES_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdio.h>

static inline const char *strerrorname_np(int number) {
    static char names[8][16];
    static unsigned next;
    if (number == EINVAL)
        return "EINVAL";
    if (number == ENOTCONN)
        return "ENOTCONN";
    if (number == EADDRINUSE)
        return "EADDRINUSE";
    char *name = names[next++ % 8];
    snprintf(name, sizeof names[0], "errno %d", number);
    return name;
}

#endif
