/* The table of trapped system calls. */
#include "trap/trapped.h"

#include "rt/system_calls.h"

#include <asm/ioctls.h>
#include <linux/prctl.h>

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
