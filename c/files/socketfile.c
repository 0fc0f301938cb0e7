/* Checks and binds socket files. To remove a file, a process locks the directory and then asks the kernel whether a
 * socket is bound to the file. So two processes that find the same stale file never remove each other's new file. */
#include "files/port.h"

#include "files/directory.h"
#include "kernel/socket_info.h"
#include "memory/process.h"

/* The note (files/port.h): the nanoseconds of mtime are the namespace's number, those of atime MARK minus this number.
 * mtime keeps its second, which `ls -l` shows. atime is in 2038: a connect would update an older atime (relatime). */
#define MARK 756473107
#define NOTED_SECOND 2145916800
#define SECOND_NS 1000000000
#define FIRST_NAMESPACE 0xe0000000u /* below PROC_NET_INIT_INO, PROC_DYNAMIC_FIRST (linux/nsfs.h, proc_ns.h) */
#define NAMESPACES_MOST 999999999u
#define WRITABLE_BY_OWNER 0200
#define PASSES 3

/* Returns the number of this process's network namespace, counted from 0; -1: unknown. */
UNSOCK_OWN_FRAME static int64_t number_namespace(void) {
    struct statx status;
    if (unsock_statx(AT_FDCWD, "/proc/self/ns/net", 0, STATX_INO, &status) < 0 || status.stx_ino < FIRST_NAMESPACE ||
        status.stx_ino - FIRST_NAMESPACE >= NAMESPACES_MOST)
        return -1;
    return (int64_t)(status.stx_ino - FIRST_NAMESPACE);
}

static int64_t mark_of_namespace(int64_t number) {
    return (MARK - number + SECOND_NS) % SECOND_NS;
}

void unsock_file_netns_note(const char *path) {
    struct statx status;
    bool closed = unsock_settings.mode >= 0 && ((unsigned)unsock_settings.mode & WRITABLE_BY_OWNER) == 0;
    if (!unsock_directory_is_shared && !closed)
        return;
    if (unsock_statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE | STATX_MODE | STATX_MTIME, &status) < 0 ||
        (status.stx_mode & S_IFMT) != S_IFSOCK)
        return;
    /* If all users may write to the file, they can connect a probe to it, and need no note. */
    bool asked = (status.stx_mode & WRITABLE_BY_OWNER) != 0 &&
                 (!unsock_directory_is_shared || (status.stx_mode & UNSOCK_OTHERS_WRITE) == UNSOCK_OTHERS_WRITE);
    int64_t number = asked ? -1 : number_namespace();
    struct timespec times[2] = {{NOTED_SECOND, (long)mark_of_namespace(number)},
                                {(long)status.stx_mtime.tv_sec, (long)number}};
    if (number >= 0)
        unsock_directory_set_times(path, times);
}

/* True if the socket is listed in /proc/net/unix, or if the list cannot be read. Compares only the last part of the
 * path, up to the character `end`: the directory may have several paths. A forged line can only make a file stay. */
static bool is_socket_listed(struct unsock_span name, char end) {
    struct unsock_lines lines;
    struct unsock_span line;
    bool found = false;
    unsock_lines_open(&lines, "/proc/net/unix");
    while (!found && unsock_lines_next(&lines, &line)) {
        struct unsock_span last = unsock_base_name(line);
        found = unsock_span_same(unsock_span_next(&last, end), name);
    }
    found = found || lines.failed;
    unsock_lines_close(&lines);
    return found;
}

/* True if the note in the file's times has the number of this process's network namespace. */
UNSOCK_OWN_FRAME static bool is_from_here(const char *path) {
    struct statx status;
    int64_t here = number_namespace();
    return here >= 0 &&
           unsock_statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE | STATX_ATIME | STATX_MTIME, &status) >= 0 &&
           (status.stx_mode & S_IFMT) == S_IFSOCK && status.stx_atime.tv_nsec == mark_of_namespace(here) &&
           status.stx_mtime.tv_nsec == here;
}

