/* `run --private` (program/run.h): the parent and the keeper. Both read signals by signalfd(2), and send each other
 * messages through a SOCK_SEQPACKET pair. Both block all signals: only SIGKILL can end the keeper early. */
#include "program/run.h"

#include "memory/process.h"
#include "rt/system_calls.h"
#include "rules/errno.h"

#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/wait.h>

#define STATUS_CONTINUED 0xffff
#define STATUS_STOPPED 0x7f
#define ASK_AGAIN_MS 100
#define EXIT_SIGNAL 128
#define NAME "unsock"

/* This process's signalfd, and its socket of the pair. In the keeper, `channel` is -1 after the parent has ended. */
static long signals, channel;

/* The keeper's message to the parent. */
struct news {
    int32_t status; /* the command's, from wait4: it has stopped, continued or ended */
    int32_t alone;  /* the keeper has no child left */
};

#define SIGNALS_MOST 64

/* A copy of struct signalfd_siginfo (signalfd(2)), whose header conflicts with other headers. The parent sends each
 * signal to the keeper in this form. A message with the number 0 tells the keeper that the parent knows of the
 * command's end, or that the command was continued. */
struct told {
    uint32_t number;
    int32_t error, code;
    uint32_t pid;
    uint8_t rest[128 - 16];
};

void unsock_keeper_mask(uint64_t mask, uint64_t *before) {
    unsock_rt_sigprocmask(SIG_SETMASK, &mask, before);
}

bool unsock_keeper_dispose(int signal, long handler) {
    struct unsock_signal_action action = {.flags = 0}, before = {.flags = 0};
    memcpy(&action.handler, &handler, sizeof(handler));
    unsock_rt_sigaction(signal, &action, &before);
    return (uintptr_t)before.handler == SIG_IGN;
}

void unsock_keeper_obey(int signal) {
    unsock_keeper_dispose(signal, SIG_DFL);
    unsock_kill(unsock_getpid(), signal);
    unsock_keeper_mask(UNSOCK_ALL_SIGNALS & ~UNSOCK_SIGNAL_BIT(signal), NULL);
    unsock_keeper_mask(UNSOCK_ALL_SIGNALS, NULL);
}

void unsock_keeper_begin(void) {
    unsock_keeper_mask(UNSOCK_ALL_SIGNALS, NULL);
    unsock_setsid();
    unsock_prctl(PR_SET_NAME, (unsigned long)NAME, 0, 0, 0);
}

void unsock_keeper_leave(const long *kept, unsigned count) {
    for (long from = 0, next; from < INT32_MAX; from = next + 1) {
        next = INT32_MAX;
        for (unsigned i = 0; i < count; i++)
            next = kept[i] >= from && kept[i] < next ? kept[i] : next;
        if (next > from)
            unsock_close_range(from, next - 1, 0);
    }
    unsock_chdir("/");
}

/* Waits for a signal or message, at most `milliseconds` (-1: no limit). True: the other process wrote or ended. */
static bool wait_for_message(int milliseconds) {
    struct pollfd polled[] = {{.fd = (int)signals, .events = POLLIN}, {.fd = (int)channel, .events = POLLIN}};
    struct timespec most = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    long count = unsock_ppoll(polled, 2, milliseconds < 0 ? NULL : &most, NULL, 0);
    return count > 0 && polled[1].revents != 0;
}

static bool read_told(long from, struct told *told) {
    return unsock_read(from, told, sizeof(*told)) == (long)sizeof(*told);
}

static void send_to_keeper(const struct told *told) {
    unsock_sendto(channel, told, sizeof(*told), MSG_NOSIGNAL, NULL, 0);
}

static bool tell_parent(int32_t status, bool alone) {
    const struct news news = {status, alone};
    return unsock_sendto(channel, &news, sizeof(news), MSG_NOSIGNAL, NULL, 0) > 0;
}

static bool is_stopped(int32_t status) {
    return (status & 0xff) == STATUS_STOPPED;
}

struct stay {
    long command;
    bool command_ended;
    bool told; /* the command's exit status was sent to the parent, or the parent has ended */
    bool removed;
    bool continuing; /* the command was continued or has ended, and the parent may still be stopped */
    int32_t status;
    struct told direct[SIGNALS_MOST + 1]; /* signals that the keeper itself got, by number */
};

static void take_signals(struct stay *stay) {
    struct told told;
    while (read_told(signals, &told)) {
        if (told.number > 0 && told.number <= SIGNALS_MOST && told.number != SIGCHLD)
            stay->direct[told.number] = told;
    }
}

/* Reads the parent's message, and sends its signal to the command. If the parent has ended, kills the command. */
static void hear_parent(struct stay *stay) {
    struct told told;
    if (!read_told(channel, &told)) {
        unsock_close(channel);
        channel = -1;
        if (!stay->command_ended)
            unsock_kill(stay->command, SIGKILL);
        return;
    }
    stay->continuing &= told.number != 0;
    if (told.number == 0 || told.number > SIGNALS_MOST)
        return;
    /* A signal to the whole process group reaches the keeper before the parent's message about the signal. A command
     * that is still in the group has then got the signal, too: the keeper must not send it again. */
    take_signals(stay);
    struct told *direct = &stay->direct[told.number];
    bool to_all = direct->number == told.number && direct->code == told.code && direct->pid == told.pid;
    if (to_all)
        direct->number = 0;
    if (stay->command_ended || (to_all && unsock_getpgid(stay->command) == unsock_getpgid(0)))
        return;
    unsock_kill(stay->command, (int32_t)told.number);
}

