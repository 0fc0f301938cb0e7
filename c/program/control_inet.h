/* IP addresses with a port as users write them: 192.0.2.1:80, [2001:db8::1]:80, [fe80::1%2]:80. Pure. */
#ifndef UNSOCK_CONTROL_INET_H
#define UNSOCK_CONTROL_INET_H

#include "rt/net.h"

/* Reads one into a sockaddr_in or sockaddr_in6 of `length` bytes. False: it is none. */
bool unsock_control_inet(const char *text, union unsock_sockaddr *address, uint32_t *length);

#endif
