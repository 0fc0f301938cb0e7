/* Decides which calls at rewritten places the library answers, and answers these calls. */
#include "trap/site.h"

#include "calls/list.h"
#include "calls/stream.h"
#include "rt/user.h"
#include "trap/trapped.h"

#include <asm/ioctls.h>
#include <linux/poll.h>

#define NAMED __attribute__((used, visibility("hidden"))) /* called by assembly only */

#define FEW 16 /* a poll of more descriptors is not checked, but answered by the library */

/* True if the kernel handles this descriptor's data. Identifies an unknown descriptor once. Inline for speed. */
static inline __attribute__((always_inline)) bool is_kernels_data(int fd) {
    const struct unsock_fd *entry = unsock_fds_known(fd);
    return entry ? !unsock_fd_is_redirected(entry) : unsock_asked_fd(fd) || !unsock_write_concerns(fd);
}

/* As is_kernels_data, for a send. Also false for a UDP socket in the kernel, since a send may redirect the socket. */
static bool sends_by_kernel(int fd) {
    const struct unsock_fd *entry = unsock_fds_known(fd);
    return is_kernels_data(fd) && !(entry && entry->kind == UNSOCK_KIND_IP && entry->type == SOCK_DGRAM);
}

static bool receives_unusually(int fd) {
    const struct unsock_fd *entry = unsock_fds_known(fd);
    return entry ? unsock_fd_receives_with_care(entry) || unsock_fd_stream_leads_nowhere(entry) : !is_kernels_data(fd);
}

static bool polls_kernels(const struct pollfd *fds, unsigned long count) {
    if (count > FEW || !unsock_user_is_certain(fds, count * sizeof(*fds)))
        return false;
    for (unsigned long i = 0; i < count; i++)
        if (fds[i].fd >= 0 && !is_kernels_data(fds[i].fd))
            return false;
    return true;
}

#define TRAPS(exported, next, machines, mark, trapped, type, name, parameters)                                         \
    UNSOCK_IF_ON_##machines(UNSOCK_IF_TRAPPED_##mark(case __NR_##name : return UNSOCK_TRAPS_##trapped;))

/* True if the filter traps the call. Knows only the calls in UNSOCK_CALLS, and is false for all others. */
static inline bool is_trapped(long number, const long *a) {
    switch (number) {
        UNSOCK_CALLS(TRAPS)
    default:
        return false;
    }
}

NAMED bool unsock_site_concerns(const struct unsock_site_call *call) {
    const long *a = call->arguments;
    switch (call->number) {
    case __NR_write:
    case __NR_writev:
    case __NR_sendfile:
        return !unsock_sandboxed && !is_kernels_data((int)a[0]);
    case __NR_splice:
        return !unsock_sandboxed && !is_kernels_data((int)a[2]);
    case __NR_sendto:
        return is_trapped(__NR_sendto, a) || (!unsock_sandboxed && !sends_by_kernel((int)a[0]));
    case __NR_recvfrom:
        return is_trapped(__NR_recvfrom, a) || receives_unusually((int)a[0]);
    case __NR_read:
        return unsock_fds_has_nobody((int)a[0]);
    case __NR_fcntl:
        return is_trapped(__NR_fcntl, a);
    case __NR_ioctl:
        return is_trapped(__NR_ioctl, a);
#ifdef __x86_64__
    case __NR_poll:
#endif
    case __NR_ppoll:
        return !unsock_sandboxed && !polls_kernels((const struct pollfd *)a[0], (unsigned long)a[1]);
#ifdef __x86_64__
    case __NR_epoll_wait:
#endif
    case __NR_epoll_pwait:
        /* Leaves to the kernel only calls that do not wait, on sets without redirected sockets. During a wait, another
         * thread may add a redirected socket. */
        return (int)a[3] != 0 || !unsock_epoll_is_kernels((int)a[0]);
    case __NR_epoll_ctl:
        is_kernels_data((int)a[2]); /* identifies the descriptor */
        return true;
    default:
        return true;
    }
}

NAMED long unsock_site_answer(const struct unsock_site_call *call) {
    return unsock_call_by_number(call->number, call->arguments);
}

uint8_t unsock_site_numbers[65536] __attribute__((section(".bss.tables")));

#define SITE_NUMBER(exported, next, machines, mark, trapped, type, name, parameters)                                   \
    UNSOCK_IF_ON_##machines(unsock_site_numbers[__NR_##name] = 1;)

void unsock_site_start(void) {
    UNSOCK_CALLS(SITE_NUMBER)
}

_Static_assert(UNSOCK_TRAPPED_TAG == 0x07560000, "as in x86_64.S and aarch64.S");
_Static_assert(offsetof(struct unsock_own_stack, thread_pointer) == 0 && offsetof(struct unsock_own_stack, top) == 8 &&
                   offsetof(struct unsock_own_stack, in_use) == 16,
               "as in x86_64.S and aarch64.S");
