/* Included before every file of a test's library: gives the processor away at random before atomic operations, so that
 * other threads and signals come at moments at which they hardly ever come otherwise. */
#ifndef UNSOCK_TESTS_YIELDS_H
#define UNSOCK_TESTS_YIELDS_H

/* One in eight: a yield; one in eight: a pause of some microseconds. The random bits are the time stamp's lowest, mixed
 * (splitmix64). */
static inline void unsock_yields_here(void) {
    unsigned low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    unsigned long random = ((unsigned long)high << 32 | low) * 0x9e3779b97f4a7c15UL;
    random = (random ^ random >> 29) * 0xbf58476d1ce4e5b9UL >> 48;
    if ((random & 7) == 0) {
        long result = 24; /* sched_yield(2), x86-64 */
        __asm__ volatile("syscall" : "+a"(result) : : "rcx", "r11", "memory");
    } else if ((random & 7) == 1) {
        for (unsigned i = random >> 4 & 1023; i > 0; i--)
            __asm__ volatile("pause");
    }
}

#define __atomic_load_n(...) (unsock_yields_here(), __atomic_load_n(__VA_ARGS__))
#define __atomic_store_n(...) (unsock_yields_here(), __atomic_store_n(__VA_ARGS__))
#define __atomic_exchange_n(...) (unsock_yields_here(), __atomic_exchange_n(__VA_ARGS__))
#define __atomic_compare_exchange_n(...) (unsock_yields_here(), __atomic_compare_exchange_n(__VA_ARGS__))
#define __atomic_fetch_add(...) (unsock_yields_here(), __atomic_fetch_add(__VA_ARGS__))
#define __atomic_fetch_sub(...) (unsock_yields_here(), __atomic_fetch_sub(__VA_ARGS__))
#define __atomic_add_fetch(...) (unsock_yields_here(), __atomic_add_fetch(__VA_ARGS__))
#define __atomic_and_fetch(...) (unsock_yields_here(), __atomic_and_fetch(__VA_ARGS__))
#define __atomic_fetch_or(...) (unsock_yields_here(), __atomic_fetch_or(__VA_ARGS__))
#define __atomic_fetch_and(...) (unsock_yields_here(), __atomic_fetch_and(__VA_ARGS__))
#define __atomic_fetch_xor(...) (unsock_yields_here(), __atomic_fetch_xor(__VA_ARGS__))
#define __atomic_thread_fence(...) (unsock_yields_here(), __atomic_thread_fence(__VA_ARGS__))

#endif