bool unsock_file_netns_is_gone(const char *path) {
    struct unsock_span name = unsock_base_name(unsock_span_of(path));
    struct unsock_port_entry entry;
    bool found = false;
    if (!is_from_here(path))
        return false;
    /* A datagram socket's file may have got a number, which its kernel name lacks. */
    char end = unsock_port_name_read(name, &entry) && entry.type == SOCK_DGRAM ? '+' : '\0';
    name = unsock_span_next(&name, end);
    /* The kernel lists sockets in pieces: one may be missed if others of its hash chain close between two pieces. */
    for (int i = 0; !found && i < PASSES; i++)
        found = is_socket_listed(name, end);
    return !found;
}

/* Connects the probe to the file, unnoticed by its owner. A socket of another type gives EPROTOTYPE, a stale file
 * ECONNREFUSED (net/unix/af_unix.c, unix_find_bsd). */
static long ask_by_probe(long probe, const struct sockaddr_un *path, socklen_t length) {
    return probe < 0 ? probe : unsock_connect(probe, path, length);
}

long unsock_socketfile_ask(const void *address, socklen_t length) {
    UNSOCK_CLOSED long probe = unsock_socketfile_probe();
    return ask_by_probe(probe, address, length);
}

long unsock_socketfile_probe(void) {
    return unsock_socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

bool unsock_socketfile_is_live(long probe, const struct sockaddr_un *path, socklen_t length) {
    long answer = ask_by_probe(probe, path, length);
    return answer == 0 || answer == -EPROTOTYPE || answer == -EPERM;
}

/* Without a probe, the socket counts as live. On EACCES (no write permission), unsock_file_netns_is_gone decides. */
static enum unsock_port_life life_of(long probe, long answer, const struct sockaddr_un *path) {
    if (probe >= 0 && answer == -ENOENT)
        return UNSOCK_PORT_GONE;
    bool stale =
        probe >= 0 && (answer == -ECONNREFUSED || (answer == -EACCES && unsock_file_netns_is_gone(path->sun_path)));
    return stale ? UNSOCK_PORT_STALE : UNSOCK_PORT_ALIVE;
}

enum unsock_port_life unsock_socketfile_life_at_rest(long probe, const struct sockaddr_un *path, socklen_t length) {
    return life_of(probe, ask_by_probe(probe, path, length), path);
}

/* ECONNREFUSED may come from a bind in progress, which makes the file before a connect can find the socket. The kernel
 * holds the directory's inode lock meanwhile (unix_bind_bsd, since Linux 5.14; on older kernels unsock binds under
 * its own lock). So this renames the file to itself, which only waits for the inode lock, and asks again. */
enum unsock_port_life unsock_socketfile_life(long probe, const struct sockaddr_un *path, socklen_t length) {
    long answer = ask_by_probe(probe, path, length);
    if (answer == -ECONNREFUSED) {
        answer = unsock_directory_rename(path->sun_path, path->sun_path, RENAME_NOREPLACE);
        answer = answer == -EEXIST ? ask_by_probe(probe, path, length) : answer;
    }
    return life_of(probe, answer, path);
}

bool unsock_socketfile_is_stale(const struct sockaddr_un *path, socklen_t length) {
    UNSOCK_CLOSED long probe = unsock_socketfile_probe();
    return unsock_socketfile_life(probe, path, length) == UNSOCK_PORT_STALE;
}

/* The kernel refuses a connect to a datagram socket that is itself connected to another one (unix_may_send). */
bool unsock_socketfile_is_connected(const struct sockaddr_un *path, socklen_t length) {
    return unsock_socketfile_ask(path, length) == -EPERM;
}

/* The kernel makes the file with the socket's own mode, less the umask. So UNSOCK_MODE is set at the socket first: the
 * file never has more rights, not even for a moment. The exact mode is set after the bind. */
long unsock_socketfile_bind(int socket, const struct sockaddr_un *path, socklen_t length, int mode) {
    if (unsock_settings.mode >= 0) {
        mode = unsock_settings.mode;
        unsock_fchmod(socket, mode);
    }
    long result = unsock_bind(socket, path, length);
    if (result == 0)
        unsock_files_made();
    if (result == 0 && mode >= 0)
        unsock_directory_set_mode(socket, path->sun_path, mode);
    return result;
}
