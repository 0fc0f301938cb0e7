/* For how long a TCP connect goes on trying. Pure. */
#ifndef UNSOCK_SYN_LIMIT_H
#define UNSOCK_SYN_LIMIT_H

#include <stdint.h>

/*
 * Milliseconds after which a connect to a host that does not answer says ETIMEDOUT. `retries`: TCP_SYNCNT, or
 * tcp_syn_retries where that is not set; `linear`: tcp_syn_linear_timeouts (0 on kernels before 6.5); `user`:
 * TCP_USER_TIMEOUT in milliseconds, 0: none.
 */
int64_t unsock_syn_limit(uint32_t retries, uint32_t linear, uint32_t user);

#endif
