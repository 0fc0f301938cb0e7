/* connect by Firecracker's multiplexer. */
#include "calls/target.h"

#include "calls/connect.h"
#include "kernel/socket_info.h"
#include "rules/settings.h"

#define SOON_MS 50
#define FULL_MS 200 /* as long as a connect that does not block waits for a port's own full backlog */

/* TCP's own limits are looked at when the answer is not there soon. */
static long await_answer(int fd, const struct unsock_fd *entry, const struct unsock_ip *asked, int socket,
                         int64_t begun, struct unsock_firecracker *answer) {
    long end = -ETIMEDOUT, result = unsock_firecracker_await(socket, answer, begun + SOON_MS);
    if (result != -EINPROGRESS)
        return result;
    int64_t limit = asked ? begun + unsock_connect_limit(fd, entry, &end) : INT64_MAX;
    if (limit < answer->deadline && end == -ETIMEDOUT)
        answer->deadline = limit;
    return unsock_firecracker_await(socket, answer, limit);
}

long unsock_multiplexer_connect(int fd, const struct unsock_fd *entry, const struct unsock_control_file *control,
                                const struct unsock_ip *asked, int socket, struct unsock_firecracker *answer,
                                bool *goes_on) {
    uint64_t cookie = unsock_socket_cookie(fd);
    int64_t begun = unsock_clock_ms();
    bool may = asked && entry->type == SOCK_STREAM;
    bool at_once = may && unsock_socket_nonblocking(fd) == 1 && unsock_asking_has_room();
    answer->deadline = begun + unsock_settings.connect_timeout_ms;
    *goes_on = false;
    long result = unsock_firecracker_ask(socket, control, answer, at_once ? begun + FULL_MS : INT64_MAX);
    if (result < 0)
        return result;
    result = at_once ? -EINPROGRESS : await_answer(fd, entry, asked, socket, begun, answer);
    bool unfinished = result == -EINPROGRESS || result == -EINTR;
    *goes_on = at_once || (may && unfinished && unsock_asking_has_room());
    /* That took its time: another thread may have closed the descriptor, and its number be another's. */
    return unsock_socket_cookie(fd) != cookie ? -EBADF : result;
}
