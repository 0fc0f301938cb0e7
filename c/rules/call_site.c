/* Recognises call sites by their bytes, in two forms. The filter traps calls in any other form, which stay unchanged.
 *
 * - The call in a known function of a library: the bytes before and behind it are compared.
 * - An instruction that loads the call's number, followed by known instructions up to the call. */
#include "rules/call_site.h"

#include "rt/mem.h"

#define NUMBERS 512

#ifdef __x86_64__

/* The second form is `mov $number,%eax`, then instructions that do the same at any address, then `syscall`. The bytes
 * before the `mov` must show that it is not the end of a longer instruction. */
#define JUMP 5 /* bytes */
#define RAX 0
#define RSP 4

struct form {
    uint8_t kind;
    uint8_t before_length;
    uint8_t behind_length;
    uint8_t moved;
    uint8_t cut;
    uint8_t before[24]; /* the bytes before the `syscall` */
    uint8_t behind[8];
};

/* clang-format off */
static const struct form forms[] = {
    /* Go 1.19 to 1.26 at least, Syscall6: mov %rsi,%r10; mov %rdi,%rdx; mov %rcx,%rsi; mov %rbx,%rdi;
     * syscall; cmp $-4095,%rax; jbe */
    {UNSOCK_CALL_SITE_GO, 12, 7, 6, 1,
     {0x49, 0x89, 0xf2, 0x48, 0x89, 0xfa, 0x48, 0x89, 0xce, 0x48, 0x89, 0xdf},
     {0x48, 0x3d, 0x01, 0xf0, 0xff, 0xff, 0x76}},
    /* glibc 2.41, __syscall_cancel_arch, and musl's __syscall_cp_asm: mov %r9,%r10; mov 8(%rsp),%r8; mov 16(%rsp),%r9;
     * mov %r11,8(%rsp); syscall; ret */
    {UNSOCK_CALL_SITE_C, 18, 1, 5, 0,
     {0x4d, 0x89, 0xca, 0x4c, 0x8b, 0x44, 0x24, 0x08, 0x4c, 0x8b, 0x4c, 0x24, 0x10, 0x4c, 0x89, 0x5c, 0x24, 0x08},
     {0xc3}},
    /* glibc 2.41, __internal_syscall_cancel without threads: mov 16(%rsp),%rax; syscall; pop %rbx; ret */
    {UNSOCK_CALL_SITE_C, 5, 2, 5, 0,
     {0x48, 0x8b, 0x44, 0x24, 0x10},
     {0x5b, 0xc3}},
    /* glibc, syscall(): mov %rdi,%rax; mov %rsi,%rdi; mov %rdx,%rsi; mov %rcx,%rdx; mov %r8,%r10; mov %r9,%r8;
     * mov 8(%rsp),%r9; syscall; cmp $-4095,%rax */
    {UNSOCK_CALL_SITE_C, 23, 6, 5, 0,
     {0x48, 0x89, 0xf8, 0x48, 0x89, 0xf7, 0x48, 0x89, 0xd6, 0x48, 0x89, 0xca, 0x4d, 0x89, 0xc2, 0x4d, 0x89, 0xc8,
      0x4c, 0x8b, 0x4c, 0x24, 0x08},
     {0x48, 0x3d, 0x01, 0xf0, 0xff, 0xff}},
    /* musl 1.2.5, __syscall_cp_c without threads: mov %rdi,%rax; mov %r8,%r10; mov %rsi,%rdi; mov %r9,%r8;
     * mov %rdx,%rsi; mov 8(%rsp),%r9; mov %rcx,%rdx; syscall; ret */
    {UNSOCK_CALL_SITE_C, 23, 1, 8, 0,
     {0x48, 0x89, 0xf8, 0x4d, 0x89, 0xc2, 0x48, 0x89, 0xf7, 0x4d, 0x89, 0xc8, 0x48, 0x89, 0xd6, 0x4c, 0x8b, 0x4c,
      0x24, 0x08, 0x48, 0x89, 0xca},
     {0xc3}},
};
/* clang-format on */

