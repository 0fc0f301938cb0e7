/* Which kernel this is, where what it does has changed. */
#ifndef UNSOCK_VERSION_H
#define UNSOCK_VERSION_H

#include <stdbool.h>

/* Is the running kernel older than Linux `major`.`minor`? Asked once. */
bool unsock_kernel_is_before(unsigned major, unsigned minor);

#endif
