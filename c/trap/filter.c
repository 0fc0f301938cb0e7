/*
 * Making the filter. A block for each call, each begins with the call's number in the accumulator. They stand by
 * number, in groups that are passed over as a whole: a call meets some ten instructions, not one for each other call.
 * When it is installed, the kernel tries the filter with all numbers that there are.
 */
#include "trap/trapped.h"

#include "rt/system_calls.h"

#include <linux/audit.h>
#include <linux/seccomp.h>

#if defined(__x86_64__)
#define THIS_MACHINE AUDIT_ARCH_X86_64
#else
#define THIS_MACHINE AUDIT_ARCH_AARCH64
#endif
#define FIRST_OTHER_ABI 0x40000000u /* x32's calls have this bit: other programs than ours, with the same machine */

#define JUMP_MOST 255
#define CALLS_MOST 64
#define GROUP 8

struct maker {
    struct sock_filter *program;
    size_t room;
    size_t length;
    bool failed;
    size_t usual[CALLS_MOST]; /* instructions that jump to the usual decision */
    size_t usual_count;
};

static void put(struct maker *maker, uint16_t code, uint32_t k, size_t if_true, size_t if_false) {
    if (maker->length == maker->room || if_true > JUMP_MOST || if_false > JUMP_MOST) {
        maker->failed = true;
        return;
    }
    maker->program[maker->length++] = (struct sock_filter){code, (uint8_t)if_true, (uint8_t)if_false, k};
}

static void load(struct maker *maker, size_t offset) {
    put(maker, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void load_lower(struct maker *maker, unsigned argument) {
    load(maker, offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t));
}

static void load_upper(struct maker *maker, unsigned argument) {
    load(maker, offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t) + sizeof(uint32_t));
}

static void give(struct maker *maker, uint32_t verdict) {
    put(maker, BPF_RET | BPF_K, verdict, 0, 0);
}

