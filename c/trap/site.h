/*
 * Calls that a program makes at a place that has been rewritten (trap/patch.h): no signal, so that also those are
 * answered that are too frequent to be trapped. What is none of the library's goes back to the program's own `syscall`,
 * with everything as it came.
 */
#ifndef UNSOCK_TRAP_SITE_H
#define UNSOCK_TRAP_SITE_H

#include <stdbool.h>
#include <stdint.h>

/* As the code below has them on the stack. */
struct unsock_site_call {
    long number; /* and then the result */
    long arguments[6];
};

/* Is this call answered here? Costs no system call, but once for each descriptor that nothing is known of. */
bool unsock_site_concerns(const struct unsock_site_call *call);

/* Answers it as preloading answers the function of its name. */
void unsock_site_answer(struct unsock_site_call *call);

#ifdef __x86_64__

/* Not 0 for the numbers of calls that may be answered here. */
extern uint8_t unsock_site_numbers[65536];

/* Fills it. */
void unsock_site_start(void);

/*
 * Where stubs go on (rules/call_stub.h): the first on the program's own stack, the second on one of the thread's own
 * (trap/site_stack.h). Not functions of C's.
 */
void unsock_site_stay(void) __attribute__((visibility("hidden")));
void unsock_site_switch(void) __attribute__((visibility("hidden")));

#endif

#endif
