/*
 * Registers after a system call: all general ones (on x86-64 all but three), the flags and the large registers are
 * kept, and on x86-64 the 128 bytes below the stack pointer. The calls are made as in programs without libc: a number,
 * then the instruction.
 */
#include "probe.h"

#include <sys/syscall.h>

#define LARGE 32
#define EACH(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define EACH_MORE(X) X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31)

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>

#define GENERAL 12
#define BELOW 16
#define NARROW 16 /* large registers, where they are not wide */

struct registers {
    uint64_t general[GENERAL]; /* rbx, rbp, r12 to r15, rdi, rsi, rdx, r10, r8, r9 */
    uint64_t flags;
    uint64_t below[BELOW];
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

static void set_arguments(int fd, void *name, socklen_t *length) {
    before.general[6] = (uint64_t)(unsigned)fd;
    before.general[7] = (uint64_t)(uintptr_t)name;
    before.general[8] = (uint64_t)(uintptr_t)length;
}

static bool has_wide(void) {
    return __builtin_cpu_supports("avx512f");
}

/* Carry, parity, adjust, zero, sign, direction, overflow. */
static const uint64_t flag_sets[] = {0x202, 0x203, 0x206, 0x212, 0x242, 0x282, 0x602, 0xa02, 0xed7};

#else

#define GENERAL 30
#define BELOW 0
#define NARROW 32

struct registers {
    uint64_t general[GENERAL]; /* x1 to x30; the first argument as x0 */
    uint64_t flags;
    uint64_t result;
    uint64_t below[1];
};

/* Offsets: the struct. */
void make_call(const struct registers *before, struct registers *after);
__asm__(".text\nmake_call:\n"
        "sub sp,sp,#368\n"
        "stp x19,x20,[sp,#256]\nstp x21,x22,[sp,#272]\nstp x23,x24,[sp,#288]\nstp x25,x26,[sp,#304]\n"
        "stp x27,x28,[sp,#320]\nstp x29,x30,[sp,#336]\nstr x1,[sp,#352]\n"
        "ldr x1,[x0,#240]\nmsr nzcv,x1\nmov x30,x0\nldr x0,[x30,#248]\n"
        "ldp x1,x2,[x30]\nldp x3,x4,[x30,#16]\nldp x5,x6,[x30,#32]\nldp x7,x8,[x30,#48]\nldp x9,x10,[x30,#64]\n"
        "ldp x11,x12,[x30,#80]\nldp x13,x14,[x30,#96]\nldp x15,x16,[x30,#112]\nldp x17,x18,[x30,#128]\n"
        "ldp x19,x20,[x30,#144]\nldp x21,x22,[x30,#160]\nldp x23,x24,[x30,#176]\nldp x25,x26,[x30,#192]\n"
        "ldp x27,x28,[x30,#208]\nldp x29,x30,[x30,#224]\n"
        "mov x8,#204\nsvc #0\n" /* getsockname */
        "stp x1,x2,[sp]\nstp x3,x4,[sp,#16]\nstp x5,x6,[sp,#32]\nstp x7,x8,[sp,#48]\nstp x9,x10,[sp,#64]\n"
        "stp x11,x12,[sp,#80]\nstp x13,x14,[sp,#96]\nstp x15,x16,[sp,#112]\nstp x17,x18,[sp,#128]\n"
        "stp x19,x20,[sp,#144]\nstp x21,x22,[sp,#160]\nstp x23,x24,[sp,#176]\nstp x25,x26,[sp,#192]\n"
        "stp x27,x28,[sp,#208]\nstp x29,x30,[sp,#224]\nmrs x1,nzcv\nstp x1,x0,[sp,#240]\n"
        "ldr x0,[sp,#352]\nmov x2,#0\n1: ldr x1,[sp,x2]\nstr x1,[x0,x2]\nadd x2,x2,#8\ncmp x2,#256\nb.ne 1b\n"
        "ldp x19,x20,[sp,#256]\nldp x21,x22,[sp,#272]\nldp x23,x24,[sp,#288]\nldp x25,x26,[sp,#304]\n"
        "ldp x27,x28,[sp,#320]\nldp x29,x30,[sp,#336]\nadd sp,sp,#368\nret\n");

static struct registers before, after;
static uint8_t large[2][LARGE][64] __attribute__((aligned(64)));

#define LOAD(n) "ldr q" #n ",[%[from],#" #n "*64]\n"
#define STORE(n) "str q" #n ",[%[to],#" #n "*64]\n"
#define NAME(n) "v" #n,

static void call_with_large(bool wide) {
    register const struct registers *from __asm__("x0") = &before;
    register struct registers *to __asm__("x1") = &after;
    (void)wide;
    __asm__ volatile(EACH(LOAD) EACH_MORE(LOAD) "bl make_call\n" EACH(STORE) EACH_MORE(STORE)
                     : "+r"(from), "+r"(to)
                     : [from] "r"(large[0]), [to] "r"(large[1])
                     : EACH(NAME) EACH_MORE(NAME) "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12",
                       "x13", "x14", "x15", "x16", "x17", "x18", "x30", "cc", "memory");
}

static void set_arguments(int fd, void *name, socklen_t *length) {
    before.result = (uint64_t)(unsigned)fd;
    before.general[0] = (uint64_t)(uintptr_t)name;
    before.general[1] = (uint64_t)(uintptr_t)length;
    before.general[7] = SYS_getsockname;
}

static bool has_wide(void) {
    return false;
}

/* Negative, zero, carry, overflow. */
static const uint64_t flag_sets[] = {0,        1u << 31, 1u << 30,   1u << 29, 1u << 28,
                                     9u << 28, 6u << 28, 0xfu << 28, 5u << 28};

#endif

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
        for (int i = 0; i < BELOW; i++)
            before.below[i] = 0xfedcba9876543210u * (unsigned)(i + round + 1);
        set_arguments(fds[round / 9 % 3], &name, &length);
        before.flags = flag_sets[flags];
        call_with_large(wide);
        calls++;
        wrong += (round / 9 % 3 == 0) != (after.result == 0);
        differences += memcmp(before.general, after.general, sizeof before.general) != 0;
        differences += before.flags != after.flags;
        differences += memcmp(before.below, after.below, BELOW * sizeof before.below[0]) != 0;
        for (int i = 0; i < (wide ? LARGE : NARROW); i++)
            differences += memcmp(large[0][i], large[1][i], wide ? 64 : 16) != 0;
    }
    fact("calls", "%d", calls);
    fact("wrong results", "%d", wrong);
    fact("registers that differ", "%d", differences);
    return 0;
}
