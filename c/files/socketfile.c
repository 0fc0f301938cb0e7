/*
 * Socket files. Whoever removes a file holds the directory's lock and has asked the kernel whether a socket is still
 * bound to it, so that two processes that find the same stale file cannot remove each other's new one.
 */
#include "files/socketfile.h"

#include "files/lock.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rt/text.h"
#include "rules/settings.h"

#include <linux/stat.h>

#define SYMLINK_NOFOLLOW 0x100 /* AT_SYMLINK_NOFOLLOW (fcntl.h) */
#define EMPTY_PATH 0x1000      /* AT_EMPTY_PATH */
#define NR_FCHMODAT2 452       /* since 6.6 */

#define NEW_NS 50000000
#define SETTLE_PAUSE_NS 2000000

/*
 * Is nobody bound to this socket file? A socket of the other type gets EPROTOTYPE from a bound one, listening or not,
 * and ECONNREFUSED from a file that is left over; its owner never sees that (net/unix/af_unix.c, unix_find_bsd).
 */
bool unsock_socketfile_is_stale(const struct sockaddr_un *path, socklen_t length, int type, struct unsock_lock *lock) {
    int other = (type == SOCK_DGRAM ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
    long probe = unsock_sys(__NR_socket, AF_UNIX, other, 0);
    if (probe == -EMFILE && lock && lock->fd >= 0) {
        unsock_lock_give_up(lock);
        probe = unsock_sys(__NR_socket, AF_UNIX, other, 0);
    }
    if (probe < 0)
        return false;
    long result = unsock_sys(__NR_connect, probe, path, length);
    unsock_sys(__NR_close, probe);
    return result == -ECONNREFUSED;
}

/* bind makes the file first, and then the socket known by it (net/unix/af_unix.c, unix_bind_bsd). */
bool unsock_socketfile_is_new(const char *path) {
    struct statx status;
    struct timespec now = {0};
    if (unsock_sys(__NR_statx, AT_FDCWD, path, SYMLINK_NOFOLLOW, STATX_TYPE | STATX_CTIME, &status) < 0 ||
        (status.stx_mode & UNSOCK_S_IFMT) != UNSOCK_S_IFSOCK)
        return false;
    unsock_sys(__NR_clock_gettime, 0 /* CLOCK_REALTIME */, &now);
    int64_t seconds = now.tv_sec - status.stx_ctime.tv_sec;
    return seconds >= 0 && seconds < 2 && seconds * 1000000000 + now.tv_nsec - status.stx_ctime.tv_nsec < NEW_NS;
}

void unsock_socketfile_settle(const struct sockaddr_un *path, socklen_t length, int type) {
    struct timespec pause = {0, SETTLE_PAUSE_NS};
    for (int64_t waited = 0; waited < NEW_NS; waited += SETTLE_PAUSE_NS) {
        if (!unsock_socketfile_is_new(path->sun_path) || !unsock_socketfile_is_stale(path, length, type, NULL))
            return;
        unsock_sys(__NR_nanosleep, &pause, 0);
    }
}

/* Is the datagram socket behind this file connected to somebody? Then nobody else can connect to it (unix_may_send). */
bool unsock_socketfile_is_connected(const struct sockaddr_un *path, socklen_t length) {
    long probe = unsock_sys(__NR_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0)
        return false;
    long result = unsock_sys(__NR_connect, probe, path, length);
    unsock_sys(__NR_close, probe);
    return result == -EPERM;
}

/*
 * chmod that follows no link: in a directory of somebody else's, the name may be a link to another file by now. Where
 * the kernel (or a container's filter) does not know fchmodat2, by way of a descriptor.
 */
static void set_mode(const char *path, int mode) {
    struct statx status;
    char link[32];
    struct unsock_text text;
    if (unsock_sys(NR_FCHMODAT2, AT_FDCWD, path, mode, SYMLINK_NOFOLLOW) == 0)
        return;
    long fd = unsock_sys(__NR_openat, AT_FDCWD, path, UNSOCK_O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    unsock_text_start(&text, link, sizeof(link));
    unsock_text_put(&text, "/proc/self/fd/");
    unsock_text_number(&text, (uint64_t)fd, 10, 1);
    if (unsock_sys(__NR_statx, fd, "", EMPTY_PATH, STATX_TYPE, &status) == 0 &&
        (status.stx_mode & UNSOCK_S_IFMT) == UNSOCK_S_IFSOCK)
        unsock_sys(__NR_fchmodat, AT_FDCWD, link, mode);
    unsock_sys(__NR_close, fd);
}

/*
 * The kernel makes the file with the mode of the socket itself, less the umask: setting that first means that the file
 * never has wider rights than asked for, not even for a moment.
 */
long unsock_socketfile_bind(int socket, const struct sockaddr_un *path, socklen_t length, int mode) {
    if (unsock_settings.mode >= 0)
        mode = unsock_settings.mode;
    if (mode >= 0)
        unsock_sys(__NR_fchmod, socket, mode);
    long result = unsock_sys(__NR_bind, socket, path, length);
    if (result == 0 && mode >= 0)
        set_mode(path->sun_path, mode);
    return result;
}
