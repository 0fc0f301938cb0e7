/*
 * POLLHUP, and EPOLLHUP, of AF_UNIX: it comes when the peer has closed, where TCP waits for both sides to have shut
 * down.
 */
#ifndef UNSOCK_HANGUP_H
#define UNSOCK_HANGUP_H

#include <stdint.h>

/*
 * What TCP would say of a descriptor of which the kernel says `events`, POLLHUP among them: the events of poll(2),
 * which are epoll's. Costs some system calls.
 */
uint32_t unsock_hangup_as_tcp(int fd, uint32_t events);

#endif
