/*
 * Socket files. Whoever removes a file holds the directory's lock and has asked the kernel whether a socket is still
 * bound to it, so that two processes that find the same stale file cannot remove each other's new one.
 */
#include "files/port.h"

#include "files/directory.h"
#include "kernel/socket_info.h"
#include "memory/process.h"

#define SIOCUNIXFILE_NUMBER 0x89e0 /* linux/un.h */

/*
 * Asks the kernel who is bound to the file, by connecting a datagram socket, which no owner ever sees: a socket of
 * another type gives EPROTOTYPE, a file that is left over ECONNREFUSED (net/unix/af_unix.c, unix_find_bsd).
 */
static long ask_by(long probe, const struct sockaddr_un *path, socklen_t length) {
    return probe < 0 ? probe : unsock_connect(probe, path, length);
}

static long ask(const struct sockaddr_un *path, socklen_t length) {
    long probe = unsock_socketfile_probe();
    long result = ask_by(probe, path, length);
    unsock_socketfile_probe_end(probe);
    return result;
}

long unsock_socketfile_probe(void) {
    return unsock_socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

void unsock_socketfile_probe_end(long probe) {
    unsock_close_open(probe);
}

bool unsock_socketfile_is_live(long probe, const struct sockaddr_un *path, socklen_t length) {
    long answer = ask_by(probe, path, length);
    return answer == 0 || answer == -EPROTOTYPE || answer == -EPERM;
}

/*
 * bind makes the file first, and then the socket known by it; meanwhile it holds the directory's inode lock, which this
 * waits for (unix_bind_bsd; since Linux 5.14: before, binding is done under our own lock). Renaming a file to itself
 * changes nothing.
 */
static long wait_for_binds(const struct sockaddr_un *path) {
    return unsock_directory_rename_with(path->sun_path, path->sun_path, RENAME_NOREPLACE);
}

/* Who may not write to a socket gets no answer there: another user's, or one with a mode that shuts out its owner. */
static enum unsock_port_life life_of(long answer, const struct sockaddr_un *path) {
    if (answer == -ENOENT)
        return UNSOCK_PORT_GONE;
    bool dead = answer == -ECONNREFUSED || (answer == -EACCES && unsock_file_netns_is_gone(path->sun_path));
    return dead ? UNSOCK_PORT_DEAD : UNSOCK_PORT_ALIVE;
}

enum unsock_port_life unsock_socketfile_life_at_rest(long probe, const struct sockaddr_un *path, socklen_t length) {
    return life_of(ask_by(probe, path, length), path);
}

enum unsock_port_life unsock_socketfile_life(long probe, const struct sockaddr_un *path, socklen_t length) {
    long answer = ask_by(probe, path, length);
    if (answer == -ECONNREFUSED) {
        answer = wait_for_binds(path);
        answer = answer == -EEXIST ? ask_by(probe, path, length) : answer;
    }
    return life_of(answer, path);
}

bool unsock_socketfile_is_stale(const struct sockaddr_un *path, socklen_t length) {
    long probe = unsock_socketfile_probe();
    bool stale = unsock_socketfile_life(probe, path, length) == UNSOCK_PORT_DEAD;
    unsock_socketfile_probe_end(probe);
    return stale;
}

/* Is the datagram socket behind this file connected to somebody? Then nobody else can connect to it (unix_may_send). */
bool unsock_socketfile_is_connected(const struct sockaddr_un *path, socklen_t length) {
    return ask(path, length) == -EPERM;
}

/* Of what is open, if it is a socket file. Where the kernel or a container's filter has no fchmodat2, by /proc. */
static void set_open_mode(long fd, int mode) {
    struct statx status;
    char link[32];
    struct unsock_text text = unsock_text_in(link, sizeof(link));
    if (unsock_statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &status) < 0 || (status.stx_mode & S_IFMT) != S_IFSOCK ||
        unsock_fchmodat2(fd, "", mode, AT_EMPTY_PATH) == 0)
        return;
    unsock_text_put(&text, "/proc/self/fd/");
    unsock_text_number(&text, (uint64_t)fd, 10, 1);
    unsock_fchmodat(AT_FDCWD, link, mode);
}

/*
 * chmod that follows no link: in somebody else's directory the name may be a link to another file by now. Where the
 * directory itself may have been exchanged, the file is looked for in the very directory that was meant.
 */
static void set_mode(const char *path, int mode) {
    if (unsock_directory_has_path(path) && !unsock_directory_may_move() &&
        unsock_fchmodat2(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW) == 0)
        return;
    long fd = unsock_directory_open(path, UNSOCK_O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
    if (fd < 0)
        return;
    set_open_mode(fd, mode);
    unsock_close(fd);
}

/*
 * A path of somebody else's choice may lead to another directory than a moment ago. A process with CAP_NET_ADMIN, as
 * root has, could do harm by that; it may ask the kernel for the file that the socket was bound to, and does.
 */
static void set_bound_mode(int socket, const char *path, int mode) {
    long fd = unsock_directory_has_path(path) ? -EPERM : unsock_ioctl((int)socket, SIOCUNIXFILE_NUMBER, NULL);
    if (fd < 0) {
        set_mode(path, mode);
        return;
    }
    set_open_mode(fd, mode);
    unsock_close(fd);
}

/*
 * The kernel makes the file with the mode of the socket itself, less the umask: setting that first means that the file
 * never has wider rights than asked for, not even for a moment. What is to be open to all can be so a moment later.
 */
long unsock_socketfile_bind(int socket, const struct sockaddr_un *path, socklen_t length, int mode) {
    if (unsock_settings.mode >= 0) {
        mode = unsock_settings.mode;
        unsock_fchmod(socket, mode);
    }
    long result = unsock_bind(socket, path, length);
    if (result == 0)
        unsock_this_process()->has_made = true;
    if (result == 0 && mode >= 0)
        set_bound_mode(socket, path->sun_path, mode);
    return result;
}
