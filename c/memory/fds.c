/* Stores the entries of descriptors, and joins the entries of duplicates in rings. */
#include "memory/fds.h"

#include "memory/epoll_memory.h"
#include "memory/option_table.h"
#include "memory/process.h"

#define CHUNK UNSOCK_FDS_CHUNK
#define CHUNKS 1024 /* descriptors up to 2^20, the kernel's default limit */

/* The first chunk needs no system call, and nearly every process stays within it. */
static UNSOCK_TABLE _Alignas(UNSOCK_PAGE) struct unsock_fd first_chunk[CHUNK];
UNSOCK_TABLE void *unsock_fds_chunks[CHUNKS];
static uint32_t last_ring;
int unsock_fds_top;
static uint8_t unwatched_reads;
uint8_t *unsock_fds_reads = &unwatched_reads;

struct unsock_fd *unsock_fds_entry(int fd) {
    unsigned number = (unsigned)fd;
    if (number >= CHUNK * CHUNKS)
        return NULL;
    struct unsock_fd *first = number < CHUNK ? first_chunk : NULL;
    struct unsock_fd *chunk = unsock_table_chunk(&unsock_fds_chunks[number / CHUNK], first, sizeof(first_chunk));
    if (!chunk)
        return NULL;
    unsock_table_reach(&unsock_fds_top, fd);
    return &chunk[number % CHUNK];
}

/* One bit for each descriptor that may have a socket file. The entry decides, so an extra bit does no harm. */
static UNSOCK_TABLE _Alignas(512) uint64_t with_file[CHUNK * CHUNKS / 64];

void unsock_fds_note_file(int fd) {
    if ((unsigned)fd < CHUNK * CHUNKS)
        unsock_bit_set(with_file, (unsigned)fd);
    unsock_files_of_others();
}

UNSOCK_AT_EXIT int unsock_fds_next_with_file(int from) {
    int end = unsock_fds_end();
    for (int fd = from; (fd = unsock_bits_next(with_file, fd, end)) < end; fd++) {
        const struct unsock_fd *entry = unsock_fds_known(fd);
        if (entry && unsock_fd_has_file(entry))
            return fd;
    }
    return -1;
}

/* Duplicates form a ring: each entry has the number of the next descriptor. If two threads remove neighbours at once,
 * an entry may name a descriptor that has left the ring. A search then goes through all descriptors. */
#define NUMBER UNSOCK_RING_NUMBER

static struct unsock_fd *find_ring_member(uint32_t number, uint32_t ring) {
    struct unsock_fd *entry = unsock_fds_known((int)number);
    return entry && entry->ring != 0 && ((entry->ring ^ ring) & ~NUMBER) == 0 ? entry : NULL;
}

void unsock_fds_visit_duplicates(int fd, unsock_fds_visit *visit, const void *with) {
    struct unsock_fd *source = unsock_fds_known(fd), *entry = source;
    uint32_t ring = source ? source->ring : 0, own = (uint32_t)fd, next = own;
    int end = source && unsock_fd_is_duplicated(source) ? unsock_fds_end() : 0;
    for (int i = 0; i < end && (next = entry->ring & NUMBER) != own && (entry = find_ring_member(next, ring)); i++)
        visit((int)next, entry, with);
    for (int other = 0; next != own && other < end; other++)
        if (other != fd && (entry = find_ring_member((uint32_t)other, ring)))
            visit(other, entry, with);
}

static void join_ring(int from, struct unsock_fd *source, int to, struct unsock_fd *copy) {
    uint32_t none = 0;
    if (source->ring == 0) {
        uint32_t first = __atomic_add_fetch(&last_ring, NUMBER + 1, __ATOMIC_RELAXED);
        first = (first != 0 ? first : NUMBER + 1) | NUMBER;
        __atomic_compare_exchange_n(&source->ring, &none, first, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    }
    uint32_t ring = __atomic_load_n(&source->ring, __ATOMIC_RELAXED);
    do
        copy->ring = (ring & NUMBER) == NUMBER ? (ring & ~NUMBER) | (uint32_t)from : ring;
    while (!__atomic_compare_exchange_n(&source->ring, &ring, (ring & ~NUMBER) | (uint32_t)to, false, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED));
}

static void leave_ring(int fd, uint32_t ring) {
    struct unsock_fd *next = find_ring_member(ring & NUMBER, ring), *before = next;
    uint32_t own = (ring & ~NUMBER) | (uint32_t)fd;
    for (int i = unsock_fds_end(); i > 0 && before && before->ring != own; i--)
        before = find_ring_member(before->ring & NUMBER, ring);
    if (before)
        __atomic_compare_exchange_n(&before->ring, &own, before == next ? ring | NUMBER : ring, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED);
}

void unsock_fds_forget(int fd) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    unsock_epoll_forget(fd);
    if (!entry)
        return;
    if (entry->flags & UNSOCK_FILE) {
        unsock_bit_clear(with_file, (unsigned)fd);
        unsock_this_process_note_bound(fd, false);
    }
    if (unsock_fd_is_duplicated(entry))
        leave_ring(fd, entry->ring);
    memset(entry, 0, sizeof(*entry));
}

