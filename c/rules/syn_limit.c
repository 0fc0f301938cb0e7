/* The time-outs of a TCP connect, as the kernel counts them (net/ipv4/tcp_timer.c). */
#include "rules/syn_limit.h"

#include "rt/mem.h"

#define FIRST_MS 1000  /* TCP_TIMEOUT_INIT */
#define MOST_MS 120000 /* TCP_RTO_MAX */
#define DOUBLINGS 6    /* from the one to the other */

/* tcp_model_timeout: after so many retries, each waiting twice as long as the one before. */
static int64_t model(uint32_t retries) {
    if (retries <= DOUBLINGS)
        return ((int64_t)2 << retries) * FIRST_MS - FIRST_MS;
    return ((int64_t)2 << DOUBLINGS) * FIRST_MS - FIRST_MS + (int64_t)(retries - DOUBLINGS) * MOST_MS;
}

/* The end is looked at only when the timer for a retry fires; of the time that the user allows it leaves nothing over.
 */
int64_t unsock_syn_limit(uint32_t retries, uint32_t linear, uint32_t user) {
    int64_t time = FIRST_MS, wait = FIRST_MS, limit = user > 0 ? user : model(retries);
    for (uint32_t sent = 0; sent < retries + linear && time < limit; sent++) {
        if (sent >= linear)
            wait = UNSOCK_MIN(2 * wait, MOST_MS);
        time += user > 0 ? UNSOCK_MIN(wait, limit - time) : wait;
    }
    return time;
}
