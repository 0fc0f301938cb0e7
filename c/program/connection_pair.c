/*
 * Bulk data from TCP goes by splice(2), whose pages a Unix socket takes as they are: half as much again in a second,
 * for 0.8 of the processor's time. The other way it would take half as long again as by read and write, for TCP gets
 * page by page then; and little data is one call more each way. So a buffer is what begins. A connection has a buffer,
 * or a pipe, only as long as something is on its way that its peer does not take.
 */
#include "program/expose.h"

#include "calls/target.h"
#include "kernel/socket_info.h"

#include <linux/poll.h>
#include <linux/tcp.h>

#define BUFFER (512 * 1024)
#define TURNS_MOST 32 /* then it is another connection's turn */
#define KEPT 16
#define PIPE (256 * 1024) /* of the 64 MB that all pipes of a user may have */
#define BULK (64 * 1024)  /* who sends that at once sends more */
#define LIMIT_MOST (1u << 20)

struct channel {
    int32_t out, in; /* 0: there is none */
};

/* One direction: from this descriptor to its peer. */
struct end {
    int32_t peer; /* 0: it is none: standard input stays open */
    bool ended;   /* nothing more comes from here */
    bool told;    /* and the peer knows */
    bool is_bulk; /* by a pipe, while all that comes is taken */
    bool is_real; /* TCP's, of which nothing is looked at */
    bool holds;   /* told of the end of its peer only with its own */
    struct channel pipe;
    uint32_t piped; /* what is in that */
    uint32_t at;    /* what the peer has taken of the buffer */
    uint32_t size;  /* what is in it */
    uint32_t asked; /* the number of the multiplexer that has not answered, and one; 0: all is said */
    uint8_t *buffer;
};

/* A multiplexer that has been asked. They stand in no order; each one's time is as long as that of the others. */
struct asking {
    int fd;
    struct unsock_firecracker asked;
};

static struct end *pair_ends;
static struct asking *asking;
static unsigned asking_count;
static int64_t asking_until; /* nobody's time is up before */
static uint64_t limit;
static uint8_t *kept_buffers[KEPT];
static unsigned kept_buffer_count;
static struct channel kept_pipes[KEPT];
static unsigned kept_pipe_count;

long unsock_connection_pair_start(uint64_t descriptors) {
    limit = UNSOCK_MIN(descriptors, LIMIT_MOST);
    pair_ends = unsock_map(limit * sizeof(*pair_ends));
    asking = unsock_map(limit * sizeof(*asking));
    return pair_ends && asking ? 0 : -ENOMEM;
}

static void watch_end(int fd, int operation) {
    unsock_expose_watch(operation, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, UNSOCK_EXPOSE_JOINED, (unsigned)fd);
}

static bool take_buffer(struct end *end) {
    if (!end->buffer)
        end->buffer = kept_buffer_count > 0 ? kept_buffers[--kept_buffer_count] : unsock_map(BUFFER);
    return end->buffer;
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

static bool take_pipe(struct end *end) {
    if (!end->pipe.in && kept_pipe_count > 0) {
        end->pipe = kept_pipes[--kept_pipe_count];
    } else if (!end->pipe.in && unsock_pipe2(&end->pipe, O_NONBLOCK | O_CLOEXEC) == 0) {
        /* A user's share of memory for pipes may be used up. */
        if (unsock_fcntl(end->pipe.in, F_SETPIPE_SZ, PIPE) < 0)
            close_pipe(end);
    }
    return end->pipe.in;
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

void unsock_connection_pair_expect(int inside, const struct unsock_firecracker *asked, bool holds) {
    if ((uint64_t)inside >= limit)
        return;
    pair_ends[inside] = (struct end){.holds = holds};
    if (!asked)
        return;
    if (asking_count == 0)
        asking_until = asked->deadline;
    asking[asking_count++] = (struct asking){inside, *asked};
    pair_ends[inside].asked = asking_count;
}

static void leave_asking(struct end *end) {
    if (end->asked == 0)
        return;
    struct asking *last = &asking[--asking_count];
    asking[end->asked - 1] = *last;
    pair_ends[last->fd].asked = end->asked;
    end->asked = 0;
}

static void forget_pair_end(int fd) {
    leave_asking(&pair_ends[fd]);
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

/* Where a connect is on its way, AF_VSOCK and AF_TIPC say ENOTCONN to who reads or writes, and TCP says EAGAIN. */
static long as_tcp(int fd, long count) {
    bool connects = count == -ENOTCONN && !(unsock_socket_poll(fd, POLLOUT) & (POLLERR | POLLHUP));
    return connects ? -EAGAIN : count;
}

/* Over AF_TIPC, which has no half-close, that is the end of what this one says, too. */
static void tell_end(int fd) {
    if (unsock_shutdown(fd, SHUT_WR) == -EINVAL)
        pair_ends[fd].ended = unsock_shutdown(fd, SHUT_RDWR) == 0;
}

static void break_both(int one, int other) {
    unsock_connection_pair_reset(one);
    unsock_connection_pair_reset(other);
}

/* The pipe is empty. Returns 0 or -errno. */
static long fill_pipe(int fd, struct end *end) {
    end->is_real = take_pipe(end);
    long count = end->is_real ? unsock_splice(fd, NULL, end->pipe.in, NULL, PIPE, SPLICE_F_NONBLOCK) : 0;
    end->piped = count > 0 ? (uint32_t)count : 0;
    /* A sandbox's filter may not know it. */
    if (count == -EPERM || count == -ENOSYS) {
        end->is_real = false;
        count = 0;
    }
    /* 0 is the end, or urgent data, which splice does not go past: read says which. */
    if (count <= 0)
        leave_pipe(end);
    return UNSOCK_MIN(count, 0);
}

/*
 * Finds out whether a client that has shut down has closed, or waits for the answer. Asks its kernel after two seconds,
 * and then every ten (tcp_keepalive_timer, net/ipv4/tcp_timer.c, waits for the interval behind each question). That
 * forgets a closed socket after a minute (tcp_fin_timeout), and answers with a reset. False: it cannot be asked.
 */
static bool keep_asking(int fd) {
    int yes = 1, first = 2, interval = 10;
    return unsock_setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &first, sizeof(first)) == 0 &&
           unsock_setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval)) == 0 &&
           unsock_setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes)) == 0;
}

