/* Makes the seccomp filter from the table of trapped calls. The filter has a binary search for the call's number, then
 * the decisions, then the verdicts. It is short, because the kernel compiles it at each start and runs it once for
 * every system call number (seccomp_cache_prepare). */
#include "trap/trapped.h"

#include "rt/system_calls.h"

#include <asm/ioctls.h>
#include <linux/audit.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>

#if defined(__x86_64__)
#define THIS_MACHINE AUDIT_ARCH_X86_64
#else
#define THIS_MACHINE AUDIT_ARCH_AARCH64
#endif
#define FIRST_OTHER_ABI 0x40000000u /* x32's calls have this bit, and x86-64's AUDIT_ARCH: ENOSYS */

#define JUMP_MOST 255
#define CALLS_MOST 64
#define FEW 3   /* ranges of so few calls are searched one by one */
#define DEPTH 8 /* ranges that can wait in put_search */

/* Labels: the targets of jumps. Calls that decide alike share their instructions, which keeps the filter short. */
enum {
    NEXT,
    ALLOW,
    TRAP,
    NO_SYSTEM,
    PROBED,
    LARGE,
    RANGES,                          /* + the place of a range's first call in the order of numbers */
    DECISIONS = RANGES + CALLS_MOST, /* + the index of the first call in the table with this decision */
    LABELS = DECISIONS + CALLS_MOST,
};

struct maker {
    struct sock_filter *program;
    size_t room;
    size_t length;
    bool failed;
    uint16_t places[LABELS];
    uint8_t if_true[UNSOCK_FILTER_MOST]; /* the labels of each instruction's two jumps */
    uint8_t if_false[UNSOCK_FILTER_MOST];
};

static void put_instruction(struct maker *maker, uint16_t code, uint32_t k, unsigned if_true, unsigned if_false) {
    if (maker->length == maker->room || maker->length == UNSOCK_FILTER_MOST) {
        maker->failed = true;
        return;
    }
    maker->if_true[maker->length] = (uint8_t)if_true;
    maker->if_false[maker->length] = (uint8_t)if_false;
    maker->program[maker->length++] = (struct sock_filter){code, 0, 0, k};
}

static void place_label(struct maker *maker, unsigned label) {
    maker->places[label] = (uint16_t)maker->length;
}

static void put_load_word(struct maker *maker, size_t offset) {
    put_instruction(maker, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, NEXT, NEXT);
}

/* Loads a half of an argument: LOWER or UPPER. */
enum { LOWER = 0, UPPER = sizeof(uint32_t) };

static void put_load_half(struct maker *maker, unsigned argument, unsigned half) {
    put_load_word(maker, offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t) + half);
}

static void put_jump_if_equal(struct maker *maker, uint32_t value, unsigned if_true, unsigned if_false) {
    put_instruction(maker, BPF_JMP | BPF_JEQ | BPF_K, value, if_true, if_false);
}

static void is_at_least(struct maker *maker, uint32_t value, unsigned if_true, unsigned if_false) {
    put_instruction(maker, BPF_JMP | BPF_JGE | BPF_K, value, if_true, if_false);
}

static void put_verdict(struct maker *maker, unsigned label, uint32_t verdict) {
    place_label(maker, label);
    put_instruction(maker, BPF_RET | BPF_K, verdict, NEXT, NEXT);
}

/* Puts the instructions that decide about a call without the library's mark. */
static void put_unmarked_decision(struct maker *maker, const struct unsock_trapped *call) {
    switch (call->when) {
    case UNSOCK_TRAPPED_IF_SET:
        put_load_half(maker, call->argument, LOWER);
        put_jump_if_equal(maker, 0, NEXT, TRAP);
        put_load_half(maker, call->argument, UPPER);
        put_jump_if_equal(maker, 0, call->mask ? NEXT : ALLOW, TRAP);
        if (!call->mask)
            break;
        put_load_half(maker, call->argument - 1u, LOWER);
        put_instruction(maker, BPF_ALU | BPF_AND | BPF_K, call->mask, NEXT, NEXT);
        is_at_least(maker, call->masked + 1, TRAP, ALLOW);
        break;
    case UNSOCK_TRAPPED_IF_VALUE:
        put_load_half(maker, call->argument, LOWER);
        for (unsigned i = 0; i < call->value_count; i++)
            put_jump_if_equal(maker, call->values[i], TRAP, call->mask || i + 1u < call->value_count ? NEXT : ALLOW);
        if (!call->mask)
            break;
        put_instruction(maker, BPF_ALU | BPF_AND | BPF_K, call->mask, NEXT, NEXT);
        put_jump_if_equal(maker, call->masked, TRAP, ALLOW);
        break;
    case UNSOCK_TRAPPED_UNLESS:
        put_load_half(maker, call->argument, LOWER);
        put_jump_if_equal(maker, call->values[0], ALLOW, TRAP);
        break;
    default:
        break;
    }
}