static bool has_form(const struct form *form, const uint8_t *code, size_t size, size_t at) {
    return at >= form->before_length && size - at - 2 >= form->behind_length &&
           unsock_same(code + at - form->before_length, form->before, form->before_length) &&
           unsock_same(code + at + 2, form->behind, form->behind_length);
}

/* Returns the number of the register in an instruction's field. The highest bit is in the prefix (`high`). */
static unsigned register_of(unsigned field, bool high) {
    return (field & 7) | (high ? 8 : 0);
}

static bool may_register_change(unsigned changed) {
    return changed != RAX && changed != RSP;
}

/* Returns the length of an instruction that does the same at any address, uses no memory and keeps rax; 0 for any other
 * or unknown instruction. At least eight bytes can be read. */
static unsigned plain(const uint8_t *at) {
    unsigned prefix = (at[0] & 0xf0) == 0x40 ? at[0] : 0, start = prefix ? 1 : 0;
    bool wide = prefix & 8, high_reg = prefix & 4, high_rm = prefix & 1;
    const uint8_t *op = at + start;
    bool registers = op[1] >= 0xc0;
    /* mov %reg,%reg; xor %reg,%reg */
    if ((op[0] == 0x89 || op[0] == 0x31) && registers)
        return may_register_change(register_of(op[1], high_rm)) ? start + 2 : 0;
    /* movslq %reg,%reg */
    if (op[0] == 0x63 && wide && registers)
        return may_register_change(register_of(op[1] >> 3, high_reg)) ? start + 2 : 0;
    /* mov $number,%reg */
    if ((op[0] & 0xf8) == 0xb8 && !wide)
        return may_register_change(register_of(op[0], high_rm)) ? start + 5 : 0;
    /* sub $number,%rsp */
    if (at[0] == 0x48 && op[0] == 0x83 && op[1] == 0xec)
        return 4;
    return 0;
}

static bool is_prefix(uint8_t byte) {
    static const uint8_t prefixes[] = {0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};
    for (size_t i = 0; i < sizeof(prefixes); i++)
        if (byte == prefixes[i])
            return true;
    return (byte & 0xf0) == 0x40;
}

/* True for a prefix after which an operand byte 0xb8 means memory addressed by r8. (Without the prefix, it means memory
 * addressed by rax. But rax holds the call's number at the `syscall`, so it is no address here.) */
static bool extends(uint8_t byte) {
    return (byte & 0xf1) == 0x41;
}

/* True for the opcode of an instruction that ends with a number of four bytes. */
static bool takes_number(uint8_t byte) {
    return byte == 0xc7 || byte == 0x81 || byte == 0x69;
}

/* True if the 0xb8 at `at` may be inside a longer instruction, whose end only looks like `mov $number,%eax`. Checks
 * every way to encode such an instruction, and is true in case of doubt. At least nine bytes are before it. */
static bool may_be_inside(const uint8_t *at) {
    if (is_prefix(at[-1]))
        return true;
    /* A displacement of one byte, then a number: movl $number,-72(%reg); and the same with an index. */
    if ((takes_number(at[-2]) && (at[-1] & 0xc7) != 0x44 && (at[-1] & 0xc0) == 0x40) ||
        (takes_number(at[-3]) && (at[-2] & 0xc7) == 0x44))
        return true;
    /* Memory addressed by r8, with a displacement of four bytes. push and pop (0x50 to 0x5f) use no such operand. */
    if (extends(at[-2]) && (at[-1] & 0xf0) != 0x50)
        return true;
    if ((at[-2] == 0x0f && extends(at[-3])) || (at[-3] == 0x0f && extends(at[-4])))
        return true;
    /* The longer prefixes VEX and EVEX, in which the bit for r8 is inverted. */
    for (int i = 4; i <= 6; i++)
        if ((at[-i] == 0xc4 || at[-i] == 0x62) && !(at[1 - i] & 0x20) && (at[1 - i] & 0x07))
            return true;
    /* Memory addressed by r8 and an index. */
    if ((at[-1] & 7) == 4 && at[-1] < 0xc0 && (extends(at[-3]) || (at[-3] == 0x0f && extends(at[-4]))))
        return true;
    /* A number, or an address, of eight bytes. */
    for (int i = 1; i <= 8; i++)
        if ((at[-i] & 0xf8) == 0xb8 && (at[-i - 1] & 0xfe) == 0x48)
            return true;
    return (at[-4] & 0xfc) == 0xa0;
}

