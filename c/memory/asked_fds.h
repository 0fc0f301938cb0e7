/* Numbers of descriptors of which nothing is known, and of which the kernel has been asked once. */
#ifndef UNSOCK_ASKED_FDS_H
#define UNSOCK_ASKED_FDS_H

#include <stdbool.h>

/* Has unsock_asked_fd_note been called for this number? True as well for those that nothing is remembered about. */
bool unsock_asked_fd(int fd);

void unsock_asked_fd_note(int fd);

#endif
