/*
 * What the kernel does not know of a socket: of a connection's end, as AF_UNIX has one word for what this side has shut
 * down and what the other one has; and of one that is bound, how the program sees it, where the name does not tell. The
 * marks are in an option of the socket that means nothing on AF_UNIX (SO_INCOMING_CPU), so that every descriptor of it
 * and every process that has it knows them.
 */
#ifndef UNSOCK_SOCKET_MARK_H
#define UNSOCK_SOCKET_MARK_H

#include <stdbool.h>
#include <stdint.h>

enum {
    UNSOCK_END_SHUT_WRITE = 1 << 0, /* this side has shut down writing */
    UNSOCK_END_SHUT_READ = 1 << 1,  /* this side has shut down reading */
    UNSOCK_END_LOST = 1 << 2,       /* a write after the peer's end was taken: TCP's would have been reset by it */
    UNSOCK_END_TOLD = 1 << 3,       /* the error that followed has been told */
    UNSOCK_END_RESET = 1 << 4,      /* the peer closed with unread data, and that has been told */
    UNSOCK_END_OVER = 1 << 5,       /* both sides have shut down writing: TCP's socket is closed */
    UNSOCK_END_UNKNOWN =
        1 << 6, /* no marks can be had (qemu's user emulation lacks the option): AF_UNIX's word counts */
    UNSOCK_MARK_INET6 = 1 << 8,     /* the program made an AF_INET6 socket */
    UNSOCK_MARK_IPV6 = 1 << 9,      /* of one that was handed over: its address is of IPv6 */
    UNSOCK_MARK_WILDCARD = 1 << 10, /* and it is the wildcard */
    UNSOCK_MARK_HOLDS = 1 << 11,    /* where a control file leads: a half-close is held back (calls/half_close.h) */
};

/* What the program may read in the option's place. */
#define UNSOCK_SOCKET_MARK 0x756e0000
#define UNSOCK_SOCKET_MARK_BITS 0xffff

/* The marks; 0 also for what is no socket. One system call. */
unsigned unsock_socket_mark(int fd);

/* The same, and where there can be none, UNSOCK_END_UNKNOWN. Two system calls where there are none. */
unsigned unsock_socket_mark_certain(int fd);

/* Adds some to those that there are. */
void unsock_socket_mark_set(int fd, unsigned old, unsigned added);

/*
 * Is TCP's socket closed: reset, or done by both sides? `mark` are the marks, `events` what poll says to POLLRDHUP. A
 * reset is marked.
 */
bool unsock_end_is_over(int fd, unsigned mark, int events);

/* Has these alone from now on. */
void unsock_socket_mark_replace(int fd, unsigned marks);

#endif
