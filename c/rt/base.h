/* Types, constants, table chunks, seqlocks and bit tables that all folders use. */
#ifndef UNSOCK_RT_BASE_H
#define UNSOCK_RT_BASE_H

#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#include "rt/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

/* The library defines the intercepted functions itself, with plain pointer types. With _GNU_SOURCE, libc's headers
 * would declare them with other types. So _GNU_SOURCE stays undefined, and this file has the constants that need it. */

/* Copies of types that <sys/socket.h> and <fcntl.h> hide without _GNU_SOURCE: mmsghdr, f_owner_ex. */
struct unsock_mmsghdr {
    struct msghdr header;
    unsigned int length;
};

struct unsock_owner {
    int type;
    int pid;
};

/* Keeps a rarely called function's frame out of its callers' frames: an intercepted call may run on a small stack. */
#define UNSOCK_OWN_FRAME __attribute__((noinline))

#define UNSOCK_F_SETOWN 8
#define UNSOCK_F_SETSIG 10
#define UNSOCK_F_GETSIG 11
#define UNSOCK_F_SETOWN_EX 15
#define UNSOCK_F_GETOWN_EX 16
#define UNSOCK_F_DUPFD_CLOEXEC 1030
#define UNSOCK_FIONBIO 0x5421u        /* ioctl_tty(2) */
#define UNSOCK_SIOCOUTQ 0x5411u       /* linux/sockios.h */
#define UNSOCK_SIOC_INTERFACE 0x8900u /* netdevice(7): the bits 0xff00 of all its requests */
#define UNSOCK_O_PATH 010000000
#define UNSOCK_O_ASYNC 020000
#define UNSOCK_CLOSE_RANGE_CLOEXEC 4u
#define UNSOCK_MSG_WAITFORONE 0x10000
#define UNSOCK_SO_PASSRIGHTS 83  /* since 6.16 */
#define UNSOCK_IPPROTO_MPTCP 262 /* glibc has it since 2.32 */
#define UNSOCK_AF_TIPC 30
#define UNSOCK_AF_VSOCK 40
#define UNSOCK_SOCK_FLAGS (SOCK_NONBLOCK | SOCK_CLOEXEC)

#define UNSOCK_SUN_PATH_OFFSET offsetof(struct sockaddr_un, sun_path)

/* The kernel's struct timeval for SO_SNDTIMEO and SO_RCVTIMEO on 64-bit machines. */
struct unsock_timeval {
    int64_t seconds;
    int64_t microseconds;
};

/* An address of any family, as the kernel returns it (at most 128 bytes), aligned for each family's structure. */
union unsock_sockaddr {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
    uint8_t bytes[128];
};

/* A section for large tables of zeros, behind all small variables. So the small variables share few pages, and a
 * process has fewer page faults at its start. Of a table in chunks (sys.c), only the first chunk may be in it. */

#define UNSOCK_TABLE __attribute__((section(".bss.tables")))

/* Returns the chunk in `*place`, which is the same for all threads. If there is none, first stores `first` there; if
 * `first` is NULL, a new mapping of `size` zeros. Returns NULL if there is no memory. */
void *unsock_table_chunk(void **place, void *first, unsigned long size);

/* Raises `*end` to at least `number` + 1. */
void unsock_table_reach(int *end, int number);

/* A seqlock guards bytes that one thread writes while others read; no thread waits. The version beside the bytes is odd
 * while a thread writes. A writer claims the bytes first; a reader checks the version before and after its read. In a
 * child that was forked during a write, the version stays odd and no reader accepts the bytes. */

static inline uint32_t unsock_seqlock_begin(const uint32_t *version) {
    return __atomic_load_n(version, __ATOMIC_ACQUIRE);
}

/* True if no thread has written since `begun` was read: the version is even, and has not changed. */
static inline bool unsock_seqlock_holds(const uint32_t *version, uint32_t begun) {
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return begun % 2 == 0 && begun == __atomic_load_n(version, __ATOMIC_RELAXED);
}

/* Claims the bytes before a write. False if another thread writes, or has written since the version was `begun`. */
static inline bool unsock_seqlock_claim(uint32_t *version, uint32_t begun) {
    bool claimed = begun % 2 == 0 &&
                   __atomic_compare_exchange_n(version, &begun, begun + 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE); /* a reader that sees a byte of this write also sees the odd version */
    return claimed;
}

static inline void unsock_seqlock_publish(uint32_t *version) {
    __atomic_store_n(version, *version + 1, __ATOMIC_RELEASE);
}

/* Tables with one bit for each number. */
static inline bool unsock_bit_is_set(const uint64_t *bits, unsigned number) {
    return (__atomic_load_n(&bits[number / 64], __ATOMIC_RELAXED) >> number % 64 & 1) != 0;
}

static inline void unsock_bit_set(uint64_t *bits, unsigned number) {
    if (!unsock_bit_is_set(bits, number))
        __atomic_fetch_or(&bits[number / 64], (uint64_t)1 << number % 64, __ATOMIC_RELAXED);
}

static inline void unsock_bit_clear(uint64_t *bits, unsigned number) {
    if (unsock_bit_is_set(bits, number))
        __atomic_fetch_and(&bits[number / 64], ~((uint64_t)1 << number % 64), __ATOMIC_RELAXED);
}

/* Returns the first number from `from` on, below `end`, whose bit is set, or `end` if there is none. */
int unsock_bits_next(const uint64_t *bits, int from, int end);

#endif
