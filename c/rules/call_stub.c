/* Makes the bytes of stubs and jumps. */
#include "rules/call_site.h"

#include "rt/mem.h"

struct maker {
    uint64_t at; /* the address of the first byte */
    uint8_t *bytes;
    size_t length;
    bool failed;
};

static void put_bytes(struct maker *maker, const void *bytes, size_t count) {
    memcpy(maker->bytes + maker->length, bytes, count);
    maker->length += count;
}

#ifdef __x86_64__

/* Puts four bytes with the distance to an address, which is counted from the end of these bytes. */
static void put_way(struct maker *maker, uint64_t to) {
    int64_t distance = (int64_t)(to - (maker->at + maker->length + 4));
    int32_t way = (int32_t)distance;
    maker->failed |= way != distance;
    put_bytes(maker, &way, sizeof(way));
}

#define PUT(maker, ...) put_bytes(maker, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* Puts a short jump with its distance left open, and returns the place of the distance. */
static size_t skip_jump(struct maker *maker, uint8_t jump) {
    PUT(maker, jump, 0);
    return maker->length - 1;
}

static void arrive(struct maker *maker, size_t place) {
    maker->bytes[place] = (uint8_t)(maker->length - place - 1);
}

size_t unsock_call_stub_make(const struct unsock_call_stub *stub, const struct unsock_call_site *site,
                             const uint8_t *moved, uint8_t bytes[UNSOCK_CALL_STUB_MOST]) {
    struct maker maker = {stub->at, bytes, 0, site->moved > UNSOCK_CALL_SITE_MOST};
    bool any = site->number == UNSOCK_CALL_SITE_ANY;
    uint64_t table = (uint64_t)stub->table;
    size_t large = 0, unknown = 0;
    if (maker.failed)
        return 0;
    put_bytes(&maker, moved, site->moved);
    if (any) {
        PUT(&maker, 0x89, 0xc1);                   /* mov %eax,%ecx */
        PUT(&maker, 0x0f, 0xc9);                   /* bswap %ecx */
        PUT(&maker, 0x0f, 0xb7, 0xc9);             /* movzwl %cx,%ecx: the upper half */
        PUT(&maker, 0xe3, 0x02);                   /* jrcxz over the next */
        large = skip_jump(&maker, 0xeb);           /* jmp */
        PUT(&maker, 0x0f, 0xb7, 0xc8, 0x49, 0xbb); /* movzwl %ax,%ecx; movabs $table,%r11 */
        put_bytes(&maker, &table, sizeof(table));
        PUT(&maker, 0x41, 0x0f, 0xb6, 0x0c, 0x0b); /* movzbl (%r11,%rcx),%ecx */
        unknown = skip_jump(&maker, 0xe3);         /* jrcxz */
    }
    PUT(&maker, 0x48, 0x8d, 0x0d); /* lea behind(%rip),%rcx */
    put_way(&maker, stub->syscall + 2);
    PUT(&maker, 0xff, 0x25); /* jmp *enter(%rip) */
    put_way(&maker, stub->enter);
    if (any) {
        arrive(&maker, large);
        arrive(&maker, unknown);
        PUT(&maker, 0xe9); /* jmp */
        put_way(&maker, stub->syscall);
    }
    return maker.failed ? 0 : maker.length;
}

bool unsock_call_stub_jump(uint64_t from, uint64_t stub, uint8_t bytes[UNSOCK_CALL_JUMP]) {
    struct maker maker = {from, bytes, 0, false};
    PUT(&maker, 0xe9); /* jmp */
    put_way(&maker, stub);
    return !maker.failed;
}

#else

#define WORD 4
#define SVC 0xd4000001u
#define PUSH 0xa9bf7bf0u /* stp x16,x30,[sp,#-16]! */
#define POP 0xa8c17bf0u  /* ldp x16,x30,[sp],#16 */

static void put_word(struct maker *maker, uint32_t instruction) {
    put_bytes(maker, &instruction, sizeof(instruction));
}

/* Puts an instruction with a field for the distance from itself to an address, in words. */
static void put_way(struct maker *maker, uint32_t instruction, uint64_t to, unsigned bits, unsigned shift) {
    int64_t way = (int64_t)(to - (maker->at + maker->length)) / WORD, most = (int64_t)1 << (bits - 1);
    maker->failed |= to % WORD != 0 || way < -most || way >= most;
    put_word(maker, instruction | ((uint32_t)way & ((1u << bits) - 1)) << shift);
}

static void put_branch(struct maker *maker, uint64_t to) {
    put_way(maker, 0x14000000, to, 26, 0); /* b */
}

static void put_load(struct maker *maker, unsigned to, uint64_t from) {
    put_way(maker, 0x58000000 | to, from, 19, 5); /* ldr xN,address */
}

/* Makes no instruction that changes the flags. The stub ends with two addresses of 8 bytes. */
size_t unsock_call_stub_make(const struct unsock_call_stub *stub, const struct unsock_call_site *site,
                             const uint8_t *moved, uint8_t bytes[UNSOCK_CALL_STUB_MOST]) {
    struct maker maker = {stub->at, bytes, 0, false};
    uint64_t words[] = {(uint64_t)stub->table, stub->syscall}, data = stub->at + UNSOCK_CALL_STUB_MOST - sizeof(words);
    uint64_t start = stub->at + site->moved + WORD, out = start + (stub->keeps_stack ? 7 : 10) * WORD;
    put_bytes(&maker, moved, site->moved);
    if (stub->keeps_stack)
        put_load(&maker, 17, data + sizeof(words[0]));
    else
        put_word(&maker, PUSH);
    put_word(&maker, 0x53107d10);            /* lsr w16,w8,#16 */
    put_way(&maker, 0x35000010, out, 19, 5); /* cbnz w16,out */
    put_load(&maker, 16, data);
    put_word(&maker, 0x38684a10);            /* ldrb w16,[x16,w8,uxtw] */
    put_way(&maker, 0x34000010, out, 19, 5); /* cbz w16,out */
    put_load(&maker, 16, stub->enter);
    put_word(&maker, stub->keeps_stack ? 0xd61f0200u : 0xd63f0200u); /* br, or blr, x16 */
    if (!stub->keeps_stack) {
        put_way(&maker, 0x34000010, out, 19, 5); /* cbz w16,out */
        put_word(&maker, POP);
        put_branch(&maker, stub->syscall + WORD);
        put_word(&maker, POP);
    }
    if (site->moved == 0)
        put_word(&maker, SVC);
    put_branch(&maker, stub->syscall + (site->moved == 0 ? WORD : 0));
    memcpy(bytes + UNSOCK_CALL_STUB_MOST - sizeof(words), words, sizeof(words));
    return maker.failed ? 0 : UNSOCK_CALL_STUB_MOST;
}

bool unsock_call_stub_jump(uint64_t from, uint64_t stub, uint8_t bytes[UNSOCK_CALL_JUMP]) {
    struct maker maker = {from, bytes, 0, false};
    put_branch(&maker, stub);
    return !maker.failed;
}

#endif
