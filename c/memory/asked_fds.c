/* A bit per descriptor: pages are only touched where some have been asked about. */
#include "memory/fds.h"

#define NUMBERS (1 << 20) /* as many as descriptors that are remembered */
#define WORD 64

static UNSOCK_TABLE uint64_t bits[NUMBERS / WORD];

bool unsock_asked_fd(int fd) {
    unsigned number = (unsigned)fd;
    return number >= NUMBERS || (__atomic_load_n(&bits[number / WORD], __ATOMIC_RELAXED) >> number % WORD & 1);
}

void unsock_asked_fd_note(int fd) {
    unsigned number = (unsigned)fd;
    if (number < NUMBERS)
        __atomic_fetch_or(&bits[number / WORD], (uint64_t)1 << number % WORD, __ATOMIC_RELAXED);
}
