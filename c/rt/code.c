/* The steps of changing code. */
#include "rt/code.h"

#include "rt/system_calls.h"

long unsock_code_copy(long fd, uint64_t offset, uint64_t size) {
    return unsock_mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, offset);
}

long unsock_code_make(uint64_t at, uint64_t size) {
    return unsock_mprotect(at, size, PROT_READ | PROT_EXEC);
}

long unsock_code_move(uint64_t copy, uint64_t size, uint64_t to) {
    long result = unsock_code_make(copy, size);
    if (result < 0)
        return result;
    result = unsock_mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to);
    return unsock_is_error(result) ? result : 0;
}

/*
 * The kernel does it for pages that become executable. Where instructions are kept by address, and these had been
 * fetched before, that was elsewhere.
 */
void unsock_code_sync(uint64_t at, uint64_t size) {
#ifdef __aarch64__
    uint64_t kinds, end = at + size;
    __asm__("mrs %0,ctr_el0" : "=r"(kinds));
    uint64_t data = (uint64_t)4 << (kinds >> 16 & 15), code = (uint64_t)4 << (kinds & 15);
    for (uint64_t line = at & ~(data - 1); line < end; line += data)
        __asm__ volatile("dc cvau,%0" : : "r"(line) : "memory");
    __asm__ volatile("dsb ish" : : : "memory");
    for (uint64_t line = at & ~(code - 1); line < end; line += code)
        __asm__ volatile("ic ivau,%0" : : "r"(line) : "memory");
    __asm__ volatile("dsb ish\nisb" : : : "memory");
#else
    (void)at, (void)size;
#endif
}
