/* Whether somebody waits behind a port's file. */
#include "files/behind.h"

#include "files/datagram_port.h"
#include "files/socketfile.h"
#include "rt/net.h"
#include "rt/sys.h"

#include <linux/stat.h>

#define SYMLINK_NOFOLLOW 0x100 /* AT_SYMLINK_NOFOLLOW (fcntl.h) */
#define STICKY 01000           /* S_ISVTX (sys/stat.h) */
#define MODE_BITS 07777

static long mode_of(const char *path) {
    struct statx status;
    long result = unsock_sys(__NR_statx, AT_FDCWD, path, SYMLINK_NOFOLLOW, STATX_TYPE | STATX_MODE, &status);
    return result < 0 ? result : status.stx_mode;
}

void unsock_behind_mark_file(const char *path) {
    long mode = mode_of(path);
    if (mode >= 0 && (mode & UNSOCK_S_IFMT) == UNSOCK_S_IFSOCK && !(mode & STICKY))
        unsock_socketfile_set_mode(path, (int)(mode & MODE_BITS) | STICKY);
}

void unsock_behind_mark(uint16_t port) {
    struct sockaddr_un path;
    unsock_datagram_port_holder(port, &path);
    unsock_behind_mark_file(path.sun_path);
}

bool unsock_behind_any(const char *path) {
    long mode = mode_of(path);
    return mode < 0 || (mode & STICKY) != 0;
}
