/* Beyond Unix sockets a connection is tried, and closed at once. */
#include "program/answers_target.h"

#include "calls/firecracker.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/system_calls.h"
#include "rules/control.h"

#include <linux/poll.h>
#include <linux/vm_sockets.h>

#define MILLISECOND 1000000

static long await(long socket, int64_t most) {
    struct timespec timeout = {most / 1000, most % 1000 * MILLISECOND};
    struct pollfd poll = {.fd = (int)socket, .events = POLLOUT};
    int error = 0;
    socklen_t size = sizeof(error);
    if (unsock_ppoll(&poll, 1, &timeout, NULL, 0) != 1)
        return -ETIMEDOUT;
    long result = unsock_getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size);
    return result < 0 ? result : -error;
}

static long connect_multiplexer(int socket, const struct unsock_control_file *control, int64_t most) {
    struct unsock_firecracker asked = {.deadline = unsock_firecracker_now() + most};
    long result = unsock_firecracker_ask(socket, control, &asked, INT64_MAX);
    return result == 0 ? unsock_firecracker_await(socket, &asked, INT64_MAX) : result;
}

/* Is a connection taken? */
static bool is_taken(const struct unsock_control_file *control, int family, int64_t most) {
    bool firecracker = control->options & UNSOCK_CONTROL_FIRECRACKER;
    long socket = unsock_socket(firecracker ? AF_UNIX : family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket < 0)
        return false;
    long result = firecracker ? connect_multiplexer((int)socket, control, most)
                              : unsock_connect(socket, control->dest, control->dest_length);
    if (result == -EINPROGRESS)
        result = await(socket, most);
    unsock_close(socket);
    return result == 0;
}

static bool is_any_cid(const struct unsock_control_file *control, int family) {
    struct sockaddr_vm vsock;
    memcpy(&vsock, control->dest, sizeof(vsock));
    return family == UNSOCK_AF_VSOCK && vsock.svm_cid == VMADDR_CID_ANY;
}

void unsock_answers_target(const struct unsock_control_file *control, int type, int64_t most,
                           struct unsock_answers *answers) {
    uint16_t family;
    memcpy(&family, control->dest, sizeof(family));
    bool firecracker = control->options & UNSOCK_CONTROL_FIRECRACKER;
    if (!firecracker && family == AF_UNIX) {
        answers->by = UNSOCK_ANSWER_BY_FILE;
        answers->answer = unsock_control_refuses(control)
                              ? UNSOCK_ANSWER_NOBODY
                              : unsock_answers_unix(control->dest, control->dest_length, type);
        return;
    }
    answers->by = UNSOCK_ANSWER_BY_CONNECTION;
    bool is_told = type == SOCK_STREAM && (firecracker || !is_any_cid(control, family));
    answers->answer = !is_told || is_taken(control, family, most) ? UNSOCK_ANSWER_READY : UNSOCK_ANSWER_NOBODY;
}
