/* write, writev and send (calls/list.h). */
#ifndef UNSOCK_WRITE_H
#define UNSOCK_WRITE_H

#include <stdbool.h>

/* Is this a connected stream of the library's, where write is not the kernel's? */
bool unsock_write_concerns(int fd);

#endif
