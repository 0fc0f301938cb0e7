/* The parent's part, and the start of the others. */
#include "program/keeper.h"

#include "rules/errno.h"
#include "rt/system_calls.h"

#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/wait.h>

#define SIGNALFD_FLAGS (O_NONBLOCK | O_CLOEXEC)
#define EXIT_OWN 125
#define EXIT_SIGNAL 128
#define NAME "unsock"

#define BIT(signal) ((uint64_t)1 << ((signal) - 1))

struct supervision {
    uint64_t mask; /* the caller's */
    bool child_was_ignored;
    long signals;
    int32_t channel[2]; /* the parent's end, the keeper's */
    long lock;
    struct unsock_keeper keeper;
};

static long fork_one(void) {
    return unsock_clone(SIGCHLD, NULL);
}

/* As a process that got it would: default, and no longer blocked. */
static void obey(int signal) {
    unsock_keeper_dispose(signal, SIG_DFL);
    unsock_kill(unsock_getpid(), signal);
    unsock_keeper_mask(UNSOCK_ALL_SIGNALS & ~BIT(signal), NULL);
    unsock_keeper_mask(UNSOCK_ALL_SIGNALS, NULL);
}

/* The core was the command's. As the first process of a container it does not die of its own signals. */
__attribute__((noreturn)) static void end_as(int32_t status) {
    struct rlimit64 none = {0, 0};
    int signal = status & 0x7f;
    if (signal != 0) {
        unsock_prlimit64(0, RLIMIT_CORE, &none, NULL);
        obey(signal);
    }
    unsock_exit(signal != 0 ? EXIT_SIGNAL + signal : status >> 8 & 0xff);
}

static void confirm(void) {
    struct unsock_keeper_message seen = {.kind = UNSOCK_KEEPER_SEEN};
    unsock_keeper_send(&seen);
}

/* The keeper is waited for where it ends, too: what the command used is in its account. */
static void hear(long keeper) {
    struct unsock_keeper_message message;
    int32_t status;
    if (!unsock_keeper_receive(&message))
        unsock_exit(unsock_wait4(keeper, &status, 0, NULL) == keeper && (status & 0x7f) != 0
                        ? EXIT_SIGNAL + (status & 0x7f)
                        : EXIT_OWN);
    switch (message.kind) {
    case UNSOCK_KEEPER_STOPPED:
        if (message.number == SIGSTOP)
            unsock_kill(unsock_getpid(), SIGSTOP);
        else
            obey(message.number);
        break;
    case UNSOCK_KEEPER_CONTINUED:
        confirm();
        break;
    case UNSOCK_KEEPER_ALL_ENDED:
        confirm();
        unsock_wait4(keeper, &status, 0, NULL);
        end_as(message.number);
    default:
        confirm();
        end_as(message.number);
    }
}

/*
 * Whoever signals a group does so with all processes held in place. To ask for that oneself is to wait until he is
 * done: then the keeper has it, too.
 */
static void wait_for_group_signals(void) {
    unsock_setpgid(0, unsock_getpgid(0));
}

__attribute__((noreturn)) static void be_parent(const struct supervision *supervision, long keeper) {
    long descriptors[] = {supervision->signals, supervision->channel[0], -1};
    unsock_keeper_leave(descriptors);
    for (;;) {
        struct unsock_keeper_message signal;
        bool is_message = unsock_keeper_wait(false, -1);
        while (unsock_keeper_next_signal(&signal)) {
            /* A child's end has a code above 0; what is less was sent by somebody (sigaction(2)). */
            if (signal.pid == (int32_t)keeper || (signal.number == SIGCHLD && signal.code > 0))
                continue;
            wait_for_group_signals();
            unsock_keeper_send(&signal);
        }
        if (is_message)
            hear(keeper);
    }
}

static bool fail(struct unsock_text *error, long result) {
    unsock_text_join(error, "run: --private: ", unsock_errno_words(-result));
    return false;
}

/* Returns in the command alone. */
static void be_keeper(struct supervision *supervision, long parent) {
    unsock_prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    long command = fork_one();
    if (command == 0) {
        if (supervision->child_was_ignored)
            unsock_keeper_dispose(SIGCHLD, SIG_IGN);
        unsock_keeper_mask(supervision->mask, NULL);
        return;
    }
    if (command < 0)
        unsock_exit(EXIT_OWN);
    long descriptors[] = {supervision->signals, supervision->channel[1], supervision->lock};
    unsock_keeper_leave(descriptors);
    supervision->keeper.parent = parent;
    supervision->keeper.command = command;
    unsock_keeper_stay(&supervision->keeper);
}

bool unsock_supervise(const char *path, long lock, struct unsock_text *error) {
    static const uint64_t all = UNSOCK_ALL_SIGNALS;
    struct supervision supervision = {.lock = lock, .keeper = {.path = path}};
    long parent = unsock_getpid();
    unsock_fcntl(lock, F_SETFD, FD_CLOEXEC);
    supervision.signals = unsock_signalfd4(-1, &all, SIGNALFD_FLAGS);
    if (supervision.signals < 0)
        return fail(error, supervision.signals);
    long result = unsock_socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, supervision.channel);
    if (result < 0)
        return fail(error, result);
    unsock_keeper_mask(UNSOCK_ALL_SIGNALS, &supervision.mask);
    supervision.child_was_ignored = unsock_keeper_dispose(SIGCHLD, SIG_DFL);
    unsock_prctl(PR_SET_NAME, (unsigned long)NAME, 0, 0, 0);
    long keeper = fork_one();
    if (keeper == 0) {
        be_keeper(&supervision, parent);
        return true;
    }
    if (keeper > 0)
        be_parent(&supervision, keeper);
    unsock_keeper_mask(supervision.mask, NULL);
    return fail(error, keeper);
}
