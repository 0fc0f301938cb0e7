/*
 * Signals of a program under the trap. SIGSYS is the library's: a program that blocks it, or takes the handler away,
 * would be ended by its next trapped call. So what it asks for is remembered and told back, and done for traps that are
 * not the library's.
 */
#ifndef UNSOCK_TRAP_SIGNALS_H
#define UNSOCK_TRAP_SIGNALS_H

#include "memory/process.h"
#include "trap/site.h"

typedef void unsock_trap_handler_function(int signal, void *info, void *context);

/*
 * Makes `handler` the process's SIGSYS handler, and unblocks the signal. `on_alternate_stack`: in a program whose
 * stacks are too small for a handler, and which has others for it (Go). `ignored`: for the program the signal is
 * ignored, as for who executed it. Returns 0; or -errno where a filter of others forbids it: the first trapped call
 * would end the process then.
 */
long unsock_signals_install(unsock_trap_handler_function *handler, bool on_alternate_stack, bool ignored);

/* Is it so in this process already? */
bool unsock_signals_on_alternate_stack(void);

/* The calls of these names, made by the program. They return what the program gets. */
long unsock_signals_action(long signal, const struct unsock_signal_action *action, struct unsock_signal_action *old,
                           long size);
long unsock_signals_mask(struct unsock_context *context, long how, const void *set, void *old, long size);
long unsock_signals_suspend(const void *set, long size);

/* The mask that is in force now is the one that the program goes on with: one of its handlers may have edited it. */
void unsock_signals_keep_mask(struct unsock_context *context);

/* ppoll, epoll_pwait, epoll_pwait2 and pselect6: the wait itself, with SIGSYS taken out of its mask. */
long unsock_signals_wait(long number, const long arguments[6]);

/* A SIGSYS that is not of the library's filter: what the program would do with it. */
void unsock_signals_foreign(int signal, struct unsock_signal_info *info, struct unsock_context *context);

#endif
