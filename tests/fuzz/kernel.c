/* A false kernel, whose answers are the fuzzer's bytes. */
#include "kernel.h"

#include "rules/settings.h"

#include <linux/stat.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#define FIRST_DESCRIPTOR 100
#define STEP_NS 1000000
#define PIECES_MOST 50

struct fuzz_kernel fuzz_kernel;

/* The true one is among the exported functions, which are left out (scripts/fuzz.ts). */
const char *unsock_call_name(unsigned index) {
    (void)index;
    return NULL;
}

void fuzz_kernel_start(const uint8_t *data, size_t size) {
    fuzz_kernel = (struct fuzz_kernel){.inode = 42, .mode = 0100644};
    if (size >= 2) {
        static const int errors[] = {EIO, EINTR, EMFILE, ENOENT};
        fuzz_kernel.piece = data[0] & 0x0f;
        fuzz_kernel.failing = data[1] & 0x0f;
        fuzz_kernel.error = errors[data[0] >> 6];
        data += 2;
        size -= 2;
        /* Small pieces are slow, and find little. */
        if (fuzz_kernel.piece > 0 && fuzz_kernel.piece < size / PIECES_MOST)
            fuzz_kernel.piece = (unsigned)(size / PIECES_MOST);
    }
    fuzz_kernel.data = data;
    fuzz_kernel.size = size;
}

void *fuzz_exact(const uint8_t *data, size_t size) {
    void *copy = malloc(size);
    if (size > 0)
        memcpy(copy, data, size);
    return copy;
}

void fuzz_settings(void) {
    static const char *const environment[] = {"UNSOCK_DIR=/run/u", "UNSOCK_ADDR=127.0.0.0/8,::1", NULL};
    char line[256];
    struct unsock_text error;
    error = unsock_text_in(line, sizeof line);
    HOLDS(unsock_settings_read(environment, &unsock_settings, &error));
}

static long give(void *to, size_t room) {
    size_t length = fuzz_kernel.size - fuzz_kernel.used;
    length = length < room ? length : room;
    if (fuzz_kernel.piece > 0 && length > fuzz_kernel.piece)
        length = fuzz_kernel.piece;
    if (length > 0)
        memcpy(to, fuzz_kernel.data + fuzz_kernel.used, length);
    fuzz_kernel.used += length;
    return (long)length;
}

static long receive(void *to, size_t room, long flags) {
    size_t used = fuzz_kernel.used;
    long length = give(to, room);
    if (flags & MSG_PEEK)
        fuzz_kernel.used = used;
    return length;
}

/* One entry of a directory, as the kernel makes it: only its type and name are the fuzzer's. */
static long list(uint8_t *to, size_t room) {
    enum { LENGTH_AT = 16, TYPE_AT = 18, NAME_AT = 19, NAME_MOST = 255 };
    uint16_t length = NAME_AT + NAME_MOST + 1;
    if (room < length)
        return -EINVAL;
    memset(to, 0, length);
    long given = give(to + TYPE_AT, 1 + NAME_MOST);
    for (long i = 1; i < given; i++)
        to[TYPE_AT + i] = to[TYPE_AT + i] == '/' ? '.' : to[TYPE_AT + i];
    memcpy(to + LENGTH_AT, &length, sizeof length);
    return given < 2 || to[NAME_AT] == '\0' ? 0 : length;
}

static long look(struct statx *status) {
    memset(status, 0, sizeof *status);
    status->stx_ino = fuzz_kernel.inode;
    status->stx_mode = (uint16_t)fuzz_kernel.mode;
    status->stx_nlink = 3;
    return 0;
}

static long tell_time(struct timespec *now) {
    fuzz_kernel.now_ns += STEP_NS;
    *now = (struct timespec){fuzz_kernel.now_ns / 1000000000, fuzz_kernel.now_ns % 1000000000};
    return 0;
}

static long is_ready(struct pollfd *poll) {
    poll->revents = poll->events;
    return 1;
}

static long open_pair(int32_t ends[2]) {
    for (int i = 0; i < 2; i++)
        ends[i] = FIRST_DESCRIPTOR + (int32_t)fuzz_kernel.opened++;
    return 0;
}

long fuzz_syscall(long number, long a, long b, long c, long d, long e, long f) {
    (void)a, (void)f;
    if (++fuzz_kernel.calls == fuzz_kernel.failing && number != __NR_close)
        return -fuzz_kernel.error;
    switch (number) {
    case __NR_socket: /* of no family: a process that is trapped gets another answer (unsock_is_trapped) */
        if (a != AF_UNIX)
            return -EAFNOSUPPORT;
        /* fall through */
    case __NR_openat:
        return FIRST_DESCRIPTOR + fuzz_kernel.opened++;
    case __NR_pipe2:
        return open_pair((int32_t *)a);
    case __NR_socketpair:
        return open_pair((int32_t *)d);
    case __NR_close:
        return fuzz_kernel.opened--, 0;
    case __NR_recvfrom:
        return receive((void *)b, (size_t)c, d);
    case __NR_read:
        return give((void *)b, (size_t)c);
    case __NR_getdents64:
        return list((void *)b, (size_t)c);
    case __NR_readlinkat:
        return give((void *)c, (size_t)d);
    case __NR_statx:
        return look((struct statx *)e);
    case __NR_clock_gettime:
        return tell_time((struct timespec *)b);
    case __NR_ppoll:
        return is_ready((struct pollfd *)a);
    case __NR_sendto:
    case __NR_write:
        return c;
    case __NR_mmap:
        return -ENOMEM;
    case __NR_clone: /* 0 would tell the caller that it is the child */
    case __NR_clone3:
    case __NR_vfork:
        return -EAGAIN;
    case __NR_execve:
        return -ENOENT;
    case __NR_exit_group:
        __builtin_trap();
    default:
        return 0;
    }
}

/* The library's own memory functions would take the place of those that the sanitizer watches. */
bool unsock_same_bytes(const void *left, const void *right, size_t length) {
    return memcmp(left, right, length) == 0;
}
