/* Makes the handshake with Firecracker's vsock multiplexer. */
#include "calls/target.h"

#include "memory/option_table.h"
#include "memory/process.h"
#include "options/options.h"
#include "rules/errno.h"

#include <linux/vm_sockets.h>

#define FULL_WAIT_NS 1000000
#define SIGNALS 64

/* True if the interrupting signal may end the connect: a handler of this or another signal lacks SA_RESTART. */
static bool is_ended_by_signal(void) {
    struct unsock_signal_action action;
    for (int number = 1; number <= SIGNALS; number++) {
        if (unsock_rt_sigaction(number, NULL, &action) == 0 && action.handler != (void *)SIG_IGN &&
            action.handler != (void *)SIG_DFL && !(action.flags & SA_RESTART))
            return true;
    }
    return false;
}

int64_t unsock_firecracker_end(int fd, const struct unsock_fd *entry, int64_t begun) {
    struct unsock_timeval time = {0, 0};
    socklen_t size = sizeof(time);
    if (unsock_option_is_set(fd, entry, unsock_option_find(SOL_SOCKET, SO_SNDTIMEO)))
        unsock_getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, &size);
    int32_t limit = unsock_socket_timeval_ms(&time);
    return limit > 0 ? begun + limit : INT64_MAX;
}

static long await_multiplexer(int socket, int64_t deadline) {
    for (;;) {
        int64_t left = deadline - unsock_clock_ms();
        if (left <= 0)
            return -ETIMEDOUT;
        long result = unsock_await(socket, EPOLLIN, left);
        if (result > 0)
            return 0;
        if (result < 0 && (result != -EINTR || is_ended_by_signal()))
            return result;
    }
}

static long connect_proxy(int socket, const struct unsock_control_file *control, int64_t full) {
    for (;;) {
        long result = unsock_connect(socket, control->proxy, control->proxy_length);
        if (result != -EAGAIN && result != -EINTR)
            return unsock_errno_as_ip(UNSOCK_AT_MULTIPLEXER, result);
        if (unsock_clock_ms() >= full)
            return -ETIMEDOUT;
        if (unsock_pause(FULL_WAIT_NS) == -EINTR && is_ended_by_signal())
            return -EINTR;
    }
}

long unsock_firecracker_ask(int socket, const struct unsock_control_file *control, struct unsock_firecracker *asked,
                            int64_t full) {
    UNSOCK_TEXT(line, UNSOCK_FIRECRACKER_LINE);
    struct sockaddr_vm dest;
    memcpy(&dest, control->dest, sizeof(dest));
    long result = connect_proxy(socket, control, UNSOCK_MIN(full, asked->deadline));
    asked->length = 0;
    if (result < 0)
        return result;
    /* Must be one write: the multiplexer drops the connection if its read gets only a part of the request. */
    unsock_text_join(&line, "CONNECT ", UNSOCK_DECIMAL(dest.svm_port), "\n");
    result = unsock_sendto(socket, line.buffer, line.length, MSG_NOSIGNAL, NULL, 0);
    return result == (long)line.length ? 0 : -ECONNREFUSED;
}

static bool is_ok(struct unsock_span line) {
    uint64_t number;
    struct unsock_span word = unsock_span_next(&line, ' ');
    return unsock_span_is(word, "OK") && unsock_span_number(line, 10, UINT32_MAX, &number);
}

/* Reads the bytes that have arrived, up to the line's end. Returns their number, 0 at the end of file, or -errno. */
static long take_line(int socket, char *place, size_t size, bool *ends) {
    long count = unsock_recvfrom(socket, place, size, MSG_PEEK | MSG_DONTWAIT, NULL, NULL);
    long length = 0;
    *ends = false;
    while (length < count && !*ends)
        *ends = place[length++] == '\n';
    if (count <= 0)
        return count;
    return unsock_recvfrom(socket, place, length, MSG_DONTWAIT, NULL, NULL);
}

long unsock_firecracker_answer(int socket, struct unsock_firecracker *asked) {
    while (asked->length < sizeof(asked->line)) {
        bool ends;
        long count = take_line(socket, asked->line + asked->length, sizeof(asked->line) - asked->length, &ends);
        if (count == -EAGAIN || count == -EINTR)
            return unsock_clock_ms() < asked->deadline ? -EINPROGRESS : -ETIMEDOUT;
        if (count <= 0)
            return -ECONNREFUSED;
        asked->length += (uint32_t)count;
        if (ends)
            return is_ok((struct unsock_span){asked->line, asked->length - 1}) ? 0 : -ECONNREFUSED;
    }
    return -ECONNREFUSED;
}

long unsock_firecracker_await(int socket, struct unsock_firecracker *asked, int64_t end) {
    for (;;) {
        long result = await_multiplexer(socket, UNSOCK_MIN(end, asked->deadline));
        if (result == -ETIMEDOUT && end < asked->deadline)
            return -EINPROGRESS;
        if (result == 0)
            result = unsock_firecracker_answer(socket, asked);
        if (result != -EINPROGRESS)
            return result;
    }
}
