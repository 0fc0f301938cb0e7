/* The descriptor stays open. */
#include "program/held.h"

#include "rt/net.h"
#include "rt/system_calls.h"

void unsock_held_path(struct unsock_text *path, const char *directory) {
    struct statx status;
    size_t before = path->length;
    long fd = unsock_openat(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    unsock_text_put(path, "/proc/self/fd/");
    unsock_text_number(path, (uint64_t)fd, 10, 1);
    if (fd >= 0 && unsock_statx(AT_FDCWD, path->buffer + before, 0, STATX_TYPE, &status) == 0)
        return;
    path->length = before;
    unsock_text_put(path, directory);
}
