/* Half-closes where a control file leads. */
#include "calls/stream_end.h"

#include "kernel/log.h"
#include "kernel/socket_info.h"

void unsock_half_close_inherit(int listener, int fd) {
    if (unsock_socket_mark(listener) & UNSOCK_MARK_HOLDS)
        unsock_socket_mark_replace(fd, UNSOCK_MARK_HOLDS);
}

int unsock_half_close(int fd, int how) {
    unsigned mark = unsock_socket_mark(fd);
    bool held = how == SHUT_WR && (mark & UNSOCK_MARK_HOLDS);
    if (held) {
        unsock_socket_mark_set(fd, mark, UNSOCK_END_SHUT_WRITE);
        unsock_log("shutdown (held back until close)", fd, NULL, NULL, 0);
    }
    if (held || how == SHUT_RDWR || unsock_socket_option(fd, SO_DOMAIN) != UNSOCK_AF_TIPC)
        return held ? UNSOCK_HALF_CLOSE_HELD : how;
    /* Only both sides can be shut down: of what reads no more the peer need not know. */
    return how == SHUT_RD && !(mark & UNSOCK_END_SHUT_WRITE) ? UNSOCK_HALF_CLOSE_HELD : SHUT_RDWR;
}
