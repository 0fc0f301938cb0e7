/* setsockopt and getsockopt at SOL_SOCKET: AF_UNIX lacks some options, and treats others unlike TCP and UDP. */
#include "options/options.h"

#include "kernel/socket_info.h"
#include "rt/user.h"
#include "rules/errno.h"

/* Sets SO_SNDTIMEO of a datagram socket. If the program's time is 0 (no limit) or above UNSOCK_SEND_LIMIT_NS, the
 * kernel gets the library's limit instead. getsockopt returns the program's time in any case. */
static long set_send_timeout(int fd, struct unsock_fd *entry, const void *value, socklen_t length) {
    long result = unsock_setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, value, length);
    if (result < 0 || length < sizeof(struct unsock_timeval))
        return result;
    int32_t number = unsock_socket_timeval_ms(value);
    unsock_option_remember(fd, entry, unsock_option_find(SOL_SOCKET, SO_SNDTIMEO), &number);
    if (entry->type == SOCK_DGRAM && (number == 0 || number * UNSOCK_MILLISECOND_NS > UNSOCK_SEND_LIMIT_NS))
        unsock_send_limit_time(fd);
    return 0;
}

/* Sets SO_SNDBUF of a datagram socket. getsockopt returns UDP's value; the real buffer may be larger. */
static long set_send_buffer(int fd, struct unsock_fd *entry, int name, const void *value, socklen_t length) {
    int32_t size = 0;
    socklen_t size_length = sizeof(size);
    UNSOCK_CLOSED long oracle = unsock_oracle_open(entry);
    if (oracle < 0)
        return unsock_setsockopt(fd, SOL_SOCKET, name, value, length);
    long result = unsock_setsockopt((int)oracle, SOL_SOCKET, name, value, length);
    if (result == 0)
        result = unsock_getsockopt((int)oracle, SOL_SOCKET, SO_SNDBUF, &size, &size_length);
    if (result < 0)
        return result;
    unsock_option_note(fd, entry, SOL_SOCKET, name);
    unsock_option_remember(fd, entry, unsock_option_find(SOL_SOCKET, SO_SNDBUF), &size);
    unsock_send_limit_grow(fd, size);
    return 0;
}

/* SO_ATTACH_REUSEPORT_*: a filter that chooses among sockets that share a port. Checks it on an oracle but does not
 * apply it: each socket has its own file, so the kernel has no choice to make. */
