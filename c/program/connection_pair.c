/* Forwards data between the two connections of a pair. Bulk data from the real network goes through a pipe by
 * splice(2): a Unix socket takes the pipe's pages without a copy, so that splice moves 1.5 times as many bytes a second
 * as read and write. Toward TCP, splice is slower, and for a little data a pipe takes one system call more than a
 * buffer. So each direction begins with a buffer; the one from the real network changes to a pipe after a read of BULK
 * bytes. A connection has a buffer or a pipe only while its peer has not taken all of its data. */
#include "program/expose.h"

#include "kernel/socket_info.h"

#include <linux/poll.h>
#include <linux/tcp.h>

#define BUFFER (512 * 1024)
#define TURNS_MOST 32 /* steps of one connection; then others get their turn */
#define KEPT 16
#define PIPE (256 * 1024) /* one user's pipes may have 64 MB in all */
#define BULK (64 * 1024)  /* after a read of so many bytes, more are likely to follow */
#define LIMIT_MOST (1u << 20)

struct channel {
    int32_t out, in; /* 0: none */
};

/* By descriptor: one direction of a pair, from this connection to its peer. */
struct end {
    int32_t peer; /* 0: not joined. No socket has descriptor 0, as standard input stays open */
    bool ended;   /* this side sends no more data */
    bool told;    /* this direction is over: the half-close was passed on, or the peer takes no data */
    bool is_bulk; /* reads into a pipe, until there is nothing to read */
    bool is_real; /* on the real network: its bulk data may go through a pipe */
    bool holds;   /* gets its peer's half-close only after its own was passed on */
    struct channel pipe;
    uint32_t piped; /* bytes in the pipe */
    uint32_t at;    /* bytes of the buffer that the peer has taken */
    uint32_t size;  /* bytes in the buffer */
    uint8_t *buffer;
};

static struct end *pair_ends;
static uint64_t limit;
static uint8_t *kept_buffers[KEPT];
static unsigned kept_buffer_count;
static struct channel kept_pipes[KEPT];
static unsigned kept_pipe_count;

long unsock_connection_pair_start(uint64_t descriptors) {
    limit = UNSOCK_MIN(descriptors, LIMIT_MOST);
    pair_ends = unsock_map(limit * sizeof(*pair_ends));
    return pair_ends ? 0 : -ENOMEM;
}

static void watch_end(int fd, int operation) {
    unsock_expose_watch(operation, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, UNSOCK_EXPOSE_JOINED, (unsigned)fd);
}

static void leave_buffer(struct end *end) {
    if (end->buffer && kept_buffer_count < KEPT)
        kept_buffers[kept_buffer_count++] = end->buffer;
    else if (end->buffer)
        unsock_unmap(end->buffer, BUFFER);
    end->buffer = NULL;
    end->at = end->size = 0;
}

static void close_pipe(struct end *end) {
    if (end->pipe.in) {
        unsock_close(end->pipe.in);
        unsock_close(end->pipe.out);
    }
    end->pipe = (struct channel){0, 0};
}

static void leave_pipe(struct end *end) {
    if (end->pipe.in && end->piped == 0 && kept_pipe_count < KEPT)
        kept_pipes[kept_pipe_count++] = end->pipe;
    else
        close_pipe(end);
    end->pipe = (struct channel){0, 0};
    end->piped = 0;
    end->is_bulk = false;
}

static void forget_pair_end(int fd) {
    leave_buffer(&pair_ends[fd]);
    leave_pipe(&pair_ends[fd]);
    unsock_close(fd);
    pair_ends[fd] = (struct end){.peer = 0};
}

void unsock_connection_pair_reset(int fd) {
    struct linger at_once = {1, 0};
    unsock_setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    if ((uint64_t)fd < limit)
        forget_pair_end(fd);
    else
        unsock_close(fd);
}

/* Returns TCP's result: during a connect, AF_VSOCK and AF_TIPC fail with ENOTCONN, TCP with EAGAIN. */
static long as_tcp(int fd, long count) {
    bool connects = count == -ENOTCONN && !(unsock_socket_poll(fd, POLLOUT) & (POLLERR | POLLHUP));
    return connects ? -EAGAIN : count;
}

static void break_both(int one, int other) {
    unsock_connection_pair_reset(one);
    unsock_connection_pair_reset(other);
}

static long fill_pipe(int fd, struct end *end) {
    if (!end->pipe.in && kept_pipe_count > 0)
        end->pipe = kept_pipes[--kept_pipe_count];
    else if (!end->pipe.in && unsock_pipe2(&end->pipe, O_NONBLOCK | O_CLOEXEC) == 0 &&
             unsock_fcntl(end->pipe.in, F_SETPIPE_SZ, PIPE) < 0)
        close_pipe(end); /* the user's limit of memory for pipes is reached */
    end->is_real = end->pipe.in;
    long count = end->is_real ? unsock_splice(fd, NULL, end->pipe.in, NULL, PIPE, SPLICE_F_NONBLOCK) : 0;
    end->piped = count > 0 ? (uint32_t)count : 0;
    /* A sandbox's filter may forbid splice. */
    if (count == -EPERM || count == -ENOSYS) {
        end->is_real = false;
        count = 0;
    }
    /* A count of 0 is the data's end, or urgent data, which splice does not pass. The next read finds out which. */
    if (count <= 0)
        leave_pipe(end);
    return UNSOCK_MIN(count, 0);
}

