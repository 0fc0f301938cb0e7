/* TCP_INFO of a redirected socket. */
#include "options/tcp_info.h"

#include "kernel/socket_info.h"
#include "memory/fds.h"
#include "memory/state.h"
#include "rt/mem.h"
#include "rt/net.h"

#include <linux/poll.h>
#include <linux/tcp.h>

enum { STATE_ESTABLISHED = 1, STATE_CLOSE = 7, STATE_CLOSE_WAIT = 8, STATE_LISTEN = 10 }; /* net/tcp_states.h */

static uint8_t tcp_state(int fd, const struct unsock_fd *entry) {
    if (entry->state == UNSOCK_STATE_LISTENING)
        return STATE_LISTEN;
    int events = unsock_state_is_connected(entry->state) ? unsock_socket_poll(fd, POLLRDHUP) : POLLERR;
    if (events & (POLLHUP | POLLERR))
        return STATE_CLOSE;
    return events & POLLRDHUP ? STATE_CLOSE_WAIT : STATE_ESTABLISHED;
}

void unsock_tcp_info_complete(int fd, const struct unsock_fd *entry, void *info, socklen_t length) {
    struct tcp_info whole;
    if (!info || length == 0)
        return;
    socklen_t size = UNSOCK_MIN(length, sizeof(whole));
    memset(&whole, 0, sizeof(whole));
    memcpy(&whole, info, size);
    whole.tcpi_state = tcp_state(fd, entry);
    if (unsock_state_is_connected(entry->state)) {
        whole.tcpi_snd_mss = whole.tcpi_rcv_mss = 65483;
        whole.tcpi_advmss = 65483;
        whole.tcpi_pmtu = 65536;
        whole.tcpi_snd_cwnd = 10;
    }
    memcpy(info, &whole, size);
}
