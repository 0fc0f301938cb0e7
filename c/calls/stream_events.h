/*
 * What the kernel says to poll and epoll of streams that stand for TCP's. POLLHUP of AF_UNIX comes when the peer has
 * closed, where TCP waits for both sides to have shut down. AF_UNIX keeps the urgent byte in the queue of the others,
 * and its place when it has been taken, so that there seems to be something to read where TCP has it beside the stream
 * (POLLPRI alone).
 */
#ifndef UNSOCK_STREAM_EVENTS_H
#define UNSOCK_STREAM_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What TCP would say of a descriptor of which the kernel says `events`, POLLHUP among them: the events of poll(2),
 * which are epoll's. Costs some system calls.
 */
uint32_t unsock_hangup_as_tcp(int fd, uint32_t events);

/* Has this process, or one that forked it, met an urgent byte? Until then only POLLPRI tells of one. */
extern bool unsock_urgent_met;

/* An urgent byte may come, and go before it is asked for: somebody wants the signal that tells of it. */
void unsock_urgent_expect(int fd);

/*
 * The kernel says that the descriptor can be read, by these events of poll. Would TCP say no, because nothing waits but
 * an urgent byte, or its empty place? Costs some system calls, where the peer has not ended.
 */
bool unsock_urgent_alone(int fd, uint32_t events);

#endif
