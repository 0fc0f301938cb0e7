/* The library's start inside a process, by whichever door it came, and what it is in it. */
#ifndef UNSOCK_START_H
#define UNSOCK_START_H

#include "rt/text.h"
#include "rules/settings.h"

#include <stdbool.h>

/* 0: not started yet; then inert (everything passes through) or active. */
enum unsock_activity { UNSOCK_NOT_STARTED, UNSOCK_STARTING, UNSOCK_INERT, UNSOCK_ACTIVE };
extern enum unsock_activity unsock_activity;

/* Starts the library: by its constructor, or by the first intercepted call where that comes earlier. */
bool unsock_start_active(void);

/*
 * Starts it in a program that it has loaded itself (c/trap/loader.h): with the environment that the program gets, the
 * library's own path, and where the first thread's stack ends (rt/user.h). Inert without UNSOCK_DIR, or with
 * UNSOCK_OFF=1. Ends the process for settings that cannot be read.
 */
void unsock_start_loaded(const struct unsock_environment *environment, const char *own_file, uintptr_t stack_end);

/* Whether its calls are trapped: they are marked only then (rt/sys.h). First of all, by whichever door. */
void unsock_start_marks(void);

/*
 * For the library run as a program, which is about to execute one: its settings have been read. What that program gets
 * is completed as a redirected program would for its children.
 */
void unsock_start_program(const struct unsock_environment *environment, const char *own_file);

/* Is anything redirected at all in this process? The first question of every intercepted call. */
static inline bool unsock_active(void) {
    enum unsock_activity state = __atomic_load_n(&unsock_activity, __ATOMIC_ACQUIRE);
    return state == UNSOCK_ACTIVE || (state < UNSOCK_INERT && unsock_start_active());
}

/* Are this process's system calls trapped? Then whatever it executes has to be started by the library as its loader. */
extern bool unsock_start_trapped;

/* Are they to be, by the wish of the settings? The trap door does it (c/trap/takeover.c). */
extern bool unsock_start_traps;

#endif
