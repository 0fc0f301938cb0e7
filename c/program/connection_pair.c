/*
 * Bulk data from TCP goes by splice(2), whose pages a Unix socket takes as they are: half as much again in a second,
 * for 0.8 of the processor's time. The other way it would take half as long again as by read and write, for TCP gets
 * page by page then; and little data is one call more each way. So a buffer is what begins. A connection has a buffer,
 * or a pipe, only as long as something is on its way that its peer does not take.
 */
#include "program/http.h"

#include "kernel/socket_info.h"
#include "program/expose.h"

#include <linux/poll.h>

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
    int32_t peer;   /* 0: it is none: standard input stays open */
    bool ended;     /* nothing more comes from here */
    bool told;      /* and the peer knows */
    bool is_client; /* of HTTP's */
    bool is_bulk;   /* by a pipe, while all that comes is taken */
    bool is_real;   /* TCP's, of which nothing is looked at */
    struct channel pipe;
    uint32_t piped;  /* what is in that */
    uint32_t at;     /* what the peer has taken of the buffer */
    uint32_t passed; /* what it may take */
    uint32_t size;   /* what is in it */
    uint8_t *buffer;
    struct unsock_http_gate *gate; /* NULL: all may pass. Both ends have it, the client's owns it */
};

static struct end *ends;
static uint64_t limit;
static long set;
static uint8_t *kept[KEPT];
static unsigned kept_count;
static struct channel kept_pipes[KEPT];
static unsigned kept_pipe_count;

long unsock_connection_pair_start(long epoll, uint64_t descriptors) {
    limit = UNSOCK_MIN(descriptors, LIMIT_MOST);
    set = epoll;
    ends = unsock_map(limit * sizeof(*ends));
    return ends ? 0 : -ENOMEM;
}

static void watch(int fd, int operation) {
    unsock_expose_watch(set, operation, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, UNSOCK_EXPOSE_JOINED,
                        (unsigned)fd);
}

static bool take_buffer(struct end *end) {
    if (!end->buffer)
        end->buffer = kept_count > 0 ? kept[--kept_count] : unsock_map(BUFFER);
    return end->buffer;
}

