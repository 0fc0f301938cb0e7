/* pidfd_open(2), and a second fork, so that the command gets no child that it does not know. */
#include "program/keeper.h"

#include "rt/system_calls.h"
#include "rules/errno.h"

#include <linux/poll.h>
#include <linux/wait.h>

#define FAILED 1

/* A child like fork's, of which this process is not told. */
static long fork_silently(void) {
    return unsock_clone(0, NULL);
}

static void drop_maps(long directory, const struct unsock_map_keeper *keeper) {
    for (unsigned i = 0; i < keeper->count; i++)
        unsock_run_map_drop(directory, keeper->maps[i].name, keeper->maps[i].lock);
}

__attribute__((noreturn)) static void stay(long directory, long command, const struct unsock_map_keeper *keeper) {
    struct pollfd polled = {.fd = (int)command, .events = POLLIN};
    unsock_keeper_begin();
    while (unsock_ppoll(&polled, 1, NULL, NULL, 0) == -EINTR)
        ;
    drop_maps(directory, keeper);
    unsock_exit(0);
}

/* The command begins, and may end, once this has: nothing of the caller's is held by then. */
__attribute__((noreturn)) static void leave_one_behind(long directory, long command,
                                                       const struct unsock_map_keeper *keeper) {
    long kept[UNSOCK_RUN_MAPS_MOST + 2] = {directory, command};
    for (unsigned i = 0; i < keeper->count; i++)
        kept[i + 2] = keeper->maps[i].lock;
    unsock_keeper_leave(kept, keeper->count + 2);
    long keeping = fork_silently();
    if (keeping == 0)
        stay(directory, command, keeper);
    unsock_exit(keeping < 0 ? FAILED : 0);
}

static long open_directory(const char *directory) {
    return unsock_openat(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
}

bool unsock_map_keeper_start(const char *directory, const struct unsock_map_keeper *keeper, struct unsock_text *error) {
    int32_t status = 0;
    long at = open_directory(directory), command = unsock_pidfd_open(unsock_getpid(), 0);
    long result = at < 0 ? at : command < 0 ? command : fork_silently();
    if (result == 0)
        leave_one_behind(at, command, keeper);
    if (result > 0) {
        while (unsock_wait4(result, &status, __WALL, NULL) == -EINTR)
            ;
        result = status == 0 ? 0 : -ENOMEM;
    }
    unsock_close_open(at);
    unsock_close_open(command);
    for (unsigned i = 0; result == 0 && i < keeper->count; i++)
        unsock_close(keeper->maps[i].lock);
    if (result < 0)
        unsock_text_join(error, "run: --map: nobody can be left behind who removes it: ", unsock_errno_words(-result),
                         ": with --keep it stays");
    return result == 0;
}

void unsock_map_keeper_undo(const char *directory, struct unsock_map_keeper *keeper) {
    long at = open_directory(directory);
    drop_maps(at, keeper);
    unsock_close_open(at);
    keeper->count = 0;
}
