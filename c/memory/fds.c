/* What is remembered about descriptors. */
#include "memory/fds.h"

#include "memory/epoll_memory.h"
#include "memory/option_table.h"

#define CHUNK UNSOCK_FDS_CHUNK
#define CHUNKS 1024 /* descriptors up to 2^20, the kernel's default limit */

/* The first chunk needs no system call; nearly every process stays within it. */
static UNSOCK_TABLE _Alignas(64) struct unsock_fd first_chunk[CHUNK];
void *unsock_fds_chunks[CHUNKS] = {first_chunk};
static uint32_t last_id;
int unsock_fds_top;
static uint8_t no_reads;
uint8_t *unsock_fds_reads = &no_reads;

struct unsock_fd *unsock_fds_entry(int fd) {
    unsigned number = (unsigned)fd;
    if (number >= CHUNK * CHUNKS)
        return NULL;
    struct unsock_fd *chunk = unsock_table_chunk(&unsock_fds_chunks[number / CHUNK], CHUNK * sizeof(*chunk));
    if (!chunk)
        return NULL;
    unsock_table_reach(&unsock_fds_top, fd);
    return &chunk[number % CHUNK];
}

/* A bit for each descriptor that may have a file. One too many costs a look. */
static UNSOCK_TABLE uint64_t with_file[CHUNK * CHUNKS / 64];

void unsock_fds_note_file(int fd) {
    if ((unsigned)fd < CHUNK * CHUNKS)
        __atomic_fetch_or(&with_file[fd / 64], (uint64_t)1 << fd % 64, __ATOMIC_RELAXED);
}

int unsock_fds_next_with_file(int from) {
    for (int fd = from; fd < unsock_fds_end(); fd++) {
        uint64_t rest = __atomic_load_n(&with_file[fd / 64], __ATOMIC_RELAXED) >> fd % 64;
        fd += rest ? __builtin_ctzll(rest) : 63 - fd % 64;
        const struct unsock_fd *entry = rest ? unsock_fds_known(fd) : NULL;
        if (entry && unsock_fd_has_file(entry))
            return fd;
    }
    return -1;
}

void unsock_fds_forget(int fd) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    unsock_epoll_forget(fd);
    if (!entry)
        return;
    if (entry->flags & UNSOCK_FILE)
        __atomic_fetch_and(&with_file[fd / 64], ~((uint64_t)1 << fd % 64), __ATOMIC_RELAXED);
    memset(entry, 0, sizeof(*entry));
}

void unsock_fds_duplicate(int from, int to) {
    struct unsock_fd *source = unsock_fds_known(from);
    if (from == to)
        return;
    /* Registrations in epoll sets belong to the descriptor number, not to the socket. */
    if (!source)
        unsock_fds_forget(to);
    unsock_epoll_forget(to);
    unsock_epoll_duplicate_set(from, to);
    if (!source)
        return;
    struct unsock_fd *copy = unsock_fds_entry(to);
    if (source->id == 0)
        source->id = __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED);
    source->flags |= UNSOCK_DUPLICATED;
    if (!copy)
        return;
    *copy = *source;
    if (copy->flags & UNSOCK_FILE)
        unsock_fds_note_file(to);
}

/* The entry of `other` if that is a duplicate of `fd`, else NULL. */
static struct unsock_fd *duplicate(int fd, const struct unsock_fd *source, int other) {
    struct unsock_fd *entry = other == fd ? NULL : unsock_fds_known(other);
    return entry && entry->id == source->id && entry->kind == source->kind ? entry : NULL;
}

bool unsock_fds_has_duplicate(const struct unsock_fd *old) {
    int end = old->flags & UNSOCK_DUPLICATED ? unsock_fds_end() : 0;
    for (int fd = 0; fd < end; fd++) {
        if (duplicate(-1, old, fd))
            return true;
    }
    return false;
}

static void tell_options(int fd, const struct unsock_fd *source, int other, struct unsock_fd *entry) {
    entry->options = source->options;
    if (source->flags & UNSOCK_OPTIONS) {
        unsock_option_copy(fd, other);
        unsock_fds_mark(entry, UNSOCK_OPTIONS);
    }
}

void unsock_fds_tell_options(int fd) {
    const struct unsock_fd *source = unsock_fds_known(fd);
    int end = source && (source->flags & UNSOCK_DUPLICATED) ? unsock_fds_end() : 0;
    for (int other = 0; other < end; other++) {
        struct unsock_fd *entry = duplicate(fd, source, other);
        if (entry)
            tell_options(fd, source, other, entry);
    }
}

void unsock_fds_tell_those(int fd, const struct unsock_fd *source) {
    for (int other = 0; other < unsock_fds_end(); other++) {
        struct unsock_fd *entry = duplicate(fd, source, other);
        if (!entry)
            continue;
        entry->state = source->state;
        entry->flags = (source->flags & ~UNSOCK_CHANGING) | (entry->flags & UNSOCK_CHANGING);
        if (entry->flags & UNSOCK_FILE)
            unsock_fds_note_file(other);
        tell_options(fd, source, other, entry);
        entry->local = source->local;
        entry->held = source->held;
    }
}

/* A bit for each descriptor: pages are only touched where some have been asked about. */
static UNSOCK_TABLE uint64_t asked[CHUNK * CHUNKS / 64];

bool unsock_asked_fd(int fd) {
    unsigned number = (unsigned)fd;
    return number >= CHUNK * CHUNKS || (__atomic_load_n(&asked[number / 64], __ATOMIC_RELAXED) >> number % 64 & 1);
}

void unsock_asked_fd_note(int fd) {
    unsigned number = (unsigned)fd;
    if (number < CHUNK * CHUNKS)
        __atomic_fetch_or(&asked[number / 64], (uint64_t)1 << number % 64, __ATOMIC_RELAXED);
}
