/*
 * A seqlock: several bytes that one thread writes and others read, of which nobody waits for another. A version stands
 * beside them, odd while they are being written. Who reads them looks at it before and after; who writes them claims
 * them first. A process that is forked meanwhile does without them.
 */
#ifndef UNSOCK_RT_SEQLOCK_H
#define UNSOCK_RT_SEQLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Before reading. */
static inline uint32_t unsock_seqlock_begin(const uint32_t *version) {
    return __atomic_load_n(version, __ATOMIC_ACQUIRE);
}

/* After reading: is it what was there at one moment? */
static inline bool unsock_seqlock_holds(const uint32_t *version, uint32_t begun) {
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return begun % 2 == 0 && begun == __atomic_load_n(version, __ATOMIC_RELAXED);
}

/* Before writing. False: somebody else is at it, or was, since the version was `begun`. */
static inline bool unsock_seqlock_claim(uint32_t *version, uint32_t begun) {
    bool claimed = begun % 2 == 0 &&
                   __atomic_compare_exchange_n(version, &begun, begun + 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE); /* who sees any of what is written next sees the odd version, too */
    return claimed;
}

/* After writing. */
static inline void unsock_seqlock_publish(uint32_t *version) {
    __atomic_store_n(version, *version + 1, __ATOMIC_RELEASE);
}

#endif
