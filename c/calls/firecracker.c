/* The handshake of Firecracker's vsock multiplexer. */
#include "calls/firecracker.h"

#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rt/text.h"
#include "rules/errno.h"
#include "unsock.h"

#include <linux/poll.h>
#include <linux/vm_sockets.h>

#define ANSWER_MOST 32 /* "OK 4294967295\n" is 14 */
#define FULL_WAIT_NS 1000000

static int64_t now_ms(void) {
    struct timespec now = {0};
    unsock_sys(__NR_clock_gettime, 1 /* CLOCK_MONOTONIC */, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until `events` or the deadline. Returns 0 or -ETIMEDOUT. */
static long await(int socket, short events, int64_t deadline) {
    for (;;) {
        int64_t left = deadline - now_ms();
        struct timespec timeout = {left / 1000, left % 1000 * 1000000};
        struct pollfd poll = {.fd = socket, .events = events};
        if (left <= 0)
            return -ETIMEDOUT;
        long count = unsock_sys(__NR_ppoll, &poll, 1, &timeout, 0, 0);
        if (count > 0)
            return 0;
        if (count < 0 && count != -EINTR)
            return count;
    }
}

static long connect_proxy(int socket, const struct unsock_control_file *control, int64_t deadline) {
    struct timespec pause = {0, FULL_WAIT_NS};
    for (;;) {
        long result = unsock_sys(__NR_connect, socket, control->proxy, control->proxy_length);
        if (result != -EAGAIN && result != -EINTR)
            return unsock_errno_as_ip(UNSOCK_AT_MULTIPLEXER, result);
        if (now_ms() >= deadline)
            return -ETIMEDOUT;
        unsock_sys(__NR_nanosleep, &pause, 0);
    }
}

/* In one write: the multiplexer reads the line with one read. */
static long send_request(int socket, const struct unsock_control_file *control, int64_t deadline) {
    char line[ANSWER_MOST];
    struct unsock_text text;
    struct sockaddr_vm dest;
    memcpy(&dest, control->dest, sizeof(dest));
    unsock_text_start(&text, line, sizeof(line));
    unsock_text_put(&text, "CONNECT ");
    unsock_text_number(&text, dest.svm_port, 10, 1);
    unsock_text_char(&text, '\n');
    long result = unsock_sys(__NR_sendto, socket, line, text.length, MSG_NOSIGNAL, 0, 0);
    if (result == -EAGAIN && await(socket, POLLOUT, deadline) == 0)
        result = unsock_sys(__NR_sendto, socket, line, text.length, MSG_NOSIGNAL, 0, 0);
    return result == (long)text.length ? 0 : -ECONNREFUSED;
}

static bool is_ok(struct unsock_span line) {
    uint64_t number;
    struct unsock_span word = unsock_span_next(&line, ' ');
    return unsock_span_is(word, "OK") && unsock_span_number(line, 10, UINT32_MAX, &number);
}

/* Byte by byte: what follows the line belongs to the program. */
static long read_answer(int socket, int64_t deadline) {
    char line[ANSWER_MOST];
    size_t length = 0;
    while (length < sizeof(line)) {
        long count = unsock_sys(__NR_recvfrom, socket, line + length, 1, 0, 0, 0);
        if (count == -EINTR)
            continue;
        if (count == -EAGAIN) {
            long waited = await(socket, POLLIN, deadline);
            if (waited < 0)
                return waited;
            continue;
        }
        if (count <= 0)
            return -ECONNREFUSED;
        if (line[length] == '\n')
            return is_ok((struct unsock_span){line, length}) ? 0 : -ECONNREFUSED;
        length++;
    }
    return -ECONNREFUSED;
}

long unsock_firecracker_connect(int socket, const struct unsock_control_file *control, int64_t most) {
    int64_t deadline = now_ms() + most;
    long result = connect_proxy(socket, control, deadline);
    if (result == 0)
        result = send_request(socket, control, deadline);
    if (result == 0)
        result = read_answer(socket, deadline);
    return result;
}