static long attach_reuseport(int fd, const struct unsock_fd *entry, int name, const void *value, socklen_t length) {
    int32_t on = unsock_option_flag(fd, entry, SOL_SOCKET, SO_REUSEPORT);
    UNSOCK_CLOSED long oracle = unsock_oracle_open(entry);
    if (oracle < 0)
        return oracle;
    unsock_setsockopt((int)oracle, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    return unsock_setsockopt((int)oracle, SOL_SOCKET, name, value, length);
}

/* True for options at SOL_SOCKET that AF_UNIX lacks or treats differently. */
static bool is_unlike_unix(int row) {
    if (row < 0 || unsock_option_table[row].name == SO_SNDTIMEO)
        return false;
    return unsock_option_table[row].kind == UNSOCK_OPTION_FLAG || unsock_option_table[row].kind == UNSOCK_OPTION_NUMBER;
}

/* True if SO_PEEK_OFF applies to the socket now. A listener's value is only remembered, for its accepted sockets. */
static bool can_peek(const struct unsock_fd *entry) {
    return entry->type == SOCK_DGRAM || unsock_state_is_connected(entry->state);
}

long unsock_options_set_socket(int fd, struct unsock_fd *entry, int row, int name, const void *value,
                               socklen_t length) {
    int32_t number = 1;
    if (is_unlike_unix(row)) {
        long wrong = unsock_oracle_set(fd, entry, SOL_SOCKET, name, value, length);
        bool applies = wrong == 0 && name == SO_PEEK_OFF && can_peek(entry);
        return applies ? unsock_setsockopt(fd, SOL_SOCKET, name, value, length) : wrong;
    }
    if (name == SO_ATTACH_REUSEPORT_CBPF || name == SO_ATTACH_REUSEPORT_EBPF)
        return attach_reuseport(fd, entry, name, value, length);
    if (name == SO_SNDTIMEO && entry->type == SOCK_DGRAM)
        return set_send_timeout(fd, entry, value, length);
    if ((name == SO_SNDBUF || name == SO_SNDBUFFORCE) && entry->type == SOCK_DGRAM)
        return set_send_buffer(fd, entry, name, value, length);
    /* AF_UNIX refuses SO_ZEROCOPY with any value. TCP lets the program turn it off, so this returns 0. */
    if (name == SO_ZEROCOPY && length >= sizeof(number) && unsock_user_read(&number, value, sizeof(number)) == 0 &&
        number == 0)
        return 0;
    long result = unsock_setsockopt(fd, SOL_SOCKET, name, value, length);
    if (result == 0 && row >= 0 && unsock_option_table[row].kind == UNSOCK_OPTION_APPLIED) {
        memcpy(&number, value, sizeof(number));
        unsock_option_remember(fd, entry, row, &number);
    } else if (result == 0) {
        unsock_option_note(fd, entry, SOL_SOCKET, name);
    }
    return result;
}

/* Answers SO_ERROR with EPIPE, once, if a write succeeded after the peer had closed: over TCP the peer would have
 * reset. Answers SO_INCOMING_CPU with 0 if the socket has marks: the kernel's value is then no processor's number. */
static long get_after_end(int fd, int name, void *value, socklen_t *length) {
    unsigned mark = unsock_socket_mark(fd);
    int32_t answer = name == SO_ERROR && (mark & (UNSOCK_END_LOST | UNSOCK_END_TOLD)) == UNSOCK_END_LOST ? EPIPE : 0;
    if (mark == 0 || (name == SO_ERROR && answer == 0))
        return unsock_getsockopt(fd, SOL_SOCKET, name, value, length);
    if (name == SO_ERROR)
        unsock_socket_mark_set(fd, mark, UNSOCK_END_TOLD);
    return unsock_option_answer(&answer, sizeof(answer), SOL_SOCKET, value, length);
}

/* Answers SO_ERROR with IP's errno: for a foreign socket with the result of a non-blocking connect to the target, for a
 * datagram socket with the error of an earlier datagram (calls/datagram.h). After a refused connect, answers with the
 * stored error if the kernel, too, has an error. Reading clears the kernel's error, which all duplicates share: so the
 * refusal is reported once. If the kernel does not answer, returns -errno: 0 would mean a connected socket. */
static long get_error(int fd, const struct unsock_fd *entry, void *value, socklen_t *length) {
    union unsock_sockaddr peer;
    long asked = unsock_socket_option(fd, SO_ERROR);
    if (asked < 0)
        return unsock_errno_as_ip(UNSOCK_AT_STEP, asked);
    int32_t error = (int32_t)asked, as_ip = (int32_t)-unsock_errno_as_ip(UNSOCK_AT_ERROR, -asked);
    if (unsock_fd_is_refused(entry))
        error = error > 0 ? unsock_fd_refusal(entry)->error : 0;
    /* A reset of an established connection keeps its errno. */
    else if (as_ip != error &&
             (entry->type == SOCK_DGRAM || unsock_socket_name(fd, __NR_getpeername, &peer) == -ENOTCONN))
        error = unsock_fd_is_left(entry) ? 0 : as_ip;
    return unsock_option_answer(&error, sizeof(error), SOL_SOCKET, value, length);
}

long unsock_options_get_socket(int fd, struct unsock_fd *entry, int name, void *value, socklen_t *length) {
    int32_t domain = entry->domain, protocol = entry->protocol;
    int row = unsock_option_find(SOL_SOCKET, name);
    if (name == SO_DOMAIN)
        return unsock_option_answer(&domain, sizeof(domain), SOL_SOCKET, value, length);
    if (name == SO_PROTOCOL)
        return unsock_option_answer(&protocol, sizeof(protocol), SOL_SOCKET, value, length);
    /* An IP connection has no peer credentials: an oracle answers. */
    if (name == SO_PEERCRED || name == SO_PEERGROUPS || name == UNSOCK_SO_PEERPIDFD)
        return unsock_oracle_get(entry, SOL_SOCKET, name, value, length);
    if (name == SO_ERROR &&
        (entry->kind == UNSOCK_KIND_FOREIGN || entry->type == SOCK_DGRAM || unsock_fd_is_refused(entry)))
        return get_error(fd, entry, value, length);
    bool ended = name == SO_INCOMING_CPU || (name == SO_ERROR && (entry->flags & UNSOCK_STREAM_LOST_WRITE));
    if (ended && entry->type == SOCK_STREAM && unsock_state_is_connected(entry->state))
        return get_after_end(fd, name, value, length);
    bool set = row >= 0 && unsock_option_is_set(fd, entry, row);
    if (name == SO_PEEK_OFF && can_peek(entry))
        return unsock_getsockopt(fd, SOL_SOCKET, name, value, length);
    bool send_buffer = name == SO_SNDBUF && entry->type == SOCK_DGRAM;
    /* Until it is connected, a TCP socket has the sizes of the sysctls tcp_rmem and tcp_wmem. */
    bool early_size = (name == SO_SNDBUF || name == SO_RCVBUF) && entry->type == SOCK_STREAM &&
                      !unsock_state_is_connected(entry->state);
    if ((is_unlike_unix(row) || send_buffer || early_size) && !set)
        return unsock_oracle_get(entry, SOL_SOCKET, name, value, length);
    bool remembered =
        is_unlike_unix(row) || send_buffer || (row >= 0 && unsock_option_table[row].kind == UNSOCK_OPTION_APPLIED);
    const int32_t *known = set && remembered ? unsock_option_recall(fd, entry, row) : NULL;
    if (known)
        return unsock_option_answer(known, sizeof(*known), SOL_SOCKET, value, length);
    if (name == SO_SNDTIMEO && entry->type == SOCK_DGRAM) {
        const int32_t *ms = unsock_option_recall(fd, entry, row);
        struct unsock_timeval time = {ms ? *ms / 1000 : 0, ms ? *ms % 1000 * 1000 : 0};
        return unsock_option_answer(&time, sizeof(time), SOL_SOCKET, value, length);
    }
    int32_t error = 0;
    socklen_t size = 0;
    long result = unsock_getsockopt(fd, SOL_SOCKET, name, value, length);
    /* The kernel forgets a reset once SO_ERROR has reported it: the mark makes later writes fail. */
    if (result == 0 && name == SO_ERROR && entry->type == SOCK_STREAM && unsock_state_is_connected(entry->state) &&
        unsock_user_read(&size, length, sizeof(size)) == 0 && size == sizeof(error) &&
        unsock_user_read(&error, value, sizeof(error)) == 0 && error != 0)
        unsock_socket_mark_set(fd, unsock_socket_mark(fd), UNSOCK_END_RESET);
    return result;
}
