/* What was made before the watch was there is not told of: so the nearest directory is looked for once more behind it.
 */
#include "program/directory_watch.h"

#include "rt/mem.h"
#include "rt/net.h"
#include "rt/system_calls.h"

#include <linux/poll.h>

/*
 * IN_ATTRIB, IN_CLOSE_WRITE, IN_MOVED_FROM, IN_MOVED_TO, IN_CREATE, IN_DELETE, IN_DELETE_SELF, IN_MOVE_SELF
 * (linux/inotify.h, which does not go together with fcntl.h).
 */
#define CHANGES (0x4u | 0x8u | 0x40u | 0x80u | 0x100u | 0x200u | 0x400u | 0x800u)
#define EVENTS_SIZE 4096
#define MILLISECOND 1000000

void unsock_directory_watch_start(struct unsock_directory_watch *watch, const char *directory) {
    *watch = (struct unsock_directory_watch){.directory = directory, .watched = -1};
    watch->inotify = unsock_inotify_init1(O_CLOEXEC | O_NONBLOCK);
}

static void find_nearest(const char *directory, char *nearest) {
    struct statx status;
    size_t length = strlen(directory);
    memcpy(nearest, directory, length + 1);
    while (length > 1 && unsock_statx(AT_FDCWD, nearest, 0, STATX_TYPE, &status) < 0) {
        while (length > 1 && nearest[length - 1] != '/')
            length--;
        length -= length > 1;
        nearest[length] = '\0';
    }
}

static bool is_place(const struct unsock_directory_watch *watch, const char *nearest) {
    size_t length = strlen(nearest) + 1;
    return watch->watched >= 0 && unsock_same(watch->place, nearest, length);
}

/* A directory that was removed and made again has no watch any more: the same call gives it one. */
bool unsock_directory_watch_arm(struct unsock_directory_watch *watch) {
    char nearest[UNSOCK_RUN_PATH_MOST];
    if (watch->inotify < 0)
        return false;
    find_nearest(watch->directory, nearest);
    do {
        if (watch->watched >= 0 && !is_place(watch, nearest))
            unsock_inotify_rm_watch(watch->inotify, watch->watched);
        memcpy(watch->place, nearest, strlen(nearest) + 1);
        watch->watched = unsock_inotify_add_watch(watch->inotify, nearest, CHANGES);
        find_nearest(watch->directory, nearest);
    } while (watch->watched >= 0 && !is_place(watch, nearest));
    return watch->watched >= 0;
}

void unsock_directory_watch_wait(struct unsock_directory_watch *watch, int64_t most) {
    uint8_t events[EVENTS_SIZE];
    struct timespec time = {most / 1000, most % 1000 * MILLISECOND};
    struct pollfd poll = {.fd = (int)watch->inotify, .events = POLLIN};
    unsock_ppoll(&poll, watch->inotify >= 0 ? 1 : 0, most < 0 ? NULL : &time, NULL, 0);
    while (watch->inotify >= 0 && unsock_read(watch->inotify, events, sizeof(events)) > 0)
        ;
}