/* Reads the statuses of children, and reports the command's stops and continuations. True if no child is left. */
static bool reap(struct stay *stay) {
    int32_t status = 0;
    long pid;
    while ((pid = unsock_wait4(-1, &status, WNOHANG | WUNTRACED | WCONTINUED, NULL)) > 0) {
        if (pid != stay->command)
            continue;
        stay->continuing = !is_stopped(status); /* the command may have been killed while it was stopped */
        if (is_stopped(status) || status == STATUS_CONTINUED) {
            tell_parent(status, false);
        } else {
            stay->command_ended = true;
            stay->status = status;
        }
    }
    return pid == -ECHILD;
}

__attribute__((noreturn)) static void keep_until_alone(long parent, long command, const char *path) {
    struct stay stay = {.command = command};
    for (;;) {
        bool alone = reap(&stay);
        if (alone && !stay.removed)
            stay.removed = unsock_private_remove(path);
        bool untold = stay.command_ended && !stay.told;
        if (untold)
            stay.told = channel < 0 || tell_parent(stay.status, alone);
        /* The keeper leaves the caller's process group: a SIGKILL to the group must not end it while orphans run. */
        if (untold && !alone)
            unsock_setsid();
        /* Wakes a parent that may still be stopped. Also retries a message to the parent that could not be sent. */
        bool wakes = channel >= 0 && (stay.continuing || (untold && !stay.told));
        if (alone && !wakes)
            unsock_exit(0);
        if (wakes && unsock_getppid() == parent)
            unsock_kill(parent, SIGCONT);
        bool message = wait_for_message(wakes ? ASK_AGAIN_MS : -1);
        take_signals(&stay);
        if (message)
            hear_parent(&stay);
    }
}

/* Ends the parent as the command ended: with the same status, or by the same signal, but without a second core dump. A
 * container's first process cannot be killed by its own signal, and exits with 128 + signal. */
__attribute__((noreturn)) static void end_with_status(int32_t status) {
    struct rlimit none = {0, 0};
    int signal = status & 0x7f;
    if (signal != 0) {
        unsock_prlimit64(0, RLIMIT_CORE, &none, NULL);
        unsock_keeper_obey(signal);
    }
    unsock_exit(signal != 0 ? EXIT_SIGNAL + signal : status >> 8 & 0xff);
}

/* Handles a message of the keeper, or its death. Waits for a keeper that has ended, so that the caller's resource usage
 * (wait4(2)) includes the command's. */
static void hear_keeper(long keeper) {
    static const struct told seen;
    struct news news;
    int32_t status;
    if (unsock_read(channel, &news, sizeof(news)) != (long)sizeof(news))
        unsock_exit(unsock_wait4(keeper, &status, 0, NULL) == keeper && (status & 0x7f) != 0
                        ? EXIT_SIGNAL + (status & 0x7f)
                        : UNSOCK_RUN_FAILED);
    int signal = news.status >> 8;
    if (is_stopped(news.status) && signal == SIGSTOP)
        unsock_kill(unsock_getpid(), signal);
    else if (is_stopped(news.status))
        unsock_keeper_obey(signal);
    else
        send_to_keeper(&seen);
    if (news.alone) {
        unsock_close(channel); /* also ends a keeper that did not get the message `seen` */
        unsock_wait4(keeper, &status, 0, NULL);
    }
    if (!is_stopped(news.status) && news.status != STATUS_CONTINUED)
        end_with_status(news.status);
}

__attribute__((noreturn)) static void be_parent(long keeper) {
    unsock_keeper_leave((const long[]){signals, channel}, 2);
    for (;;) {
        struct told told;
        bool is_message = wait_for_message(-1);
        while (read_told(signals, &told)) {
            /* Forwards neither signals of the keeper nor the kernel's SIGCHLD, whose code is above 0 (sigaction(2)). */
            if (told.pid == (uint32_t)keeper || (told.number == SIGCHLD && told.code > 0))
                continue;
            /* The kernel sends a signal to a group while it has the process list locked. setpgid takes the same lock,
             * and so returns only after the keeper has got the signal. */
            unsock_setpgid(0, unsock_getpgid(0));
            send_to_keeper(&told);
        }
        if (is_message)
            hear_keeper(keeper);
    }
}

bool unsock_supervise(const char *path, long lock, struct unsock_text *error) {
    static const uint64_t all = UNSOCK_ALL_SIGNALS;
    int32_t ends[2]; /* the parent's, the keeper's */
    uint64_t mask;   /* the caller's */
    long parent = unsock_getpid();
    unsock_fcntl(lock, F_SETFD, FD_CLOEXEC);
    signals = unsock_signalfd4(-1, &all, O_NONBLOCK | O_CLOEXEC);
    long result = signals < 0 ? signals : unsock_socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
    if (result < 0)
        return unsock_text_fail(error, "run: --private: ", unsock_errno_words(-result));
    unsock_keeper_mask(UNSOCK_ALL_SIGNALS, &mask);
    bool child_was_ignored = unsock_keeper_dispose(SIGCHLD, SIG_DFL);
    unsock_prctl(PR_SET_NAME, (unsigned long)NAME, 0, 0, 0);
    long keeper = unsock_clone(SIGCHLD, NULL);
    channel = ends[keeper == 0];
    if (keeper > 0)
        be_parent(keeper);
    if (keeper < 0) {
        unsock_keeper_mask(mask, NULL);
        return unsock_text_fail(error, "run: --private: ", unsock_errno_words(-keeper));
    }
    unsock_prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    long command = unsock_clone(SIGCHLD, NULL);
    if (command < 0)
        unsock_exit(UNSOCK_RUN_FAILED);
    if (command > 0) {
        unsock_keeper_leave((const long[]){signals, channel, lock}, 3);
        keep_until_alone(parent, command, path);
    }
    if (child_was_ignored)
        unsock_keeper_dispose(SIGCHLD, SIG_IGN);
    unsock_keeper_mask(mask, NULL);
    return true;
}