static bool find_loaded(const uint8_t *code, size_t at, struct unsock_call_site *site) {
    for (size_t moved = JUMP; moved <= UNSOCK_CALL_SITE_MOST; moved++) {
        const uint8_t *load = code + at - moved, *next = load + JUMP;
        uint32_t number;
        memcpy(&number, load + 1, sizeof(number));
        if (load[0] != 0xb8 || number >= NUMBERS)
            continue;
        /* Only plain instructions may be between the load and the `syscall`. */
        for (unsigned length = 1; next < code + at && length > 0; next += length)
            length = plain(next);
        if (next != code + at)
            continue;
        *site = (struct unsock_call_site){(int16_t)number, (uint8_t)moved, 0};
        return !may_be_inside(load);
    }
    return false;
}

/* True for a call of this library, by the instructions behind it (rt/syscall6.h). The filter lets such a call pass. */
static bool is_own_call(const uint8_t *at) {
    static const uint8_t behind[] = {0x45, 0x31, 0xd2, 0x45, 0x31, 0xc9};
    return unsock_same(at + 2, behind, sizeof(behind));
}

bool unsock_call_site_find(const uint8_t *code, size_t size, size_t at, enum unsock_call_site_kind kind,
                           struct unsock_call_site *site) {
    if (at < UNSOCK_CALL_SITE_BEFORE || at > size || size - at < UNSOCK_CALL_SITE_BEHIND || code[at] != 0x0f ||
        code[at + 1] != 0x05 || is_own_call(code + at))
        return false;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (forms[i].kind != kind || !has_form(&forms[i], code, size, at))
            continue;
        *site = (struct unsock_call_site){UNSOCK_CALL_SITE_ANY, forms[i].moved, forms[i].cut};
        return true;
    }
    return kind == UNSOCK_CALL_SITE_C && find_loaded(code, at, site);
}

#else

/* Each aarch64 instruction is one word. The second form is `mov x8,#number` before the `svc`, with no branch between.
 * The number only shows whether the library answers the call at all. The stub checks x8 each time, since other code may
 * jump to the `svc` with another number. The `svc` itself is rewritten, so no instruction is moved. */
#define WORD 4
#define SVC 0xd4000001u
#define NEAR 8 /* words before the `svc` */

_Static_assert(NEAR *WORD <= UNSOCK_CALL_SITE_BEFORE && 3 * WORD <= UNSOCK_CALL_SITE_BEHIND, "what is looked at");

struct form {
    uint8_t kind;
    uint8_t moved;
    uint8_t before_count;
    uint8_t behind_count;
    uint32_t before[8]; /* the words before the `svc` */
    uint32_t behind[2];
};

