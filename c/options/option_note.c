/* Noting that an option was set. */
#include "options/option_note.h"

#include "memory/fds.h"
#include "memory/option_table.h"
#include "rt/net.h"

static void mark(int fd, struct unsock_fd *entry, int level, int name) {
    int row = unsock_option_find(level, name);
    if (row >= 0)
        unsock_option_mark(fd, entry, row, true);
}

void unsock_option_note(int fd, struct unsock_fd *entry, int level, int name) {
    /* A device's name and its index are one option. */
    if (level == SOL_SOCKET && name == SO_BINDTODEVICE)
        name = UNSOCK_SO_BINDTOIFINDEX;
    if (level == SOL_SOCKET && (name == SO_SNDBUFFORCE || name == SO_RCVBUFFORCE))
        mark(fd, entry, level, name == SO_SNDBUFFORCE ? SO_SNDBUF : SO_RCVBUF);
    mark(fd, entry, level, name);
    unsock_fds_tell_options(fd);
}
