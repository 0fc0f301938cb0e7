/* Stores data that forked children do not inherit, and by which kind of name this process reached each port. */
#include "memory/process.h"

#include "rt/system_calls.h"

bool unsock_sandboxed;

/* Used before the start, and if the kernel cannot clear a page on fork: a forked child then sees its parent's data. */
static UNSOCK_TABLE struct unsock_this_process without;
static struct unsock_this_process *page = &without;

_Static_assert(sizeof(struct unsock_this_process) <= UNSOCK_PAGE, "one page");

void unsock_this_process_start(void) {
    struct unsock_this_process *memory = unsock_map(UNSOCK_PAGE);
    bool wiped = memory && unsock_madvise((unsigned long)memory, UNSOCK_PAGE, MADV_WIPEONFORK) == 0;
    if (memory && !wiped)
        unsock_unmap(memory, UNSOCK_PAGE);
    page = wiped ? memory : page;
    page->unwiped = !wiped;
    page->owner = wiped ? (int32_t)unsock_getpid() : 0;
}

struct unsock_this_process *unsock_this_process(void) {
    return page;
}

void unsock_this_process_note_bound(int fd, bool bound) {
    if ((unsigned)fd < UNSOCK_OWN_MADE)
        (bound ? unsock_bit_set : unsock_bit_clear)(page->bound, (unsigned)fd);
}

bool unsock_this_process_bound(int fd) {
    return (unsigned)fd < UNSOCK_OWN_MADE && !page->unwiped && unsock_bit_is_set(page->bound, (unsigned)fd);
}

int32_t unsock_own_thread(void) {
    bool only = page->owner != 0 && unsock_libc_is_single_threaded();
    return only ? page->owner : (int32_t)unsock_gettid();
}

bool unsock_this_process_owns_descriptors(void) {
    int32_t pid = (int32_t)unsock_getpid();
    if (page == &without)
        return true;
    /* Writes before it reads: a forked child has no page yet, and a write gets it by one page fault instead of two. */
    int32_t owner = 0;
    if (__atomic_compare_exchange_n(&page->owner, &owner, pid, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        return true;
    /* A vfork child may have put its pid into this process's new page. If the child has ended, the page is free. */
    if (owner != pid && unsock_kill(owner, 0) == -ESRCH)
        page->owner = owner = pid;
    return owner == pid;
}

/* In a page shared with forked children: the pid of the process that checks the files of its own sockets; 0: none. */
static int32_t *files_maker;

void unsock_files_made(void) {
    int flags = MAP_SHARED | MAP_ANONYMOUS | (files_maker ? MAP_FIXED : 0);
    if (__atomic_exchange_n(&page->has_made, true, __ATOMIC_RELAXED))
        return;
    long shared = unsock_mmap((unsigned long)files_maker, UNSOCK_PAGE, PROT_READ | PROT_WRITE, flags, -1, 0);
    files_maker = unsock_is_error(shared) ? NULL : (int32_t *)shared;
    if (files_maker)
        *files_maker = page->owner != 0 ? page->owner : (int32_t)unsock_getpid();
}

void unsock_files_of_others(void) {
    if (!page->has_made)
        files_maker = NULL;
}

void unsock_files_left(void) {
    int32_t self = files_maker ? (int32_t)unsock_getpid() : 0;
    if (self != 0)
        __atomic_compare_exchange_n(files_maker, &self, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

UNSOCK_AT_EXIT bool unsock_files_are_parents(void) {
    int32_t maker = files_maker && !page->has_made ? __atomic_load_n(files_maker, __ATOMIC_SEQ_CST) : 0;
    return maker != 0 && maker == unsock_getppid();
}

bool unsock_this_process_removes_files(void) {
    return !unsock_sandboxed && unsock_this_process_owns_descriptors();
}

bool unsock_is_trapped(void) {
    long probe = (long)(UNSOCK_SYS_PROBE << 32);
    return unsock_syscall6(__NR_socket, UNSOCK_SYS_NO_FAMILY, 0, 0, probe, 0, 0) == -UNSOCK_SYS_PROBE_ERRNO;
}

#define PLACES 512 /* two ports with the same place replace each other, which costs a system call each time */

/* In each word, the low 16 bits have a port, and the bits above have its enum unsock_known_way. */
static UNSOCK_TABLE uint32_t known_ports[2][2][PLACES];

static uint32_t *place_of_known_port(const struct unsock_ip *target, int type) {
    return &known_ports[type == SOCK_DGRAM][target->family == AF_INET6][target->port % PLACES];
}

enum unsock_known_way unsock_known_port(const struct unsock_ip *target, int type) {
    uint32_t known = __atomic_load_n(place_of_known_port(target, type), __ATOMIC_RELAXED);
    return (known & 0xffff) == target->port ? (enum unsock_known_way)(known >> 16) : UNSOCK_KNOWN_NOTHING;
}

void unsock_known_port_note(const struct unsock_ip *target, int type, enum unsock_known_way way) {
    __atomic_store_n(place_of_known_port(target, type), target->port | (uint32_t)way << 16, __ATOMIC_RELAXED);
}
