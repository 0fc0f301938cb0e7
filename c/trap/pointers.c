/* Asking the kernel about memory. */
#include "trap/pointers.h"

#include "rt/net.h"
#include "rt/sys.h"

#include <linux/futex.h>

#define PAGE 4096u /* or larger: then some pages are asked about more than once */
#define NO_SUCH_HOW 99
#define SIGNALS_SIZE 8

/* rt_sigprocmask reads the signals (8 bytes, here never across a page) before it sees that it does not know what to do
 * with them. */
static bool readable(uintptr_t address) {
    return unsock_sys(__NR_rt_sigprocmask, NO_SUCH_HOW, address & ~(uintptr_t)7, 0, SIGNALS_SIZE) != -EFAULT;
}

/* Adds 0 to the number there, as one waking of a futex can do with another: nobody waits for the first, and nobody is
 * woken. */
static bool writable(uintptr_t address) {
    static uint32_t nobody;
    uint32_t add_nothing = FUTEX_OP(FUTEX_OP_ADD, 0, FUTEX_OP_CMP_LT, 0);
    return unsock_sys(__NR_futex, &nobody, FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 1, 0, address & ~(uintptr_t)3,
                      add_nothing) != -EFAULT;
}

bool unsock_can_read(const void *from, size_t size) {
    uintptr_t first = (uintptr_t)from, last = first + size - 1;
    if (size == 0)
        return true;
    if (last < first || !readable(first))
        return false;
    for (uintptr_t at = (first / PAGE + 1) * PAGE; at <= last && at > first; at += PAGE) {
        if (!readable(at))
            return false;
    }
    return true;
}

bool unsock_can_write(void *to, size_t size) {
    uintptr_t first = (uintptr_t)to, last = first + size - 1;
    if (size == 0)
        return true;
    return last >= first && writable(first) && (first / PAGE == last / PAGE || writable(last));
}
