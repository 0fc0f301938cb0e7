/*
 * Urgent data. AF_UNIX keeps the urgent byte in the queue of the others, and its place when it has been taken, so that
 * there seems to be something to read where TCP has it beside the stream (POLLPRI alone).
 */
#ifndef UNSOCK_URGENT_H
#define UNSOCK_URGENT_H

#include <stdbool.h>

/* Has this process, or one that forked it, met an urgent byte? Until then only POLLPRI tells of one. */
extern bool unsock_urgent_met;

/* An urgent byte may come, and go before it is asked for: somebody wants the signal that tells of it. */
void unsock_urgent_expect(int fd);

/*
 * The kernel says that the descriptor can be read. Would TCP say no, because nothing waits but an urgent byte, or its
 * empty place? Costs some system calls.
 */
bool unsock_urgent_alone(int fd);

#endif
