/* One end of the test conversation sends and expects 200 kB of a pattern of its own, then its checksum. */
#ifndef PEER_H
#define PEER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum mode { MODE_BLOCKING, MODE_NONBLOCKING, MODE_EPOLL };
enum side { SIDE_SERVER, SIDE_CLIENT };

/* Prints one line about what went wrong, with errno's text when errno is not 0, and exits with status 1. */
void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Prints `label`, the address as text and its length: "label AF_INET 127.0.0.1:80 (16 bytes)". */
void print_address(const char *label, const struct sockaddr_storage *address, socklen_t length);

/*
 * Sends this side's bytes over the connected `fd` and checks the other side's, both completely. In MODE_EPOLL `epoll`
 * has `fd` registered with `fd` as its data; in the other modes it is -1.
 */
void exchange(int fd, enum side side, enum mode mode, int epoll);

/* Waits with poll (MODE_NONBLOCKING) or epoll (MODE_EPOLL) for one of `events` (EPOLLIN, EPOLLOUT) on `fd`. */
void wait_for(int fd, uint32_t events, enum mode mode, int epoll);

#endif
