/* Recognises glibc's `write` and __syscall_cancel by their bytes. */
#include "rules/call_site.h"

#include "rt/mem.h"

#ifdef __x86_64__

#define CALL 0xe8
#define PIECES 6
#define PART_AT_MOST 48 /* the most bytes from the start of `write` to its second part */

struct piece {
    uint8_t length;
    uint8_t bytes[8];
};

/* clang-format off */
/* In some distributions' libc, functions begin with this instruction. */
static const struct piece may_begin = {4, {0xf3, 0x0f, 0x1e, 0xfa}}; /* endbr64 */

/* Since 2.41: `return __syscall_cancel(fd, data, size, 0, 0, 0, __NR_write)`. These instructions come in any order. */
static const struct piece preparations[PIECES] = {
    {4, {0x48, 0x83, 0xec, 0x10}}, /* sub $16,%rsp */
    {3, {0x48, 0x63, 0xff}},       /* movslq %edi,%rdi */
    {3, {0x45, 0x31, 0xc9}},       /* xor %r9d,%r9d */
    {3, {0x45, 0x31, 0xc0}},       /* xor %r8d,%r8d */
    {2, {0x6a, 0x01}},             /* push $1: the call's number */
    {2, {0x31, 0xc9}},             /* xor %ecx,%ecx */
};
static const uint8_t write_ends[] = {0x48, 0x83, 0xc4, 0x18, 0xc3}; /* add $24,%rsp; ret */
/* sub $16,%rsp; push 24(%rsp); call __internal_syscall_cancel */
static const uint8_t cancel_begins[] = {0x48, 0x83, 0xec, 0x10, 0xff, 0x74, 0x24, 0x18, CALL};
/* pop %rdx; pop %rcx; cmp $-4096,%rax; ja: to the code that sets errno */
static const uint8_t cancel_goes_on[] = {0x5a, 0x59, 0x48, 0x3d, 0x00, 0xf0, 0xff, 0xff, 0x77};

/* Before 2.41, `write` checks for other threads. If there are any, its second part makes the call (cancellably). */
/* cmpb $0,__libc_single_threaded(%rip); je: 2.36 to 2.40. The address follows the first two bytes. */
static const uint8_t asks[] = {0x80, 0x3d}, asks_goes_on[] = {0x00, 0x74};
/* mov %fs:24,%eax; test %eax,%eax; jne: 2.35 */
static const uint8_t asks_thread[] = {0x64, 0x8b, 0x04, 0x25, 0x18, 0x00, 0x00, 0x00, 0x85, 0xc0, 0x75};
/* mov $1,%eax; syscall; cmp $-4096,%rax; ja */
static const uint8_t alone[] = {0xb8, 0x01, 0x00, 0x00, 0x00, 0x0f, 0x05, 0x48, 0x3d, 0x00, 0xf0, 0xff, 0xff, 0x77};
/* sub $40,%rsp; mov %rdx,24(%rsp); mov %rsi,16(%rsp); mov %edi,8(%rsp); call */
static const uint8_t part_begins[] = {0x48, 0x83, 0xec, 0x28, 0x48, 0x89, 0x54, 0x24, 0x18, 0x48, 0x89, 0x74, 0x24, 0x10,
                                      0x89, 0x7c, 0x24, 0x08, CALL};
/* mov 24(%rsp),%rdx; mov 16(%rsp),%rsi; mov %eax,%r8d; mov 8(%rsp),%edi; mov $1,%eax; syscall */
static const uint8_t part_goes_on[] = {0x48, 0x8b, 0x54, 0x24, 0x18, 0x48, 0x8b, 0x74, 0x24, 0x10, 0x41, 0x89, 0xc0, 0x8b,
                                       0x7c, 0x24, 0x08, 0xb8, 0x01, 0x00, 0x00, 0x00, 0x0f, 0x05};
/* clang-format on */

_Static_assert(PART_AT_MOST + sizeof(part_begins) + sizeof(int32_t) + sizeof(part_goes_on) <= UNSOCK_LIBC_WRITE_MOST,
               "all that is looked at");
_Static_assert(sizeof(cancel_begins) + sizeof(int32_t) + sizeof(cancel_goes_on) == UNSOCK_LIBC_CANCEL_MOST, "as well");

/* Returns the length of the instruction at `at` if it is one of `preparations` that is not in `seen`; else 0. */
static unsigned preparation(const uint8_t *at, unsigned *seen) {
    for (unsigned i = 0; i < PIECES; i++) {
        if ((*seen & 1u << i) || !unsock_same(at, preparations[i].bytes, preparations[i].length))
            continue;
        *seen |= 1u << i;
        return preparations[i].length;
    }
    return 0;
}

