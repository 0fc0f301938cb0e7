/* Installs the SIGSYS handler and the filter, and answers trapped calls. */
#include "trap/trapped.h"

#include "calls/list.h"
#include "process/exec.h"
#include "process/start.h"
#include "rt/user.h"
#include "trap/image.h"
#include "trap/site.h"

#include <linux/prctl.h>
#include <linux/seccomp.h>

#if defined(__x86_64__)
#include "../build/filter_x86_64.h"
#else
#include "../build/filter_aarch64.h"
#endif

#define EXEC_STACK (32 * 1024)

/* Answers readlink(2). For /proc/self/exe the answer is the program's file, where the kernel would name the library. */
static long read_self_exe(int directory, const char *path, char *link, int size) {
    const char *file = unsock_self_exe_file();
    if (!file || size <= 0 || !unsock_user_readable(path, 1) || !unsock_self_exe_is(path))
        return unsock_readlinkat(directory, path, link, size);
    size_t length = UNSOCK_MIN(strlen(file), (size_t)size);
    if (!unsock_user_writable(link, length))
        return -EFAULT;
    memcpy(link, file, length);
    return (long)length;
}

struct execution {
    struct unsock_exec exec;
    long result;
};

static void execute_trapped(void *execution) {
    ((struct execution *)execution)->result = unsock_exec(&((struct execution *)execution)->exec);
}

/* Executes a program (a[0]: path, a[1]: argv, a[2]: environment) on another stack: the present one may have hardly more
 * room than the handler needs (musl's posix_spawn gives its child 5 KiB in all). */
UNSOCK_OWN_FRAME static long execute_elsewhere(int directory, const long a[3], int flags) {
    struct execution execution = {
        {directory, (const char *)a[0], (const char *const *)a[1], (const char *const *)a[2], flags}, -ENOMEM};
    struct unsock_exec_space *space = unsock_exec_space_enter(EXEC_STACK + 16);
    uint8_t *stack = space ? unsock_exec_space_cut(space, EXEC_STACK) : NULL;
    if (!stack)
        return -ENOMEM;
    unsock_call_on(execute_trapped, &execution, stack + EXEC_STACK);
    unsock_exec_space_leave(space);
    return execution.result;
}

static long answer_trapped_call(struct unsock_context *context, long number, const long a[6]) {
    switch (number) {
    case __NR_rt_sigaction:
        return unsock_signals_action(a[0], (const void *)a[1], (void *)a[2], a[3]);
    case __NR_rt_sigprocmask: /* glibc's and musl's threads begin with this call (unsock_own_stack_forget) */
        unsock_own_stack_forget();
        return unsock_signals_mask(context, a[0], (const void *)a[1], (void *)a[2], a[3]);
    case __NR_rt_sigsuspend:
        return unsock_signals_suspend((const void *)a[0], a[1]);
    case __NR_ppoll:
    case __NR_pselect6:
    case __NR_epoll_pwait:
    case __NR_epoll_pwait2:
        return unsock_signals_wait(number, a);
    case __NR_execve:
        return execute_elsewhere(AT_FDCWD, a, 0);
    case __NR_execveat:
        return execute_elsewhere((int)a[0], a + 1, (int)a[4]);
#ifdef __NR_readlink
    case __NR_readlink:
        return read_self_exe(AT_FDCWD, (const char *)a[0], (char *)a[1], (int)a[2]);
#endif
    case __NR_readlinkat:
        return read_self_exe((int)a[0], (const char *)a[1], (char *)a[2], (int)a[3]);
    default:
        if (number == __NR_socket && a[0] == UNSOCK_SYS_NO_FAMILY && a[5] == UNSOCK_SYS_PROBE)
            return unsock_patch_tell();
        if (unsock_activity != UNSOCK_ACTIVE)
            return unsock_sys(number, a[0], a[1], a[2], a[3], a[4], a[5]);
        unsock_cancel_forbid(true);
        long result = unsock_call_by_number(number, a);
        unsock_cancel_forbid(false);
        return result;
    }
}

