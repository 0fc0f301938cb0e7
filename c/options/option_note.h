/* Noting that an option was set. */
#ifndef UNSOCK_OPTION_NOTE_H
#define UNSOCK_OPTION_NOTE_H

#include "memory/fds.h"

/* Notes that the program set an option on a socket that is still the kernel's: it is carried over by a redirection. */
void unsock_option_note(int fd, struct unsock_fd *entry, int level, int name);

#endif
