/*
 * For CBMC: the trap's filter decides as the rules of the list of calls say, for all call numbers, machines and
 * arguments.
 *
 * All jumps of BPF go forward, so one pass over the instructions runs the filter: each instruction is executed if the
 * program has reached it.
 */
#include "rt/base.h"
#include "rt/calls.h"
#include "trap/trapped.h"

#define SIG_UNBLOCK 1
#define TRAP (SECCOMP_RET_TRAP | UNSOCK_FILTER_TAG)
#define MISSING (SECCOMP_RET_ERRNO | 38)
#ifndef OTHER_ABI /* the test has another one, which must not hold */
#define OTHER_ABI 0x40000000u
#endif

struct seccomp_data nondet_data(void);

#include "../build/filter_x86_64.h"

#define LENGTH (sizeof trap_filter / sizeof trap_filter[0])

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
        const struct sock_filter *one = &trap_filter[i];
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

/* UNSOCK_TRAPS_RULE for the rules that only doors' calls have. */
#define UNSOCK_TRAPS_UNLESS(at, value) ((uint32_t)a[at] != (value))
#define UNSOCK_TRAPS_NO_SYSTEM MISSING

#define RULE(mark, trapped, name)                                                                                      \
    UNSOCK_IF_TRAPPED_##mark(case __NR_##name : return by_rule(data, UNSOCK_MARK_##mark, UNSOCK_TRAPS_##trapped);)
#define ROW(exported, next, machines, mark, trapped, type, name, parameters)                                           \
    UNSOCK_IF_ON_##machines(RULE(mark, trapped, name))
#define DOOR_ROW(exported, machines, mark, syscall, trapped, name) UNSOCK_IF_ON_##machines(RULE(mark, trapped, name))

/* `traps`: what the call's rule says without a mark. */
static uint32_t by_rule(const struct seccomp_data *data, int mark, uint32_t traps) {
    uint32_t upper = mark >= 0 ? (uint32_t)(data->args[mark] >> 32) : 0;
    if (mark >= 0 && upper == UNSOCK_SYS_MARK)
        return SECCOMP_RET_ALLOW;
    if (data->nr == __NR_socket && upper == UNSOCK_SYS_PROBE)
        return SECCOMP_RET_ERRNO | UNSOCK_SYS_PROBE_ERRNO;
    return traps == MISSING ? MISSING : traps ? TRAP : SECCOMP_RET_ALLOW;
}

/* As the list says it. */
static uint32_t expected(const struct seccomp_data *data) {
    const uint64_t *a = data->args;
    if (data->arch != AUDIT_ARCH_X86_64)
        return SECCOMP_RET_ALLOW;
    if ((uint32_t)data->nr >= OTHER_ABI)
        return MISSING;
    if (((uint32_t)data->nr & ~UNSOCK_TRAPPED_NUMBER) == UNSOCK_TRAPPED_TAG)
        return TRAP;
    switch (data->nr) {
        UNSOCK_CALLS(ROW)
        UNSOCK_DOOR_CALLS(DOOR_ROW)
    default:
        return SECCOMP_RET_ALLOW;
    }
}

int main(void) {
    struct seccomp_data data = nondet_data();
    __CPROVER_assert(verdict_of(&data) == expected(&data), "it does what the list says");
    return 0;
}
