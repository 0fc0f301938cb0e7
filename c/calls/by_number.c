/*
 * Calls by their numbers. Pointers are checked by the functions that are called (rt/user.h).
 */
#include "calls/list.h"

#include "kernel/socket_info.h"
#include "memory/process.h"

#include <linux/prctl.h>
#include <linux/seccomp.h>

/*
 * prctl and seccomp. Before a filter of the program's own is in force, what the program has inherited is identified;
 * from then on the library makes no calls but the program's own where that is possible. (A filter of NULL is a probe.)
 */
static long set_filter(long number, const long a[6]) {
    bool before = unsock_sandboxed;
    bool comes = number == __NR_prctl ? (int)a[0] == PR_SET_SECCOMP
                                      : a[0] == SECCOMP_SET_MODE_STRICT || a[0] == SECCOMP_SET_MODE_FILTER;
    if (comes && !before)
        unsock_identify_inherited();
    unsock_sandboxed |= comes;
    long result = unsock_sys(number, a[0], a[1], a[2], a[3], a[4]);
    if (result < 0)
        unsock_sandboxed = before;
    return result;
}

/* True if the call brings a signal mask of a size that the kernel refuses. */
static bool has_wrong_mask(long number, const long a[6]) {
    unsigned mask = number == __NR_ppoll ? 3 : 4;
    bool may = number == __NR_ppoll || number == __NR_epoll_pwait || number == __NR_epoll_pwait2;
    return may && a[mask] != 0 && a[mask + 1] != UNSOCK_SIGNALS_SIZE;
}

#define BY_NUMBER(exported, next, machines, mark, trapped, type, name, parameters)                                     \
    UNSOCK_IF_ON_##machines(case __NR_##name : return unsock_call_##name(UNSOCK_ARGUMENTS_IN_ARRAY parameters);)

long unsock_call_by_number(long number, const long a[6]) {
    if (has_wrong_mask(number, a))
        return unsock_sys(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    switch (number) {
        UNSOCK_CALLS(BY_NUMBER)
    case __NR_prctl:
    case __NR_seccomp:
        return set_filter(number, a);
    default:
        return unsock_sys(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    }
}
