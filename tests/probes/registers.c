/*
 * What a system call leaves of the registers: all general ones but three, the flags, the large ones, the 128 bytes
 * below the stack pointer. The calls are made as programs make them that have no libc: a number, then the instruction.
 */
#include "probe.h"

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>

#define GENERAL 12
#define LARGE 32

struct registers {
    uint64_t general[GENERAL]; /* rbx, rbp, r12 to r15, rdi, rsi, rdx, r10, r8, r9 */
    uint64_t flags;
    uint64_t below[16];
    uint64_t result;
};

/* Offsets: the struct. Before the call all registers have what `before` says, then `after` is filled. */
void make_call(const struct registers *before, struct registers *after);
__asm__(".text\nmake_call:\n"
        "push %rbx\npush %rbp\npush %r12\npush %r13\npush %r14\npush %r15\npush %rsi\npush %rdi\n"
        "mov %rdi,%rax\n"
        "lea 104(%rax),%rsi\nlea -128(%rsp),%rdi\nmov $16,%ecx\ncld\nrep movsq\n"
        "mov 0(%rax),%rbx\nmov 8(%rax),%rbp\nmov 16(%rax),%r12\nmov 24(%rax),%r13\nmov 32(%rax),%r14\n"
        "mov 40(%rax),%r15\nmov 48(%rax),%rdi\nmov 56(%rax),%rsi\nmov 64(%rax),%rdx\nmov 72(%rax),%r10\n"
        "mov 80(%rax),%r8\nmov 88(%rax),%r9\n"
        "lea -136(%rsp),%rsp\npushq 96(%rax)\npopfq\nlea 136(%rsp),%rsp\n"
        "mov $51,%eax\nsyscall\n" /* getsockname */
        "lea -136(%rsp),%rsp\npushfq\npop %rcx\nlea 136(%rsp),%rsp\n"
        "xchg %rcx,8(%rsp)\n" /* the flags, for `after` */
        "mov %rbx,0(%rcx)\nmov %rbp,8(%rcx)\nmov %r12,16(%rcx)\nmov %r13,24(%rcx)\nmov %r14,32(%rcx)\n"
        "mov %r15,40(%rcx)\nmov %rdi,48(%rcx)\nmov %rsi,56(%rcx)\nmov %rdx,64(%rcx)\nmov %r10,72(%rcx)\n"
        "mov %r8,80(%rcx)\nmov %r9,88(%rcx)\nmov %rax,232(%rcx)\n"
        "mov 8(%rsp),%rdx\nmov %rdx,96(%rcx)\n"
        "lea 104(%rcx),%rdi\nlea -128(%rsp),%rsi\nmov $16,%ecx\ncld\nrep movsq\n"
        "pop %rdi\npop %rsi\npop %r15\npop %r14\npop %r13\npop %r12\npop %rbp\npop %rbx\nret\n");

static struct registers before, after;
static uint8_t large[2][LARGE][64] __attribute__((aligned(64)));

#define EACH(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define EACH_MORE(X) X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31)
#define LOAD_SMALL(n) "movaps " #n "*64(%[from]),%%xmm" #n "\n"
#define STORE_SMALL(n) "movaps %%xmm" #n "," #n "*64(%[to])\n"
#define LOAD(n) "vmovaps " #n "*64(%[from]),%%zmm" #n "\n"
#define STORE(n) "vmovaps %%zmm" #n "," #n "*64(%[to])\n"
#define CALL "call make_call\n"

/* Around the call, so that no compiled code comes between. */
static void call_with_large(bool wide) {
    register const struct registers *from __asm__("rdi") = &before;
    register struct registers *to __asm__("rsi") = &after;
    if (wide)
        __asm__ volatile("sub $128,%%rsp\n" EACH(LOAD) EACH_MORE(LOAD) CALL EACH(STORE)
                             EACH_MORE(STORE) "add $128,%%rsp\n"
                         : "+r"(to)
                         : [from] "b"(large[0]), [to] "r"(large[1]), "r"(from)
                         : "memory", "cc", "rax", "rcx", "rdx", "r8", "r9", "r10", "r11");
    else
        __asm__ volatile("sub $128,%%rsp\n" EACH(LOAD_SMALL) CALL EACH(STORE_SMALL) "add $128,%%rsp\n"
                         : "+r"(to)
                         : [from] "b"(large[0]), [to] "r"(large[1]), "r"(from)
                         : "memory", "cc", "rax", "rcx", "rdx", "r8", "r9", "r10", "r11");
}

static bool has_wide(void) {
    return __builtin_cpu_supports("avx512f");
}

/* Carry, parity, adjust, zero, sign, direction, overflow. */
static const uint64_t flag_sets[] = {0x202, 0x203, 0x206, 0x212, 0x242, 0x282, 0x602, 0xa02, 0xed7};

int main(void) {
    int differences = 0, wrong = 0, calls = 0;
    bool wide = has_wide();
    probe_start();
    int server = listening("127.0.0.1", 0), fds[] = {server, -1, STDIN_FILENO};
    for (int round = 0; round < 900; round++) {
        struct sockaddr_storage name;
        socklen_t length = sizeof name;
        size_t flags = (size_t)round % (sizeof flag_sets / sizeof flag_sets[0]);
        for (size_t i = 0; i < sizeof large[0]; i++)
            large[0][i / 64][i % 64] = (uint8_t)(i * 7 + (size_t)round);
        for (int i = 0; i < GENERAL; i++)
            before.general[i] = 0x0123456789abcdefu * (unsigned)(i + round + 1);
        for (int i = 0; i < 16; i++)
            before.below[i] = 0xfedcba9876543210u * (unsigned)(i + round + 1);
        before.general[6] = (uint64_t)(unsigned)fds[round / 9 % 3];
        before.general[7] = (uint64_t)(uintptr_t)&name;
        before.general[8] = (uint64_t)(uintptr_t)&length;
        before.flags = flag_sets[flags];
        call_with_large(wide);
        calls++;
        wrong += (round / 9 % 3 == 0) != (after.result == 0);
        differences += memcmp(before.general, after.general, sizeof before.general) != 0;
        differences += before.flags != after.flags;
        differences += memcmp(before.below, after.below, sizeof before.below) != 0;
        for (int i = 0; i < (wide ? LARGE : 16); i++)
            differences += memcmp(large[0][i], large[1][i], wide ? 64 : 16) != 0;
    }
    fact("calls", "%d", calls);
    fact("wrong results", "%d", wrong);
    fact("registers that differ", "%d", differences);
    return 0;
}
#else
int main(void) {
    fact("nothing is rewritten here", "%d", 0);
    return 0;
}
#endif
