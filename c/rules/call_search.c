/* Searches machine code for `syscall`; on x86-64 32 bytes at once, since a program has millions of bytes. */
#include "rules/call_site.h"

#include "rt/mem.h"

#ifdef __x86_64__

#define FIRST 0x0f
#define SECOND 0x05
#define STEP 32

/* With -mgeneral-regs-only, the compiler does not accept these registers in a list of clobbers. */
#ifdef __SSE2__
#define LARGE , "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5"
#else
#define LARGE
#endif

/* Returns the first step of 32 bytes from `at` on that has a `syscall`, or an address from `end` on. Reads one byte
 * beyond the step. `*found`: one bit for each byte of that step, set where a `syscall` begins. */
static const uint8_t *skip_to_syscall(const uint8_t *at, const uint8_t *end, uint32_t *found) {
    uint32_t low, high;
    __asm__("movd %k[first],%%xmm4\n"
            "pshufd $0,%%xmm4,%%xmm4\n"
            "movd %k[second],%%xmm5\n"
            "pshufd $0,%%xmm5,%%xmm5\n"
            "xor %k[low],%k[low]\n"
            "jmp 2f\n"
            "1: movdqu (%[at]),%%xmm0\n"
            "movdqu 1(%[at]),%%xmm1\n"
            "movdqu 16(%[at]),%%xmm2\n"
            "movdqu 17(%[at]),%%xmm3\n"
            "pcmpeqb %%xmm4,%%xmm0\n"
            "pcmpeqb %%xmm5,%%xmm1\n"
            "pcmpeqb %%xmm4,%%xmm2\n"
            "pcmpeqb %%xmm5,%%xmm3\n"
            "pand %%xmm1,%%xmm0\n"
            "pand %%xmm3,%%xmm2\n"
            "pmovmskb %%xmm0,%k[low]\n"
            "pmovmskb %%xmm2,%k[high]\n"
            "shl $16,%k[high]\n"
            "or %k[high],%k[low]\n"
            "jnz 3f\n"
            "add $32,%[at]\n"
            "2: cmp %[end],%[at]\n"
            "jb 1b\n"
            "3: pxor %%xmm0,%%xmm0\n"
            "pxor %%xmm1,%%xmm1\n"
            "pxor %%xmm2,%%xmm2\n"
            "pxor %%xmm3,%%xmm3\n"
            "pxor %%xmm4,%%xmm4\n"
            "pxor %%xmm5,%%xmm5\n"
            : [at] "+r"(at), [low] "=&r"(low), [high] "=&r"(high)
            : [end] "r"(end), [first] "r"(FIRST * 0x01010101u), [second] "r"(SECOND * 0x01010101u)
            : "memory", "cc" LARGE);
    *found = low;
    return at;
}

size_t unsock_call_search(const uint8_t *code, size_t from, size_t size) {
    if (size > STEP && from < size - STEP) {
        uint32_t found;
        from = (size_t)(skip_to_syscall(code + from, code + size - STEP, &found) - code);
        if (found != 0)
            return from + (size_t)__builtin_ctz(found);
    }
    for (; from + 1 < size; from++)
        if (code[from] == FIRST && code[from + 1] == SECOND)
            return from;
    return size;
}

#else

size_t unsock_call_search(const uint8_t *code, size_t from, size_t size) {
    static const uint8_t svc[] = {0x01, 0x00, 0x00, 0xd4};
    for (from = (from + 3) & ~(size_t)3; from + sizeof(svc) <= size; from += sizeof(svc))
        if (unsock_same(code + from, svc, sizeof(svc)))
            return from;
    return size;
}

#endif
