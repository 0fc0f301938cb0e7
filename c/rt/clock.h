/* CLOCK_MONOTONIC by the system call: the time that nobody sets. rt/libc.h has a coarser one that costs no call. */
#ifndef UNSOCK_RT_CLOCK_H
#define UNSOCK_RT_CLOCK_H

#include "rt/system_calls.h"

#define UNSOCK_SECOND_NS 1000000000ll
#define UNSOCK_MILLISECOND_NS 1000000ll

static inline int64_t unsock_clock_ns(void) {
    struct timespec time = {0};
    unsock_clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * UNSOCK_SECOND_NS + time.tv_nsec;
}

static inline int64_t unsock_clock_ms(void) {
    return unsock_clock_ns() / UNSOCK_MILLISECOND_NS;
}

#endif
