/* Are this process's system calls trapped? */
#ifndef UNSOCK_KERNEL_TRAPPED_H
#define UNSOCK_KERNEL_TRAPPED_H

#include <stdbool.h>

/* Is there a filter of the library's (c/trap) in this process? It is never taken away, and survives exec. One system
 * call. */
bool unsock_is_trapped(void);

#endif