void unsock_fds_duplicate(int from, int to) {
    struct unsock_fd *source = unsock_fds_known(from), *copy;
    if (from == to)
        return;
    /* Also forgets registrations in epoll sets: they belong to the descriptor number, not to the socket. */
    unsock_fds_forget(to);
    unsock_epoll_duplicate_set(from, to);
    if (!source || !(copy = unsock_fds_entry(to)))
        return;
    *copy = *source;
    unsock_fds_unmark(copy, UNSOCK_CHANGING);
    if (copy->flags & UNSOCK_OPTIONS)
        unsock_option_copy(from, to);
    join_ring(from, source, to, copy);
    if (copy->flags & UNSOCK_FILE)
        unsock_fds_note_file(to);
}

/* `old` may be a copy of an entry that is gone, so the search begins at the next descriptor in the ring of `old`. */
bool unsock_fds_has_duplicate(const struct unsock_fd *old) {
    int end = unsock_fd_is_duplicated(old) ? unsock_fds_end() : 0;
    bool found = end > 0 && find_ring_member(old->ring & NUMBER, old->ring);
    for (int fd = 0; !found && fd < end; fd++)
        found = find_ring_member((uint32_t)fd, old->ring) != NULL;
    return found;
}

static void tell_duplicate_options(int other, struct unsock_fd *entry, const void *of_fd) {
    const int *fd = of_fd;
    const struct unsock_fd *source = unsock_fds_known(*fd);
    if (!source || entry->kind != source->kind)
        return;
    entry->options = source->options;
    if (source->flags & UNSOCK_OPTIONS) {
        unsock_option_copy(*fd, other);
        unsock_fds_mark(entry, UNSOCK_OPTIONS);
    }
}

void unsock_fds_tell_options(int fd) {
    unsock_fds_visit_duplicates(fd, tell_duplicate_options, &fd);
}

static void tell_duplicate(int other, struct unsock_fd *entry, const void *of_fd) {
    const struct unsock_fd *source = unsock_fds_known(*(const int *)of_fd);
    if (!source || entry->kind != source->kind)
        return;
    entry->state = source->state;
    unsock_fds_unmark(entry, ~source->flags & ~UNSOCK_CHANGING);
    unsock_fds_mark(entry, source->flags & ~UNSOCK_CHANGING);
    if (entry->flags & UNSOCK_FILE)
        unsock_fds_note_file(other);
    tell_duplicate_options(other, entry, of_fd);
    entry->local = source->local;
    entry->held = source->held;
}

static void mark_duplicate(int other, struct unsock_fd *entry, const void *like) {
    const struct unsock_fd *marked = like;
    (void)other;
    if (entry->kind == marked->kind)
        unsock_fds_mark(entry, marked->flags);
}

void unsock_fds_mark_all(int fd, struct unsock_fd *entry, uint32_t flag) {
    const struct unsock_fd like = {.kind = entry->kind, .flags = flag};
    unsock_fds_mark(entry, flag);
    unsock_fds_visit_duplicates(fd, mark_duplicate, &like);
}

void unsock_fds_tell_those(int fd) {
    unsock_fds_visit_duplicates(fd, tell_duplicate, &fd);
}

/* One bit for each descriptor about which the library has asked the kernel. */
static UNSOCK_TABLE uint64_t asked[CHUNK * CHUNKS / 64];

bool unsock_asked_fd(int fd) {
    unsigned number = (unsigned)fd;
    return number >= CHUNK * CHUNKS || unsock_bit_is_set(asked, number);
}

void unsock_asked_fd_note(int fd) {
    unsigned number = (unsigned)fd;
    if (number < CHUNK * CHUNKS)
        unsock_bit_set(asked, number);
}

UNSOCK_TABLE uint64_t unsock_fds_client_ports[65536 / 64];