/* The multiplexer's answer, which is before all else. Returns 0, or -errno: -EAGAIN where it is not whole. */
static long fill_answer(int fd, struct end *end) {
    long result = unsock_firecracker_answer(fd, &asking[end->asked - 1].asked);
    if (result == -EINPROGRESS)
        return -EAGAIN;
    leave_asking(end);
    watch_end(end->peer, EPOLL_CTL_MOD); /* tells what has waited */
    return result == 0 ? 0 : -EBADMSG;
}

/* The peer has taken all that it may. Returns 0, or -errno: -EAGAIN where nothing has come. */
static long fill(int fd, struct end *end) {
    if (end->asked > 0)
        return fill_answer(fd, end);
    if (end->is_bulk)
        return fill_pipe(fd, end);
    if (!take_buffer(end))
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

/* A peer that takes nothing more may still have something to say, so that this direction alone is over then: who sends
 * on is reset by the kernel when both have ended. */
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

/* True if the end of this one's data is still to be kept from its peer. */
static bool is_held(int fd, const struct end *end) {
    const struct end *peer = &pair_ends[end->peer];
    return peer->holds && !peer->told && !(unsock_socket_poll(fd, 0) & (POLLERR | POLLHUP));
}

/* Moves what there is from this one to its peer. Returns false when the connection is broken. */
static bool move_data(int fd) {
    struct end *end = &pair_ends[fd];
    if (pair_ends[end->peer].asked > 0)
        return true;
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
            tell_end(end->peer);
            end->told = true;
        }
    }
    if (end->at == end->size)
        leave_buffer(end);
    if (turns == TURNS_MOST)
        watch_end(fd, EPOLL_CTL_MOD); /* tells it once more */
    return result == 0 || result == -EAGAIN;
}

void unsock_connection_pair_event(int fd) {
    if (fd < 0 || (uint64_t)fd >= limit || pair_ends[fd].peer == 0)
        return;
    int peer = pair_ends[fd].peer;
    bool whole = move_data(fd);
    /* Passes on the data that the peer has sent before, even if this one is broken. */
    whole &= move_data(peer);
    if (!whole) {
        break_both(fd, peer);
    } else if (pair_ends[fd].told && pair_ends[peer].told) {
        forget_pair_end(fd);
        forget_pair_end(peer);
    }
}

void unsock_connection_pair_join(int real, int inside) {
    if ((uint64_t)real >= limit || (uint64_t)inside >= limit) {
        break_both(real, inside);
        return;
    }
    pair_ends[real] = (struct end){.peer = inside, .is_real = true};
    pair_ends[inside].peer = real;
    watch_end(real, EPOLL_CTL_ADD);
    watch_end(inside, EPOLL_CTL_ADD);
    unsock_connection_pair_event(real);
}

int64_t unsock_connection_pair_go_on(void) {
    int64_t now = asking_count > 0 ? unsock_clock_ms() : 0;
    if (asking_count == 0 || now < asking_until)
        return asking_count == 0 ? -1 : asking_until - now;
    asking_until = INT64_MAX;
    /* From the last one on, as that takes the place of one that goes. */
    for (unsigned i = asking_count; i-- > 0;) {
        if (asking[i].asked.deadline <= now)
            unsock_connection_pair_event(asking[i].fd);
        else
            asking_until = UNSOCK_MIN(asking_until, asking[i].asked.deadline);
    }
    return asking_count > 0 ? asking_until - now : -1;
}
