/* Keeps SIGSYS for the library: stores the program's settings for SIGSYS, and returns them as if they were in force. */
#include "trap/site.h"

#include "rt/user.h"

#define SIGSYS_BIT UNSOCK_SIGNAL_BIT(SIGSYS)

/* The action that the program has set for SIGSYS; at first SIG_DFL. */
static struct unsock_signal_action programs_own;
static unsock_trap_handler_function *own_handler;

#ifdef __x86_64__
extern void __restore_rt(void) __attribute__((visibility("hidden")));
#endif

/* Sets the SIGSYS handler. It blocks no signal: the program's handlers can interrupt it as they can the real call. */
static long set_handler(uint64_t more_flags) {
    struct unsock_signal_action action = {.handler = own_handler,
                                          .flags = SA_SIGINFO | SA_NODEFER | SA_RESTART | more_flags};
#ifdef __x86_64__
    action.flags |= SA_RESTORER;
    action.restorer = __restore_rt;
#endif
    return unsock_rt_sigaction(SIGSYS, &action, NULL);
}

long unsock_signals_install(unsock_trap_handler_function *handler, bool on_alternate_stack) {
    static const uint64_t own = SIGSYS_BIT;
    own_handler = handler;
    long result = set_handler(on_alternate_stack ? SA_ONSTACK : 0);
    if (result == 0)
        result = unsock_rt_sigprocmask(SIG_UNBLOCK, &own, NULL);
    return result;
}

bool unsock_signals_on_alternate_stack(void) {
    struct unsock_signal_action now = {0};
    unsock_rt_sigaction(SIGSYS, NULL, &now);
    return now.flags & SA_ONSTACK;
}

static bool wants_other_stack(const struct unsock_signal_action *action) {
    return (uintptr_t)action->handler > SIG_IGN && (action->flags & SA_ONSTACK);
}

/* Answers rt_sigaction for SIGSYS. Stores nothing in a child of vfork: the child has its own handlers, but the stored
 * action is in its parent's memory. */
static long own_action(const struct unsock_signal_action *action, struct unsock_signal_action *old) {
    struct unsock_signal_action before = programs_own;
    if (action) {
        if (!unsock_user_readable(action, sizeof(*action)))
            return -EFAULT;
        if (unsock_this_process_owns_descriptors())
            programs_own = *action;
        /* Go sets SA_ONSTACK for all signals, and needs it for SIGSYS. The loader cannot detect packed Go programs. */
        if (wants_other_stack(action))
            set_handler(SA_ONSTACK);
    }
    if (old) {
        if (!unsock_user_writable(old, sizeof(*old)))
            return -EFAULT;
        *old = before;
    }
    return 0;
}

long unsock_signals_action(long signal, const struct unsock_signal_action *action, struct unsock_signal_action *old,
                           long size) {
    if (size != UNSOCK_SIGNALS_SIZE)
        return -EINVAL;
    if ((int)signal == SIGSYS)
        return own_action(action, old);
    if (!action)
        return unsock_sys(__NR_rt_sigaction, signal, 0, old, size);
    if (!unsock_user_readable(action, sizeof(*action)))
        return -EFAULT;
    struct unsock_signal_action copy = *action;
    copy.blocked &= ~SIGSYS_BIT;
    /* A C program with Go as a library sets no SIGSYS handler, but one for SIGURG, which interrupts goroutines. */
    if ((int)signal == SIGURG && wants_other_stack(action))
        set_handler(SA_ONSTACK);
    return unsock_sys(__NR_rt_sigaction, signal, &copy, old, size);
}

static long copy_without_sigsys(const void *set, long size, uint64_t *copy) {
    if (size != UNSOCK_SIGNALS_SIZE)
        return -EINVAL;
    if (unsock_user_read(copy, set, sizeof(*copy)) < 0)
        return -EFAULT;
    *copy &= ~SIGSYS_BIT;
    return 0;
}

/* Answers rt_sigprocmask by the same system call, as the SIGSYS handler runs under the program's mask. Removes SIGSYS
 * from the set before the call: a handler of the program, whose calls are trapped, too, may run as soon as its signal
 * is unblocked. Stores the new mask in the context. */
long unsock_signals_mask(struct unsock_context *context, long how, const void *set, void *old, long size) {
    uint64_t copy;
    long wrong = set ? copy_without_sigsys(set, size, &copy) : size != UNSOCK_SIGNALS_SIZE ? -EINVAL : 0;
    if (wrong < 0)
        return wrong;
    long result = unsock_sys(__NR_rt_sigprocmask, how, set ? &copy : NULL, old, size);
    unsock_signals_keep_mask(context);
    return result;
}

void unsock_signals_keep_mask(struct unsock_context *context) {
    unsock_rt_sigprocmask(0, NULL, &context->blocked);
    context->blocked &= ~SIGSYS_BIT;
}

long unsock_signals_suspend(const void *set, long size) {
    uint64_t copy;
    long wrong = copy_without_sigsys(set, size, &copy);
    return wrong < 0 ? wrong : unsock_rt_sigsuspend(&copy, size);
}

/* pselect6's last argument. */
struct pointed_set {
    const void *set;
    uint64_t size;
};

static long select_with(const long a[6]) {
    struct pointed_set pointed;
    uint64_t copy;
    if (unsock_user_read(&pointed, (const void *)a[5], sizeof(pointed)) < 0)
        return -EFAULT;
    if (pointed.set && pointed.size == UNSOCK_SIGNALS_SIZE) {
        if (copy_without_sigsys(pointed.set, UNSOCK_SIGNALS_SIZE, &copy) < 0)
            return -EFAULT;
        pointed.set = &copy;
    }
    return unsock_sys(__NR_pselect6, a[0], a[1], a[2], a[3], a[4], &pointed);
}

long unsock_signals_wait(long number, const long a[6]) {
    uint64_t copy;
    unsigned set = number == __NR_ppoll ? 3 : 4;
    if (number == __NR_pselect6)
        return select_with(a);
    long wrong = copy_without_sigsys((const void *)a[set], a[set + 1], &copy);
    if (wrong < 0)
        return wrong;
    if (number == __NR_ppoll)
        return unsock_sys(__NR_ppoll, a[0], a[1], a[2], &copy, a[4]);
    return unsock_sys(number, a[0], a[1], a[2], a[3], &copy, a[5]);
}

void unsock_signals_foreign(int signal, struct unsock_signal_info *info, struct unsock_context *context) {
    uintptr_t handler = (uintptr_t)programs_own.handler;
    if (handler == SIG_IGN && info->code <= 0)
        return;
    if (handler > SIG_IGN) {
        programs_own.handler(signal, info, context);
        return;
    }
    /* Ends the process as without the library: by a second SIGSYS, with the default action. */
    struct unsock_signal_action action = {.handler = (void (*)(int, void *, void *))SIG_DFL};
    unsock_rt_sigaction(SIGSYS, &action, NULL);
    unsock_tgkill(unsock_getpid(), unsock_gettid(), SIGSYS);
}