/* True if the code from `at` on calls a function as `write` calls __syscall_cancel. `distance`: from `at` to the called
 * function, whose bytes unsock_libc_cancel_find checks. */
static bool find_by_cancel(const uint8_t *at, int64_t *distance) {
    const uint8_t *start = at;
    unsigned seen = 0;
    for (unsigned i = 0, length; i < PIECES; i++, at += length) {
        length = preparation(at, &seen);
        if (length == 0)
            return false;
    }
    int32_t way;
    memcpy(&way, at + 1, sizeof(way));
    *distance = (at + 1 + sizeof(way) - start) + (int64_t)way;
    return at[0] == CALL && unsock_same(at + 1 + sizeof(way), write_ends, sizeof(write_ends));
}

/* If `at` has the instructions that check for other threads, returns their length; else 0. The byte behind them is the
 * distance from the end of this byte to the second part of `write`. */
static unsigned question(const uint8_t *at) {
    unsigned address = sizeof(asks) + sizeof(int32_t);
    if (unsock_same(at, asks_thread, sizeof(asks_thread)))
        return sizeof(asks_thread);
    if (unsock_same(at, asks, sizeof(asks)) && unsock_same(at + address, asks_goes_on, sizeof(asks_goes_on)))
        return address + sizeof(asks_goes_on);
    return 0;
}

static bool find_part(const uint8_t *at, int64_t *distance) {
    unsigned length = question(at);
    if (length == 0 || !unsock_same(at + length + 1, alone, sizeof(alone)))
        return false;
    unsigned part = length + 1 + (at[length] & 0x7f);
    *distance = part;
    return at[length] < 0x80 && part + may_begin.length <= PART_AT_MOST &&
           unsock_same(at + part, part_begins, sizeof(part_begins)) &&
           unsock_same(at + part + sizeof(part_begins) + sizeof(int32_t), part_goes_on, sizeof(part_goes_on));
}

bool unsock_libc_write_find(const uint8_t code[UNSOCK_LIBC_WRITE_MOST], struct unsock_libc_write *write) {
    write->jump = unsock_same(code, may_begin.bytes, may_begin.length) ? may_begin.length : 0;
    write->by_cancel = find_by_cancel(code + write->jump, &write->distance);
    if (!write->by_cancel && !find_part(code + write->jump, &write->distance))
        return false;
    write->distance += write->jump;
    return true;
}

bool unsock_libc_cancel_find(const uint8_t code[UNSOCK_LIBC_CANCEL_MOST]) {
    const uint8_t *behind = code + sizeof(cancel_begins) + sizeof(int32_t);
    return unsock_same(code, cancel_begins, sizeof(cancel_begins)) &&
           unsock_same(behind, cancel_goes_on, sizeof(cancel_goes_on));
}

#else

/* clang-format off */
/* Since 2.41: bti c; sxtw x0,w0; mov x6,#64; mov x5,#0; mov x4,#0; mov x3,#0; b __syscall_cancel */
static const uint32_t write_words[] = {0xd503245f, 0x93407c00, 0xd2800806, 0xd2800005, 0xd2800004, 0xd2800003,
                                       UNSOCK_CALL_SITE_B};
/* paciasp; stp x29,x30,[sp,#-16]!; mov x29,sp; bl __internal_syscall_cancel; cmn w0,#4096; b.hi: to where errno is set */
static const uint32_t cancel_words[] = {0xd503233f, 0xa9bf7bfd, 0x910003fd, UNSOCK_CALL_SITE_BL, 0x3140041f, 0x540000a8};
/* clang-format on */

_Static_assert(sizeof(write_words) == UNSOCK_LIBC_WRITE_MOST && sizeof(cancel_words) == UNSOCK_LIBC_CANCEL_MOST,
               "all that is looked at");

bool unsock_libc_write_find(const uint8_t code[UNSOCK_LIBC_WRITE_MOST], struct unsock_libc_write *write) {
    size_t word = sizeof(write_words[0]), last = sizeof(write_words) - word;
    uint32_t branch;
    memcpy(&branch, code + last, word);
    /* The lower 26 bits of a branch are the distance, in words. */
    *write = (struct unsock_libc_write){(uint8_t)word, true, (int64_t)last + (int32_t)(branch << 6) / 16};
    return unsock_call_site_words(code, write_words, sizeof(write_words) / word);
}

bool unsock_libc_cancel_find(const uint8_t code[UNSOCK_LIBC_CANCEL_MOST]) {
    return unsock_call_site_words(code, cancel_words, sizeof(cancel_words) / sizeof(cancel_words[0]));
}

#endif