static bool decides_alike(const struct unsock_trapped *a, const struct unsock_trapped *b) {
    if (a->when != b->when || a->argument != b->argument || a->value_count != b->value_count || a->mask != b->mask ||
        a->masked != b->masked || (a->number == __NR_socket) != (b->number == __NR_socket))
        return false;
    for (size_t i = 0; i < a->value_count; i++)
        if (a->values[i] != b->values[i])
            return false;
    return unsock_sys_marked_argument(a->number) == unsock_sys_marked_argument(b->number);
}

/* Finds the label of each call's decision. Adjacent calls of the table with the same decision share a label. */
static void find_decisions(const struct unsock_trapped *calls, size_t count, uint8_t *decisions) {
    for (size_t i = 0; i < count; i++) {
        bool asks = calls[i].number == __NR_socket || unsock_sys_marked_argument(calls[i].number) >= 0;
        if (calls[i].when == UNSOCK_TRAPPED_NO_SYSTEM)
            decisions[i] = NO_SYSTEM;
        else if (calls[i].when == UNSOCK_TRAPPED_ALWAYS && !asks)
            decisions[i] = TRAP;
        else if (i > 0 && decides_alike(&calls[i - 1], &calls[i]))
            decisions[i] = decisions[i - 1];
        else
            decisions[i] = (uint8_t)(DECISIONS + i);
    }
}

static void put_decision(struct maker *maker, const struct unsock_trapped *call, unsigned label) {
    int mark = unsock_sys_marked_argument(call->number);
    place_label(maker, label);
    if (mark >= 0) {
        put_load_half(maker, (unsigned)mark, UPPER);
        put_jump_if_equal(maker, UNSOCK_SYS_MARK, ALLOW,
                          call->when == UNSOCK_TRAPPED_ALWAYS && call->number != __NR_socket ? TRAP : NEXT);
    }
    if (call->number == __NR_socket)
        put_jump_if_equal(maker, UNSOCK_SYS_PROBE, PROBED, TRAP);
    put_unmarked_decision(maker, call);
}

static void sort(const struct unsock_trapped *calls, size_t count, uint8_t *order) {
    for (size_t i = 0; i < count; i++) {
        size_t place = i;
        for (; place > 0 && calls[order[place - 1]].number > calls[i].number; place--)
            order[place] = order[place - 1];
        order[place] = (uint8_t)i;
    }
}

/* Puts the binary search for the call's number. The upper half of each range waits in `later`. */
static void put_search(struct maker *maker, const struct unsock_trapped *calls, const uint8_t *decisions,
                       const uint8_t *order, size_t count) {
    struct {
        size_t first, end;
    } later[DEPTH] = {{0, count}};
    for (unsigned waiting = 1; waiting > 0;) {
        size_t first = later[--waiting].first, end = later[waiting].end;
        place_label(maker, RANGES + (unsigned)first);
        while (end - first > FEW) {
            size_t middle = (first + end) / 2;
            is_at_least(maker, calls[order[middle]].number, RANGES + (unsigned)middle, NEXT);
            later[waiting].first = middle;
            later[waiting++].end = end;
            end = middle;
        }
        for (size_t i = first; i < end; i++)
            put_jump_if_equal(maker, calls[order[i]].number, decisions[order[i]], i + 1 < end ? NEXT : ALLOW);
    }
}

/* Replaces labels by distances. All jumps go forward. */
static void link(struct maker *maker) {
    for (size_t i = 0; i < maker->length; i++) {
        size_t to_true = maker->places[maker->if_true[i]] - i - 1, to_false = maker->places[maker->if_false[i]] - i - 1;
        to_true = maker->if_true[i] == NEXT ? 0 : to_true;
        to_false = maker->if_false[i] == NEXT ? 0 : to_false;
        maker->failed |= to_true > JUMP_MOST || to_false > JUMP_MOST;
        maker->program[i].jt = (uint8_t)to_true;
        maker->program[i].jf = (uint8_t)to_false;
    }
}

