/* The library's start inside a process. */
#ifndef UNSOCK_START_H
#define UNSOCK_START_H

#include <stdbool.h>

/* 0: not started yet; then inert (everything passes through) or active. */
enum unsock_activity { UNSOCK_NOT_STARTED, UNSOCK_STARTING, UNSOCK_INERT, UNSOCK_ACTIVE };
extern enum unsock_activity unsock_activity;

/* Starts the library: by its constructor, or by the first intercepted call where that comes earlier. */
bool unsock_start_active(void);

/* Is anything redirected at all in this process? The first question of every intercepted call. */
static inline bool unsock_active(void) {
    enum unsock_activity state = __atomic_load_n(&unsock_activity, __ATOMIC_ACQUIRE);
    return state == UNSOCK_ACTIVE || (state < UNSOCK_INERT && unsock_start_active());
}

#endif