/* clang-format off */
static const struct form forms[] = {
    /* Go 1.19 to 1.24 at least, Syscall6: ldr x8,[sp,#8]; ldr x0,[sp,#16] … ldr x5,[sp,#56]; svc; cmn x0,#4095; b.cc */
    {UNSOCK_CALL_SITE_GO, WORD, 7, 2,
     {0xf94007e8, 0xf9400be0, 0xf9400fe1, 0xf94013e2, 0xf94017e3, 0xf9401be4, 0xf9401fe5},
     {0xb13ffc1f, 0x540000e3}},
    /* glibc 2.41, __syscall_cancel_arch, and musl's __syscall_cp_asm: mov x8,x1; mov x0,x2 … mov x5,x7; svc; ret.
     * Cancellation checks whether the thread is between these instructions. */
    {UNSOCK_CALL_SITE_C, WORD, 7, 1,
     {0xaa0103e8, 0xaa0203e0, 0xaa0303e1, 0xaa0403e2, 0xaa0503e3, 0xaa0603e4, 0xaa0703e5},
     {0xd65f03c0}},
    /* glibc 2.41, __internal_syscall_cancel without threads, in which a branch leads to the svc: and w1,w1,w2; cmp
     * w1,#8; b.ne; bl __syscall_do_cancel; svc; ldr x19,[sp,#16]; ldp x29,x30,[sp],#32 */
    {UNSOCK_CALL_SITE_C, 0, 4, 2,
     {0x0a020021, 0x7100203f, 0x54000061, UNSOCK_CALL_SITE_BL},
     {0xf9400bf3, 0xa8c27bfd}},
    /* glibc, syscall(): mov w8,w0; mov x0,x1 … mov x6,x7; svc; cmn x0,#4095 */
    {UNSOCK_CALL_SITE_C, WORD, 8, 1,
     {0x2a0003e8, 0xaa0103e0, 0xaa0203e1, 0xaa0303e2, 0xaa0403e3, 0xaa0503e4, 0xaa0603e5, 0xaa0703e6},
     {0xb13ffc1f}},
    /* musl 1.2.5, __syscall_cp_c without threads: mov x8,x0; mov x0,x1 … mov x5,x6; svc; ret */
    {UNSOCK_CALL_SITE_C, WORD, 7, 1,
     {0xaa0003e8, 0xaa0103e0, 0xaa0203e1, 0xaa0303e2, 0xaa0403e3, 0xaa0503e4, 0xaa0603e5},
     {0xd65f03c0}},
};
/* clang-format on */

static uint32_t word(const uint8_t *at) {
    uint32_t value;
    memcpy(&value, at, sizeof(value));
    return value;
}

bool unsock_call_site_words(const uint8_t *at, const uint32_t *words, size_t count) {
    for (size_t i = 0; i < count; i++, at += WORD) {
        bool leads = words[i] == UNSOCK_CALL_SITE_B || words[i] == UNSOCK_CALL_SITE_BL;
        if ((leads ? word(at) & 0xfc000000u : word(at)) != words[i])
            return false;
    }
    return true;
}

static bool has_form(const struct form *form, const uint8_t *at) {
    return unsock_call_site_words(at - form->before_count * WORD, form->before, form->before_count) &&
           unsock_call_site_words(at + WORD, form->behind, form->behind_count);
}

static bool find_loaded(const uint8_t *at, struct unsock_call_site *site) {
    for (unsigned i = 1; i <= NEAR; i++) {
        uint32_t instruction = word(at - i * WORD);
        if ((instruction & 0x7fe0001fu) == 0x52800008u) { /* mov x8,#number; or w8 */
            *site = (struct unsock_call_site){(int16_t)(instruction >> 5 & 0xffff), 0, 0};
            return (instruction >> 5 & 0xffff) < NUMBERS;
        }
        /* Stops at branches, at other calls, and at words that are no usual instructions, mostly data. */
        if ((instruction >> 26 & 7) == 5 || (instruction >> 27 & 3) == 0)
            return false;
    }
    return false;
}

/* True for a call of this library, by the instructions behind it (rt/syscall6.h). The filter lets such a call pass. */
static bool is_own_call(const uint8_t *at) {
    static const uint32_t behind[] = {0xd2800003, 0xd2800005};
    return unsock_call_site_words(at + WORD, behind, 2);
}

bool unsock_call_site_find(const uint8_t *code, size_t size, size_t at, enum unsock_call_site_kind kind,
                           struct unsock_call_site *site) {
    if (at % WORD != 0 || at < UNSOCK_CALL_SITE_BEFORE || at > size || size - at < UNSOCK_CALL_SITE_BEHIND ||
        word(code + at) != SVC || is_own_call(code + at))
        return false;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (forms[i].kind != kind || !has_form(&forms[i], code + at))
            continue;
        *site = (struct unsock_call_site){UNSOCK_CALL_SITE_ANY, forms[i].moved, 0};
        return true;
    }
    return kind == UNSOCK_CALL_SITE_C && find_loaded(code + at, site);
}

#endif
