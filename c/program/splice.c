/* A pipe carries what is on its way in one direction; where nothing is, it serves another connection. */
#include "program/splice.h"

#include "memory/epoll_memory.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"

#include <linux/mman.h>

#define EPOLL_IN 0x001
#define EPOLL_OUT 0x004
#define EPOLL_READ_HANGUP 0x2000
#define EPOLL_EDGE (1u << 31)
#define EPOLL_ADD 1
#define EPOLL_MODIFY 3
#define SPLICE_FLAGS 3 /* SPLICE_F_MOVE | SPLICE_F_NONBLOCK */
#define CHUNK (256 * 1024)
#define TURNS_MOST 16 /* then it is another connection's turn */
#define PIPES_KEPT 64
#define LIMIT_MOST (1u << 20)
#define PAGE 4096
#define SET_PIPE_SIZE 1031 /* F_SETPIPE_SZ */

struct pipe {
    int32_t out, in;
};

/* One direction: from this descriptor to its peer. */
struct end {
    int32_t peer;     /* 0: it is none: standard input stays open */
    uint32_t pending; /* bytes in the pipe */
    struct pipe pipe;
    bool has_pipe;
    bool ended; /* nothing more comes from here */
    bool told;  /* and the peer knows */
};

static struct end *ends;
static uint64_t limit;
static long set;
static struct pipe kept[PIPES_KEPT];
static unsigned kept_count;

long unsock_splice_start(long epoll, uint64_t descriptors) {
    limit = UNSOCK_MIN(descriptors, LIMIT_MOST);
    set = epoll;
    long memory =
        unsock_sys(__NR_mmap, 0, limit * sizeof(*ends), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory < 0 && memory > -PAGE)
        return memory;
    ends = (struct end *)memory;
    return 0;
}

static void watch(int fd, int operation) {
    struct unsock_epoll_event event = {EPOLL_IN | EPOLL_OUT | EPOLL_READ_HANGUP | EPOLL_EDGE, (uint64_t)fd};
    unsock_sys(__NR_epoll_ctl, set, operation, fd, &event);
}

static bool take_pipe(struct end *end) {
    if (!end->has_pipe && kept_count > 0) {
        end->pipe = kept[--kept_count];
        end->has_pipe = true;
    }
    if (!end->has_pipe && unsock_sys(__NR_pipe2, &end->pipe, O_NONBLOCK | O_CLOEXEC) == 0) {
        unsock_sys(__NR_fcntl, end->pipe.in, SET_PIPE_SIZE, CHUNK); /* or it stays as it is */
        end->has_pipe = true;
    }
    return end->has_pipe;
}

/* One that still has something in it is nobody else's. */
static void leave_pipe(struct end *end) {
    if (!end->has_pipe)
        return;
    end->has_pipe = false;
    if (end->pending == 0 && kept_count < PIPES_KEPT) {
        kept[kept_count++] = end->pipe;
        return;
    }
    unsock_sys(__NR_close, end->pipe.out);
    unsock_sys(__NR_close, end->pipe.in);
}

static void forget(int fd) {
    leave_pipe(&ends[fd]);
    unsock_sys(__NR_close, fd);
    ends[fd] = (struct end){.peer = 0};
}

void unsock_splice_reset(int fd) {
    struct linger at_once = {1, 0};
    unsock_sys(__NR_setsockopt, fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    unsock_sys(__NR_close, fd);
}

static void break_both(int fd) {
    struct linger at_once = {1, 0};
    int peer = ends[fd].peer;
    unsock_sys(__NR_setsockopt, fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    unsock_sys(__NR_setsockopt, peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    forget(fd);
    forget(peer);
}

/* Fills the pipe, which is empty. Returns 0, or -errno: -EAGAIN where nothing has come. */
static long fill(int fd, struct end *end) {
    if (!take_pipe(end))
        return -EMFILE;
    long count = unsock_sys(__NR_splice, fd, NULL, end->pipe.in, NULL, CHUNK, SPLICE_FLAGS);
    if (count == 0)
        end->ended = true;
    end->pending = count > 0 ? (uint32_t)count : 0;
    return count < 0 ? count : 0;
}

/*
 * Empties it. A peer that takes nothing more may still have something to say, so that this direction alone is over: who
 * sends on is reset by the kernel when both have ended.
 */
static long drain(struct end *end) {
    long count = unsock_sys(__NR_splice, end->pipe.out, NULL, end->peer, NULL, end->pending, SPLICE_FLAGS);
    end->pending -= count > 0 ? (uint32_t)count : 0;
    if (count >= 0 || count == -EAGAIN)
        return UNSOCK_MIN(count, 0);
    leave_pipe(end);
    end->pending = 0;
    end->ended = end->told = true;
    return 0;
}

/* Moves what there is from this one to its peer. Returns false when the connection is broken. */
static bool move(int fd) {
    struct end *end = &ends[fd];
    long result = 0;
    int turns = 0;
    for (; result == 0 && !end->told && turns < TURNS_MOST; turns++) {
        if (end->pending == 0 && !end->ended)
            result = fill(fd, end);
        if (result == 0 && end->pending > 0)
            result = drain(end);
        if (end->pending > 0 || !end->ended || end->told)
            continue;
        unsock_sys(__NR_shutdown, end->peer, SHUT_WR);
        end->told = true;
    }
    if (end->pending == 0)
        leave_pipe(end);
    if (turns == TURNS_MOST)
        watch(fd, EPOLL_MODIFY); /* tells it once more */
    return result == 0 || result == -EAGAIN;
}

void unsock_splice_event(int fd) {
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

void unsock_splice_join(int one, int other) {
    if ((uint64_t)one >= limit || (uint64_t)other >= limit) {
        unsock_splice_reset(one);
        unsock_splice_reset(other);
        return;
    }
    ends[one] = (struct end){.peer = other};
    ends[other] = (struct end){.peer = one};
    watch(one, EPOLL_ADD);
    watch(other, EPOLL_ADD);
    unsock_splice_event(one);
}