/* Turns on keepalive probes for a client that has shut down its sending side: it may wait for an answer, or have
 * closed. A client's kernel forgets a closed socket after a minute (tcp_fin_timeout), and then answers a probe with a
 * reset. Returns false if the socket has no keepalive. */
static bool keep_asking(int fd) {
    int yes = 1, first = 2, interval = 10;
    return unsock_setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &first, sizeof(first)) == 0 &&
           unsock_setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval)) == 0 &&
           unsock_setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes)) == 0;
}

/* Reads more from `fd`, whose peer has taken all earlier data. Returns 0 or -errno; -EAGAIN: no data has arrived. */
static long fill(int fd, struct end *end) {
    if (end->is_bulk)
        return fill_pipe(fd, end);
    if (!end->buffer)
        end->buffer = kept_buffer_count > 0 ? kept_buffers[--kept_buffer_count] : unsock_map(BUFFER);
    if (!end->buffer)
        return -ENOMEM;
    long count = as_tcp(fd, unsock_read(fd, end->buffer, BUFFER));
    end->at = 0;
    end->size = count > 0 ? (uint32_t)count : 0;
    end->ended = count == 0;
    if (end->ended && pair_ends[end->peer].holds)
        pair_ends[end->peer].holds = keep_asking(fd);
    end->is_bulk = end->is_real && count >= BULK;
    return UNSOCK_MIN(count, 0);
}

/* Writes data to the peer. Returns 0 or -EAGAIN. Any other failure (for example, the peer has shut down reading) ends
 * only this direction, since the peer may still send. Later data from this side stays unread, so that the close of this
 * side's socket resets its connection. */
static long drain(struct end *end) {
    bool by_pipe = end->piped > 0;
    long count = by_pipe ? unsock_splice(end->pipe.out, NULL, end->peer, NULL, end->piped, SPLICE_F_NONBLOCK)
                         : unsock_write(end->peer, end->buffer + end->at, end->size - end->at);
    count = as_tcp(end->peer, count);
    if (count < 0 && count != -EAGAIN) {
        leave_buffer(end);
        leave_pipe(end);
        end->ended = end->told = true;
        return 0;
    }
    if (count > 0 && by_pipe)
        end->piped -= (uint32_t)count;
    else if (count > 0)
        end->at += (uint32_t)count;
    return UNSOCK_MIN(count, 0);
}

/* True if this side's half-close must not be passed on to its peer yet. */
static bool is_held(int fd, const struct end *end) {
    const struct end *peer = &pair_ends[end->peer];
    return peer->holds && !peer->told && !(unsock_socket_poll(fd, 0) & (POLLERR | POLLHUP));
}

/* Moves the available data from `fd` to its peer. Returns false if the connection is broken. */
static bool move_data(int fd) {
    struct end *end = &pair_ends[fd];
    long result = 0;
    int turns = 0;
    for (; result == 0 && !end->told && turns < TURNS_MOST; turns++) {
        if (end->piped > 0 || end->at < end->size) {
            result = drain(end);
        } else if (!end->ended) {
            result = fill(fd, end);
        } else if (is_held(fd, end)) {
            result = -EAGAIN;
        } else {
            /* AF_TIPC has no half-close (EINVAL): shuts down both directions, which also ends the peer's data. */
            if (unsock_shutdown(end->peer, SHUT_WR) == -EINVAL)
                pair_ends[end->peer].ended = unsock_shutdown(end->peer, SHUT_RDWR) == 0;
            end->told = true;
        }
    }
    if (end->at == end->size)
        leave_buffer(end);
    if (turns == TURNS_MOST)
        watch_end(fd, EPOLL_CTL_MOD); /* makes epoll report the descriptor again */
    return result == 0 || result == -EAGAIN;
}

void unsock_connection_pair_event(int fd) {
    if (fd < 0 || (uint64_t)fd >= limit || pair_ends[fd].peer == 0)
        return;
    int peer = pair_ends[fd].peer;
    bool whole = move_data(fd);
    /* Forwards the peer's earlier data, even if the connection of `fd` is broken. */
    whole &= move_data(peer);
    if (!whole) {
        break_both(fd, peer);
    } else if (pair_ends[fd].told && pair_ends[peer].told) {
        forget_pair_end(fd);
        forget_pair_end(peer);
    }
}

void unsock_connection_pair_join(int real, int inside, bool holds) {
    if ((uint64_t)real >= limit || (uint64_t)inside >= limit) {
        break_both(real, inside);
        return;
    }
    pair_ends[real] = (struct end){.peer = inside, .is_real = true};
    pair_ends[inside] = (struct end){.peer = real, .holds = holds};
    watch_end(real, EPOLL_CTL_ADD);
    watch_end(inside, EPOLL_CTL_ADD);
    unsock_connection_pair_event(real);
}
