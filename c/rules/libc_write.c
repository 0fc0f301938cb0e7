/* The bytes of two functions. Compilers put the first one's preparations in this order or that. */
#include "rules/libc_write.h"

#include "rt/mem.h"

#define CALL 0xe8
#define PIECES 6

struct piece {
    uint8_t length;
    uint8_t bytes[4];
};

/* clang-format off */
static const struct piece preparations[PIECES] = {
    {4, {0x48, 0x83, 0xec, 0x10}}, /* sub $16,%rsp */
    {3, {0x48, 0x63, 0xff}},       /* movslq %edi,%rdi */
    {3, {0x45, 0x31, 0xc9}},       /* xor %r9d,%r9d */
    {3, {0x45, 0x31, 0xc0}},       /* xor %r8d,%r8d */
    {2, {0x6a, 0x01}},             /* push $1: the call's number */
    {2, {0x31, 0xc9}},             /* xor %ecx,%ecx */
};
static const uint8_t ends[] = {0x48, 0x83, 0xc4, 0x18, 0xc3}; /* add $24,%rsp; ret */

/* sub $16,%rsp; push 24(%rsp); call __internal_syscall_cancel */
static const uint8_t cancel_begins[] = {0x48, 0x83, 0xec, 0x10, 0xff, 0x74, 0x24, 0x18, CALL};
/* pop %rdx; pop %rcx; cmp $-4096,%rax; ja: to where errno is set */
static const uint8_t cancel_goes_on[] = {0x5a, 0x59, 0x48, 0x3d, 0x00, 0xf0, 0xff, 0xff, 0x77};
/* clang-format on */

/* The length of a preparation that has not been seen yet; 0: it is none. */
static unsigned preparation(const uint8_t *at, unsigned *seen) {
    for (unsigned i = 0; i < PIECES; i++) {
        if ((*seen & 1u << i) || !unsock_same(at, preparations[i].bytes, preparations[i].length))
            continue;
        *seen |= 1u << i;
        return preparations[i].length;
    }
    return 0;
}

bool unsock_libc_write_find(const uint8_t code[UNSOCK_LIBC_WRITE_MOST], int64_t *distance) {
    const uint8_t *at = code;
    unsigned seen = 0;
    for (unsigned i = 0, length; i < PIECES; i++, at += length) {
        length = preparation(at, &seen);
        if (length == 0)
            return false;
    }
    int32_t way;
    memcpy(&way, at + 1, sizeof(way));
    *distance = (at + 1 + sizeof(way) - code) + (int64_t)way;
    return at[0] == CALL && unsock_same(at + 1 + sizeof(way), ends, sizeof(ends));
}

bool unsock_libc_cancel_find(const uint8_t code[UNSOCK_LIBC_CANCEL_MOST]) {
    const uint8_t *behind = code + sizeof(cancel_begins) + sizeof(int32_t);
    return unsock_same(code, cancel_begins, sizeof(cancel_begins)) &&
           unsock_same(behind, cancel_goes_on, sizeof(cancel_goes_on));
}
