/*
 * For CBMC: the trap's filter decides as its table says, for all call numbers, machines and arguments.
 *
 * All jumps of BPF go forward, so one pass over the instructions runs the filter: each instruction is executed if the
 * program has reached it.
 */
#include "rt/calls.h"
#include "trap/trapped.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdbool.h>

#define TRAP (SECCOMP_RET_TRAP | UNSOCK_FILTER_TAG)
#define NO_SYSTEM (SECCOMP_RET_ERRNO | 38)
#ifndef OTHER_ABI /* the test has another one, which must not hold */
#define OTHER_ABI 0x40000000u
#endif

struct seccomp_data nondet_data(void);

#include "filter_program.h" /* `program`, as filter_program.c prints it */

#define LENGTH (sizeof program / sizeof program[0])

static uint32_t word_at(const struct seccomp_data *data, uint32_t offset) {
    uint64_t argument = data->args[(offset - 16) / 8 % 6];
    if (offset == 0)
        return (uint32_t)data->nr;
    if (offset == 4)
        return data->arch;
    __CPROVER_assert(offset >= 16 && offset < 64 && offset % 4 == 0, "it reads what is there");
    return (uint32_t)(offset % 8 ? argument >> 32 : argument);
}

static uint32_t verdict_of(const struct seccomp_data *data) {
    uint32_t accumulator = 0, verdict = 0;
    size_t at = 0;
    for (size_t i = 0; i < LENGTH; i++) {
        if (at != i)
            continue;
        const struct sock_filter *one = &program[i];
        bool holds = one->code == (BPF_JMP | BPF_JGE | BPF_K) ? accumulator >= one->k : accumulator == one->k;
        at = i + 1;
        if (one->code == (BPF_LD | BPF_W | BPF_ABS))
            accumulator = word_at(data, one->k);
        else if (one->code == (BPF_ALU | BPF_AND | BPF_K))
            accumulator &= one->k;
        else if (one->code == (BPF_RET | BPF_K)) {
            verdict = one->k;
            at = LENGTH + 1;
        } else {
            __CPROVER_assert(one->code == (BPF_JMP | BPF_JGE | BPF_K) || one->code == (BPF_JMP | BPF_JEQ | BPF_K),
                             "it has no other instructions");
            at += holds ? one->jt : one->jf;
        }
    }
    __CPROVER_assert(at == LENGTH + 1, "it comes to a verdict");
    return verdict;
}

static uint32_t by_argument(const struct unsock_trapped *call, const struct seccomp_data *data) {
    uint64_t argument = data->args[call->argument];
    uint32_t lower = (uint32_t)argument;
    bool listed = call->mask != 0 && (lower & call->mask) == call->masked;
    for (unsigned i = 0; i < UNSOCK_TRAPPED_VALUES; i++)
        listed = listed || (i < call->value_count && call->values[i] == lower);
    switch (call->when) {
    case UNSOCK_TRAPPED_NO_SYSTEM:
        return NO_SYSTEM;
    case UNSOCK_TRAPPED_IF_SET:
        return argument != 0 || (call->mask != 0 && (data->args[call->argument - 1] & call->mask) > call->masked)
                   ? TRAP
                   : SECCOMP_RET_ALLOW;
    case UNSOCK_TRAPPED_IF_VALUE:
        return listed ? TRAP : SECCOMP_RET_ALLOW;
    case UNSOCK_TRAPPED_UNLESS:
        return listed ? SECCOMP_RET_ALLOW : TRAP;
    default:
        return TRAP;
    }
}

/* As the table says it. */
static uint32_t expected(const struct seccomp_data *data) {
    if (data->arch != AUDIT_ARCH_X86_64)
        return SECCOMP_RET_ALLOW;
    if ((uint32_t)data->nr >= OTHER_ABI)
        return NO_SYSTEM;
    if (((uint32_t)data->nr & ~UNSOCK_TRAPPED_NUMBER) == UNSOCK_TRAPPED_TAG)
        return TRAP;
    for (size_t i = 0; i < UNSOCK_TRAPPED_COUNT; i++) {
        const struct unsock_trapped *call = &unsock_trapped[i];
        if (call->number != (uint32_t)data->nr)
            continue;
        int mark = unsock_sys_marked_argument(call->number);
        if (mark >= 0 && (uint32_t)(data->args[mark] >> 32) == UNSOCK_SYS_MARK)
            return SECCOMP_RET_ALLOW;
        if (call->number == __NR_socket && (uint32_t)(data->args[mark] >> 32) == UNSOCK_SYS_PROBE)
            return SECCOMP_RET_ERRNO | UNSOCK_SYS_PROBE_ERRNO;
        return by_argument(call, data);
    }
    return SECCOMP_RET_ALLOW;
}

int main(void) {
    struct seccomp_data data = nondet_data();
    __CPROVER_assert(verdict_of(&data) == expected(&data), "it does what the table says");
    return 0;
}