/* The verdict when the accumulator is `value`; else on to the next instruction. */
static void give_if(struct maker *maker, uint32_t value, uint32_t verdict) {
    put(maker, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
    give(maker, verdict);
}

static void give_unless(struct maker *maker, uint32_t value, uint32_t verdict) {
    put(maker, BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0);
    give(maker, verdict);
}

#define TRAP (SECCOMP_RET_TRAP | UNSOCK_FILTER_TAG)

/* What decides when the call has no mark. Ends with a verdict on all paths. */
static void decide(struct maker *maker, const struct unsock_trapped *call) {
    switch (call->when) {
    case UNSOCK_TRAPPED_IF_SET:
        load_lower(maker, call->argument);
        give_unless(maker, 0, TRAP);
        load_upper(maker, call->argument);
        give_unless(maker, 0, TRAP);
        if (call->mask) {
            load_lower(maker, call->argument - 1u);
            put(maker, BPF_ALU | BPF_AND | BPF_K, call->mask, 0, 0);
            give_unless(maker, 0, TRAP);
        }
        give(maker, SECCOMP_RET_ALLOW);
        break;
    case UNSOCK_TRAPPED_IF_VALUE:
        load_lower(maker, call->argument);
        for (unsigned i = 0; i < call->value_count; i++)
            give_if(maker, call->values[i], TRAP);
        if (call->mask) {
            put(maker, BPF_ALU | BPF_AND | BPF_K, call->mask, 0, 0);
            give_if(maker, call->masked, TRAP);
        }
        give(maker, SECCOMP_RET_ALLOW);
        break;
    case UNSOCK_TRAPPED_UNLESS:
        load_lower(maker, call->argument);
        give_if(maker, call->values[0], SECCOMP_RET_ALLOW);
        give(maker, TRAP);
        break;
    case UNSOCK_TRAPPED_NO_SYSTEM:
        give(maker, SECCOMP_RET_ERRNO | ENOSYS);
        break;
    default:
        give(maker, TRAP);
    }
}

/* Jumps, with the instruction at `from`, to what comes next when its condition is met, or when it is not. */
static void land(struct maker *maker, size_t from, bool if_true) {
    size_t length = maker->length - from - 1;
    if (maker->failed || length > JUMP_MOST)
        maker->failed = true;
    else if (if_true)
        maker->program[from].jt = (uint8_t)length;
    else
        maker->program[from].jf = (uint8_t)length;
}

static void put_block(struct maker *maker, const struct unsock_trapped *call) {
    size_t start = maker->length;
    int mark = unsock_sys_marked_argument(call->number);
    put(maker, BPF_JMP | BPF_JEQ | BPF_K, call->number, 0, 0);
    if (call->when == UNSOCK_TRAPPED_ALWAYS && mark == 0 && call->number != __NR_socket) {
        maker->usual[maker->usual_count++] = start;
        return;
    }
    if (mark >= 0) {
        load_upper(maker, (unsigned)mark);
        give_if(maker, UNSOCK_SYS_MARK, SECCOMP_RET_ALLOW);
    }
    if (call->number == __NR_socket)
        give_if(maker, UNSOCK_SYS_PROBE, SECCOMP_RET_ERRNO | UNSOCK_SYS_PROBE_ERRNO);
    decide(maker, call);
    land(maker, start, false);
}

/* Of most calls: trapped, unless their first argument has the mark. Once for all of them. */
static void put_usual(struct maker *maker) {
    for (size_t i = 0; i < maker->usual_count; i++)
        land(maker, maker->usual[i], true);
    load_upper(maker, 0);
    give_if(maker, UNSOCK_SYS_MARK, SECCOMP_RET_ALLOW);
    give(maker, TRAP);
}

static void sort(const struct unsock_trapped *calls, size_t count, uint8_t *order) {
    for (size_t i = 0; i < count; i++) {
        size_t place = i;
        for (; place > 0 && calls[order[place - 1]].number > calls[i].number; place--)
            order[place] = order[place - 1];
        order[place] = (uint8_t)i;
    }
}

/* `next`: the first number of the next group; 0: there is none. */
static void put_group(struct maker *maker, const struct unsock_trapped *calls, const uint8_t *order, size_t count,
                      uint32_t next) {
    size_t start = maker->length;
    if (next != 0)
        put(maker, BPF_JMP | BPF_JGE | BPF_K, next, 0, 0);
    for (size_t i = 0; i < count; i++)
        put_block(maker, &calls[order[i]]);
    give(maker, SECCOMP_RET_ALLOW);
    if (next != 0)
        land(maker, start, true);
}

size_t unsock_filter_make(const struct unsock_trapped *calls, size_t count, struct sock_filter *program, size_t room) {
    struct maker maker = {.program = program, .room = room};
    uint8_t order[CALLS_MOST];
    if (count > CALLS_MOST)
        return 0;
    load(&maker, offsetof(struct seccomp_data, arch));
    give_unless(&maker, THIS_MACHINE, SECCOMP_RET_ALLOW);
    load(&maker, offsetof(struct seccomp_data, nr));
    put(&maker, BPF_JMP | BPF_JGE | BPF_K, UNSOCK_TRAPPED_TAG, 0, 4);
    put(&maker, BPF_JMP | BPF_JGE | BPF_K, FIRST_OTHER_ABI, 0, 1);
    give(&maker, SECCOMP_RET_ERRNO | ENOSYS);
    put(&maker, BPF_JMP | BPF_JGE | BPF_K, (UNSOCK_TRAPPED_TAG | UNSOCK_TRAPPED_NUMBER) + 1, 1, 0);
    give(&maker, TRAP);
    sort(calls, count, order);
    for (size_t i = 0; i < count; i += GROUP) {
        size_t end = UNSOCK_MIN(i + GROUP, count);
        put_group(&maker, calls, order + i, end - i, end < count ? calls[order[end]].number : 0);
    }
    put_usual(&maker);
    return maker.failed ? 0 : maker.length;
}