struct trapped_call {
    const struct unsock_signal_info *info;
    struct unsock_context *context;
};

/* Answers the trapped call. Not inlined, so that `handle` takes little stack before it knows how much there is. */
__attribute__((noinline)) static void answer_trapped(void *call) {
    struct unsock_context *context = ((struct trapped_call *)call)->context;
    uint32_t number = (uint32_t)((struct trapped_call *)call)->info->number;
    struct unsock_site_call made = {number & UNSOCK_TRAPPED_NUMBER, UNSOCK_CONTEXT_ARGUMENTS(context)};
    /* A call with the tag was made at a rewritten place, by a thread that had no free stack (trap/site.h). */
    bool tagged = number >= UNSOCK_TRAPPED_TAG;
    unsock_site_stack_bring(context, tagged);
    bool concerns = tagged && unsock_activity == UNSOCK_ACTIVE && unsock_site_concerns(&made);
    long result = concerns ? unsock_site_answer(&made) : answer_trapped_call(context, made.number, made.arguments);
    if (result == -EINTR)
        unsock_signals_keep_mask(context);
    UNSOCK_CONTEXT_RESULT(context) = (uint64_t)result;
}

/* A volatile pointer, so that tests/unit/stack_test.ts does not add answer_trapped's depth to the handler's stack. */
static void (*const volatile answer_elsewhere)(void *) = answer_trapped;

static void handle(int signal, void *signal_info, void *signal_context) {
    struct trapped_call call = {signal_info, signal_context};
    if (call.info->code != UNSOCK_SIGNAL_BY_SECCOMP || call.info->error != UNSOCK_FILTER_TAG) {
        unsock_signals_foreign(signal, signal_info, signal_context);
        return;
    }
    /* An exec has a stack of its own (execute_elsewhere): after a successful exec, nobody would free a lent stack. No
     * stub makes an exec, so the number of an exec has no tag. */
    bool executes = call.info->number == __NR_execve || call.info->number == __NR_execveat;
    struct unsock_own_stack *stack = executes ? NULL : unsock_own_stack_lend(call.context);
    if (stack)
        unsock_own_stack_call(stack, call.context, answer_elsewhere, &call);
    else
        answer_trapped(&call);
}

/* Installs the filter for all threads. Without SPEC_ALLOW the kernel may forbid this process to speculate past stores
 * (seccomp(2)), which slows the process down; the library has no secret that needs the protection. */
long unsock_trap_install(bool on_alternate_stack) {
    struct sock_fprog filter = {sizeof(trap_filter) / sizeof(trap_filter[0]), (struct sock_filter *)trap_filter};
    unsock_sys_mark_bits = UNSOCK_SYS_MARK << 32;
    long result = unsock_signals_install(handle, on_alternate_stack);
    if (result < 0 || unsock_is_trapped())
        return result;
    unsock_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    result =
        unsock_seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW | SECCOMP_FILTER_FLAG_TSYNC, &filter);
    return result > 0 ? -EBUSY : result;
}

static const char trap_refused[] =
    "unsock: UNSOCK_ENGINE: this system does not let system calls be trapped (seccomp): \"trap\"\n";

/* Installs the preloaded library's handler if the process is trapped, or must be (UNSOCK_ENGINE=trap). If another copy
 * of the library has loaded the program, replaces that copy's handler, so that one copy stores the facts about all
 * descriptors. If no copy has loaded the program, also installs the filter. If the system refuses, ends the program. */
__attribute__((constructor)) static void take_over(void) {
    /* In a Go program with a dynamic linker but no libc, the preloaded copy finds no environment, and so is inert. */
    if (!unsock_start_active() || !(unsock_start_trapped || unsock_start_traps))
        return;
    if (unsock_start_trapped) {
        unsock_self_exe_inherit();
        unsock_patch_take_over();
    }
    if (unsock_trap_install(unsock_signals_on_alternate_stack()) >= 0) {
        unsock_start_trapped = true;
        return;
    }
    unsock_write(2, trap_refused, sizeof(trap_refused) - 1);
    unsock_exit(125);
}