size_t unsock_filter_make(const struct unsock_trapped *calls, size_t count, struct sock_filter *program, size_t room) {
    struct maker maker = {.program = program, .room = room};
    uint8_t order[CALLS_MOST], decisions[CALLS_MOST];
    if (count == 0 || count > CALLS_MOST)
        return 0;
    put_load_word(&maker, offsetof(struct seccomp_data, arch));
    put_jump_if_equal(&maker, THIS_MACHINE, NEXT, ALLOW);
    put_load_word(&maker, offsetof(struct seccomp_data, nr));
    is_at_least(&maker, UNSOCK_TRAPPED_TAG, LARGE, NEXT);
    find_decisions(calls, count, decisions);
    sort(calls, count, order);
    put_search(&maker, calls, decisions, order, count);
    place_label(&maker, LARGE);
    is_at_least(&maker, FIRST_OTHER_ABI, NO_SYSTEM, NEXT);
    is_at_least(&maker, (UNSOCK_TRAPPED_TAG | UNSOCK_TRAPPED_NUMBER) + 1, ALLOW, TRAP);
    for (size_t i = 0; i < count; i++)
        if (decisions[i] == DECISIONS + i)
            put_decision(&maker, &calls[i], DECISIONS + (unsigned)i);
    put_verdict(&maker, ALLOW, SECCOMP_RET_ALLOW);
    put_verdict(&maker, TRAP, SECCOMP_RET_TRAP | UNSOCK_FILTER_TAG);
    put_verdict(&maker, NO_SYSTEM, SECCOMP_RET_ERRNO | ENOSYS);
    put_verdict(&maker, PROBED, SECCOMP_RET_ERRNO | UNSOCK_SYS_PROBE_ERRNO);
    link(&maker);
    return maker.failed ? 0 : maker.length;
}

/* The table of trapped system calls. */

#define VALUES(...) .value_count = sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t), .values = {__VA_ARGS__}

#define RULE_ALWAYS .when = UNSOCK_TRAPPED_ALWAYS
#define RULE_NO_SYSTEM .when = UNSOCK_TRAPPED_NO_SYSTEM
#define RULE_IF_SET(which) .when = UNSOCK_TRAPPED_IF_SET, .argument = (which)
#define RULE_IF_SET_OR(which, bits, most) RULE_IF_SET(which), .mask = (bits), .masked = (most)
#define RULE_IF_VALUE(which, ...) .when = UNSOCK_TRAPPED_IF_VALUE, .argument = (which), VALUES(__VA_ARGS__)
#define RULE_IF_VALUE_OR(which, bits, value, ...) RULE_IF_VALUE(which, __VA_ARGS__), .mask = (bits), .masked = (value)
#define RULE_UNLESS(which, value) .when = UNSOCK_TRAPPED_UNLESS, .argument = (which), VALUES(value)

#define ENTRY(exported, next, machines, mark, trapped, type, name, parameters)                                         \
    UNSOCK_IF_ON_##machines(UNSOCK_IF_TRAPPED_##mark({.number = __NR_##name, RULE_##trapped}, ))
#define ENTRY_OF_DOOR_CALL(exported, machines, mark, syscall, trapped, name)                                           \
    UNSOCK_IF_ON_##machines(UNSOCK_IF_TRAPPED_##mark({.number = __NR_##name, RULE_##trapped}, ))

const struct unsock_trapped unsock_trapped[UNSOCK_TRAPPED_COUNT] = {UNSOCK_CALLS(ENTRY)
                                                                        UNSOCK_DOOR_CALLS(ENTRY_OF_DOOR_CALL)};

bool unsock_trapped_applies(const struct unsock_trapped *call, const long a[6]) {
    uint32_t value = (uint32_t)a[call->argument];
    bool listed = call->mask && (value & call->mask) == call->masked;
    for (unsigned i = 0; i < call->value_count; i++)
        listed |= call->values[i] == value;
    switch (call->when) {
    case UNSOCK_TRAPPED_IF_SET:
        return a[call->argument] != 0 || (call->mask && (a[call->argument - 1] & call->mask) > call->masked);
    case UNSOCK_TRAPPED_IF_VALUE:
        return listed;
    case UNSOCK_TRAPPED_UNLESS:
        return !listed;
    default:
        return true;
    }
}
