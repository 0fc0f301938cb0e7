/* pidfd_open(2), and a second fork, so that the command gets no child that it does not know. */
#include "program/map_keeper.h"

#include "process/errno_words.h"
#include "program/keeper_channel.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"

#include <linux/poll.h>
#include <linux/prctl.h>

#define ALL_SIGNALS (~(uint64_t)0)
#define WAIT_FOR_ALL 0x40000000 /* __WALL (wait(2)): a child that says nothing when it ends */
#define NAME "unsock"
#define FAILED 1

__attribute__((noreturn)) static void end(int status) {
    for (;;)
        unsock_sys(__NR_exit_group, status);
}

/* A child like fork's, of which this process is not told. */
static long fork_silently(void) {
    return unsock_sys(__NR_clone, 0, 0, 0, 0, 0);
}

/* The least of those that it needs from `from` on; INT32_MAX: none. */
static long next_needed(const struct unsock_map_keeper *keeper, const long others[2], long from) {
    long next = INT32_MAX;
    for (unsigned i = 0; i < keeper->count + 2; i++) {
        long fd = i < 2 ? others[i] : keeper->maps[i - 2].lock;
        if (fd >= from && fd < next)
            next = fd;
    }
    return next;
}

/* The caller's descriptors and working directory could not be freed as long as this process had them. */
static void leave_caller(const struct unsock_map_keeper *keeper, const long others[2]) {
    for (long from = 0, next; from < INT32_MAX; from = next == INT32_MAX ? next : next + 1) {
        next = next_needed(keeper, others, from);
        if (next > from)
            unsock_sys(__NR_close_range, from, next - 1, 0);
    }
    unsock_sys(__NR_chdir, "/");
}

static void drop_all(long directory, const struct unsock_map_keeper *keeper) {
    for (unsigned i = 0; i < keeper->count; i++)
        unsock_run_map_drop(directory, keeper->maps[i].name, keeper->maps[i].lock);
}

__attribute__((noreturn)) static void stay(long directory, long command, const struct unsock_map_keeper *keeper) {
    struct pollfd polled = {.fd = (int)command, .events = POLLIN};
    const long others[] = {directory, command};
    unsock_keeper_mask(ALL_SIGNALS, NULL);
    unsock_sys(__NR_setsid);
    unsock_sys(__NR_prctl, PR_SET_NAME, NAME, 0, 0, 0);
    leave_caller(keeper, others);
    while (unsock_sys(__NR_ppoll, &polled, 1, 0, 0, 0) == -EINTR)
        ;
    drop_all(directory, keeper);
    end(0);
}

static long open_directory(const char *directory) {
    return unsock_sys(__NR_openat, AT_FDCWD, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void close_open(long fd) {
    if (fd >= 0)
        unsock_sys(__NR_close, fd);
}

bool unsock_map_keeper_start(const char *directory, const struct unsock_map_keeper *keeper, struct unsock_text *error) {
    int32_t status = 0;
    long at = open_directory(directory), command = unsock_sys(__NR_pidfd_open, unsock_sys(__NR_getpid), 0);
    long result = at < 0 ? at : command < 0 ? command : fork_silently();
    if (result == 0) {
        long keeping = fork_silently();
        if (keeping == 0)
            stay(at, command, keeper);
        end(keeping < 0 ? FAILED : 0);
    }
    if (result > 0) {
        while (unsock_sys(__NR_wait4, result, &status, WAIT_FOR_ALL, 0) == -EINTR)
            ;
        result = status == 0 ? 0 : -ENOMEM;
    }
    close_open(at);
    close_open(command);
    for (unsigned i = 0; result == 0 && i < keeper->count; i++)
        unsock_sys(__NR_close, keeper->maps[i].lock);
    if (result < 0)
        unsock_text_join(error, "run: --map: nobody can be left behind who removes it: ", unsock_errno_words(-result),
                         ": with --keep it stays");
    return result == 0;
}

void unsock_map_keeper_undo(const char *directory, struct unsock_map_keeper *keeper) {
    long at = open_directory(directory);
    drop_all(at, keeper);
    close_open(at);
    keeper->count = 0;
}
