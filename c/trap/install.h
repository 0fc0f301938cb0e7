/* Putting a process under the trap. */
#ifndef UNSOCK_TRAP_INSTALL_H
#define UNSOCK_TRAP_INSTALL_H

#include <stdbool.h>

/*
 * Installs the handler, and the filter unless it is there already. `on_alternate_stack` and `ignored` as for
 * unsock_signals_install. Returns 0, or -errno where the system does not allow filters, or a thread has one of its own.
 * From then on `no_new_privs` is set.
 */
long unsock_trap_install(bool on_alternate_stack, bool ignored);

#endif