static void leave_buffer(struct end *end) {
    if (end->buffer && kept_count < KEPT)
        kept[kept_count++] = end->buffer;
    else if (end->buffer)
        unsock_unmap(end->buffer, BUFFER);
    end->buffer = NULL;
    end->at = end->passed = end->size = 0;
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

static void forget(int fd) {
    leave_buffer(&ends[fd]);
    leave_pipe(&ends[fd]);
    if (ends[fd].is_client)
        unsock_http_gate_end(ends[fd].gate);
    unsock_close(fd);
    ends[fd] = (struct end){.peer = 0};
}

static void close_by_reset(int fd) {
    struct linger at_once = {1, 0};
    unsock_setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

void unsock_connection_pair_reset(int fd) {
    close_by_reset(fd);
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
        ends[fd].ended = unsock_shutdown(fd, SHUT_RDWR) == 0;
}

static void break_both(int fd) {
    int peer = ends[fd].peer;
    close_by_reset(fd);
    close_by_reset(peer);
    forget(fd);
    forget(peer);
}

/* What has come and may go on, goes on. Returns 0 or -EBADMSG. */
static long let_pass(struct end *end) {
    size_t size = end->size - end->passed;
    long count = (long)size;
    if (end->gate && size > 0)
        count = unsock_http_gate_pass(end->gate, end->is_client, end->buffer + end->passed, &size);
    if (count < 0)
        return -EBADMSG;
    if (end->gate && end->is_client && end->gate->asks_end)
        tell_end(end->peer);
    end->size = end->passed + (uint32_t)size;
    end->passed += (uint32_t)count;
    return 0;
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

/* The peer has taken all that it may. Returns 0, or -errno: -EAGAIN where nothing has come. */
static long fill(int fd, struct end *end) {
    if (end->is_bulk)
        return fill_pipe(fd, end);
    if (!take_buffer(end))
        return -ENOMEM;
    uint32_t kept = end->size - end->at;
    if (kept > 0)
        memmove(end->buffer, end->buffer + end->at, kept);
    end->at = end->passed = 0;
    end->size = kept;
    if (kept == BUFFER)
        return -EBADMSG;
    long count = as_tcp(fd, unsock_read(fd, end->buffer + kept, BUFFER - kept));
    end->size += count > 0 ? (uint32_t)count : 0;
    /* A server that has answered without reading all is no reason to lose the answer. */
    bool is_answered = count == -ECONNRESET && end->gate && !end->is_client && end->gate->answered > 0;
    end->ended = count == 0 || is_answered;
    end->is_bulk = end->is_real && count >= BULK;
    return count < 0 && !is_answered ? count : let_pass(end);
}

/*
 * A peer that takes nothing more may still have something to say, so that this direction alone is over then: who sends
 * on is reset by the kernel when both have ended.
 */
static long drain(struct end *end) {
    bool by_pipe = end->piped > 0;
    long count = by_pipe ? unsock_splice(end->pipe.out, NULL, end->peer, NULL, end->piped, SPLICE_F_NONBLOCK)
                         : unsock_write(end->peer, end->buffer + end->at, end->passed - end->at);
    count = as_tcp(end->peer, count);
    if (count < 0 && count != -EAGAIN) {
        leave_buffer(end);
        leave_pipe(end);
        if (end->is_client)
            end->gate->is_over = true; /* and may have an answer all the same */
        else
            end->ended = end->told = true;
        return 0;
    }
    if (count > 0 && by_pipe)
        end->piped -= (uint32_t)count;
    else if (count > 0)
        end->at += (uint32_t)count;
    return UNSOCK_MIN(count, 0);
}

/* Moves what there is from this one to its peer. Returns false when the connection is broken. */
static bool move(int fd) {
    struct end *end = &ends[fd];
    long result = let_pass(end);
    int turns = 0;
    for (; result == 0 && !end->told && turns < TURNS_MOST; turns++) {
        if (end->piped > 0 || end->at < end->passed) {
            result = drain(end);
        } else if (!end->ended) {
            result = fill(fd, end);
        } else {
            tell_end(end->peer);
            end->told = true;
        }
    }
    if (end->at == end->size)
        leave_buffer(end);
    if (turns == TURNS_MOST)
        watch(fd, EPOLL_CTL_MOD); /* tells it once more */
    return result == 0 || result == -EAGAIN;
}

void unsock_connection_pair_event(int fd) {
    if (fd < 0 || (uint64_t)fd >= limit || ends[fd].peer == 0)
        return;
    int peer = ends[fd].peer;
    bool whole = move(fd);
    /* What the peer has said before is told, whatever is with this one. */
    whole &= move(peer);
    if (!whole) {
        break_both(fd);
    } else if (ends[fd].told && ends[peer].told) {
        forget(fd);
        forget(peer);
    }
}

static bool have_room(int one, int other) {
    if ((uint64_t)one < limit && (uint64_t)other < limit)
        return true;
    unsock_connection_pair_reset(one);
    unsock_connection_pair_reset(other);
    return false;
}

static void begin(int one, int other) {
    watch(one, EPOLL_CTL_ADD);
    watch(other, EPOLL_CTL_ADD);
    unsock_connection_pair_event(one);
}

void unsock_connection_pair_join(int real, int inside) {
    if (!have_room(real, inside))
        return;
    ends[real] = (struct end){.peer = inside, .is_real = true};
    ends[inside] = (struct end){.peer = real};
    begin(real, inside);
}

void unsock_connection_pair_join_http(int client, int server, struct unsock_http_gate *gate, const void *bytes,
                                      size_t size, size_t passed) {
    struct end end = {.peer = server, .is_client = true, .gate = gate};
    bool has_room = have_room(client, server);
    if (!has_room || size > UNSOCK_JOINED_BEFORE || !take_buffer(&end)) {
        unsock_http_gate_end(gate);
        if (has_room) {
            unsock_connection_pair_reset(client);
            unsock_connection_pair_reset(server);
        }
        return;
    }
    memcpy(end.buffer, bytes, size);
    end.size = (uint32_t)size;
    end.passed = (uint32_t)passed;
    ends[client] = end;
    ends[server] = (struct end){.peer = client, .gate = gate};
    begin(client, server);
}
