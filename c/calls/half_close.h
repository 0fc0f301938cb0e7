/*
 * shutdown of one side where a control file leads. Over AF_TIPC there is none, and a multiplexer passes the end of what
 * a client sends on as the end of the connection: the answer is lost. So it is held back until the socket is closed, or
 * passed on, as the control file says (UNSOCK_CONTROL_HALF_CLOSE).
 */
#ifndef UNSOCK_HALF_CLOSE_H
#define UNSOCK_HALF_CLOSE_H

/* A connection was accepted from the listener: it does as that one. */
void unsock_half_close_inherit(int listener, int fd);

#define UNSOCK_HALF_CLOSE_HELD (-1)

/* What shutdown of a connected stream is to do: SHUT_RD, SHUT_WR, SHUT_RDWR, or UNSOCK_HALF_CLOSE_HELD, nothing yet. */
int unsock_half_close(int fd, int how);

#endif
