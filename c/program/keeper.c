/* It has all signals blocked, so that nothing but SIGKILL ends it before its work is done. */
#include "program/keeper.h"

#include "rt/system_calls.h"

#include <linux/wait.h>

#define CODE_QUEUE (-1) /* SI_QUEUE */
#define STATUS_CONTINUED 0xffff
#define STATUS_STOPPED 0x7f
#define ASK_AGAIN_MS 100

struct stay {
    const struct unsock_keeper *keeper;
    bool command_ended;
    bool told; /* the parent knows of it */
    bool parent_gone;
    bool alone; /* nobody is left */
    bool removed;
    bool continuing; /* the command goes on, and the parent may still be stopped */
    int32_t status;
    struct unsock_keeper_message direct[UNSOCK_KEEPER_SIGNALS_MOST + 1]; /* what came to the keeper itself, by number */
};

/* The kernel's siginfo_t of a signal with a value (sigaction(2)). */
struct queued {
    int32_t number, error, code, padding;
    int32_t pid;
    uint32_t uid;
    uint64_t value;
    uint8_t rest[128 - 32];
};

static void tell(int32_t kind, int32_t number) {
    struct unsock_keeper_message message = {.kind = kind, .number = number};
    unsock_keeper_send(&message);
}

static void take_signals(struct stay *stay) {
    struct unsock_keeper_message signal;
    while (unsock_keeper_next_signal(&signal)) {
        if (signal.number > 0 && signal.number <= UNSOCK_KEEPER_SIGNALS_MOST && signal.number != SIGCHLD)
            stay->direct[signal.number] = signal;
    }
}

/* To the command as it came to the parent: what was sent with a value names who sent it, else the kernel does. */
static void deliver(const struct stay *stay, const struct unsock_keeper_message *signal) {
    struct queued queued = {.number = signal->number, .code = signal->code, .pid = signal->pid, .uid = signal->uid};
    queued.value = signal->value;
    if (stay->command_ended)
        return;
    if (signal->code == CODE_QUEUE)
        unsock_rt_sigqueueinfo(stay->keeper->command, signal->number, &queued);
    else
        unsock_kill(stay->keeper->command, signal->number);
}

/* Did it come to all of the process group, of which the command still is? Then the command has got it, too. */
static bool came_to_all(struct stay *stay, const struct unsock_keeper_message *signal) {
    struct unsock_keeper_message *direct = &stay->direct[signal->number];
    bool same = direct->number == signal->number && direct->code == signal->code && direct->pid == signal->pid;
    if (same)
        direct->number = 0;
    return same && unsock_getpgid(stay->keeper->command) == unsock_getpgid(0);
}

static void hear(struct stay *stay) {
    struct unsock_keeper_message message;
    if (!unsock_keeper_receive(&message)) {
        stay->parent_gone = true;
        unsock_close(UNSOCK_KEEPER_CHANNEL);
        if (!stay->command_ended)
            unsock_kill(stay->keeper->command, SIGKILL);
        return;
    }
    if (message.kind == UNSOCK_KEEPER_SEEN)
        stay->continuing = false;
    if (message.kind != UNSOCK_KEEPER_SIGNAL || message.number <= 0 || message.number > UNSOCK_KEEPER_SIGNALS_MOST)
        return;
    /* What was sent to all is here before the parent speaks of it. */
    take_signals(stay);
    if (!came_to_all(stay, &message))
        deliver(stay, &message);
}

static void command_changed(struct stay *stay, int32_t status) {
    if (status == STATUS_CONTINUED) {
        stay->continuing = true;
        tell(UNSOCK_KEEPER_CONTINUED, 0);
    } else if ((status & 0xff) == STATUS_STOPPED) {
        stay->continuing = false;
        tell(UNSOCK_KEEPER_STOPPED, status >> 8);
    } else {
        stay->command_ended = true;
        stay->continuing = true; /* it may have been killed while it was stopped */
        stay->status = status;
    }
}

static void reap(struct stay *stay) {
    int32_t status = 0;
    long pid;
    while ((pid = unsock_wait4(-1, &status, WNOHANG | WUNTRACED | WCONTINUED, NULL)) > 0) {
        if (pid == stay->keeper->command)
            command_changed(stay, status);
    }
    stay->alone = pid == -ECHILD;
}

void unsock_keeper_stay(const struct unsock_keeper *keeper) {
    struct stay stay = {.keeper = keeper};
    for (;;) {
        reap(&stay);
        if (stay.alone && !stay.removed)
            stay.removed = unsock_private_remove(keeper->path);
        if (stay.command_ended && !stay.told && !stay.parent_gone)
            tell(stay.alone ? UNSOCK_KEEPER_ALL_ENDED : UNSOCK_KEEPER_ENDED, stay.status);
        /* Whoever ends the caller's session does not mean what stays. */
        if (stay.command_ended && !stay.told && !stay.alone)
            unsock_setsid();
        stay.told |= stay.command_ended;
        bool wakes = stay.continuing && !stay.parent_gone;
        if (stay.alone && !wakes)
            break;
        if (wakes && unsock_getppid() == keeper->parent)
            unsock_kill(keeper->parent, SIGCONT);
        bool message = unsock_keeper_wait(stay.parent_gone, wakes ? ASK_AGAIN_MS : -1);
        take_signals(&stay);
        if (message)
            hear(&stay);
    }
    unsock_exit(0);
}
