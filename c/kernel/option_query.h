/* Options that decide about the socket itself: what was set, remembered here or by the kernel. */
#ifndef UNSOCK_OPTION_QUERY_H
#define UNSOCK_OPTION_QUERY_H

#include "memory/fds.h"

/* The number that the program set; 0 when it set none. */
int32_t unsock_option_number(int fd, const struct unsock_fd *entry, int level, int name);

/* Is this flag (SO_REUSEPORT, IPV6_V6ONLY, IP_PKTINFO, …) on? Works for every kind of descriptor. */
bool unsock_option_flag(int fd, const struct unsock_fd *entry, int level, int name);

#endif
