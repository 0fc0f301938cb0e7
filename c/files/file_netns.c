/* Where a socket file comes from. */
#include "files/port.h"

#include "files/directory.h"
#include "rt/system_calls.h"

/*
 * The mark is in the nanoseconds, so that `ls -l` shows the true time: mtime has the namespace's number, atime MARK minus
 * that number, modulo a second. A socket's atime never changes by itself.
 */
#define MARK 756473107
#define SECOND_NS 1000000000
#define FIRST_NAMESPACE                                                                                                \
    0xe0000000u /* below PROC_NET_INIT_INO and PROC_DYNAMIC_FIRST (linux/nsfs.h, linux/proc_ns.h)                      \
                 */
#define NAMESPACES_MOST 999999999u
#define WRITABLE_BY_OWNER 0200
#define PASSES 3

/* Of this process's network namespace, from 0; -1: unknown. */
UNSOCK_OWN_FRAME static int64_t namespace(void) {
    struct statx status;
    if (unsock_statx(AT_FDCWD, "/proc/self/ns/net", 0, STATX_INO, &status) < 0 || status.stx_ino < FIRST_NAMESPACE ||
        status.stx_ino - FIRST_NAMESPACE >= NAMESPACES_MOST)
        return -1;
    return (int64_t)(status.stx_ino - FIRST_NAMESPACE);
}

static int64_t mark_of(int64_t number) {
    return (MARK - number + SECOND_NS) % SECOND_NS;
}

/* May anybody find a file of this mode who could not ask its socket? */
static bool needs_note(unsigned mode) {
    if ((mode & WRITABLE_BY_OWNER) == 0)
        return true;
    return unsock_directory_is_shared() && (mode & UNSOCK_OTHERS_WRITE) != UNSOCK_OTHERS_WRITE;
}

static void note(const char *path) {
    struct statx status;
    if (unsock_statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE | STATX_MODE | STATX_MTIME, &status) < 0 ||
        (status.stx_mode & S_IFMT) != S_IFSOCK)
        return;
    int64_t number = needs_note(status.stx_mode) ? namespace() : -1;
    long second = (long)status.stx_mtime.tv_sec;
    struct timespec times[2] = {{second, (long)mark_of(number)}, {second, (long)number}};
    if (number >= 0)
        unsock_directory_set_times(path, times);
}

void unsock_file_netns_note(const char *path) {
    if (unsock_directory_is_shared() ||
        (unsock_settings.mode >= 0 && ((unsigned)unsock_settings.mode & WRITABLE_BY_OWNER) == 0))
        note(path);
}

/*
 * Is this the line of a socket that may be the file's? By the last component of its name: the directory may have
 * others, and a datagram socket's file may have got a number. A forged line can only keep a file.
 */
static bool may_be(struct unsock_span line, struct unsock_span name) {
    struct unsock_span last = unsock_base_name(line);
    struct unsock_port_key key, other_key;
    struct unsock_port_entry entry, other;
    if (unsock_port_name_read(name, &key, &entry) && unsock_port_name_read(last, &other_key, &other) &&
        key.type == SOCK_DGRAM)
        return key.number == other_key.number && key.type == other_key.type && unsock_port_same_address(&entry, &other);
    return last.length == name.length && unsock_same(last.at, name.at, name.length);
}

/* True as well when that cannot be found out. */
static bool is_listed(struct unsock_span name) {
    struct unsock_lines lines;
    struct unsock_span line;
    bool found = false;
    unsock_lines_open(&lines, "/proc/net/unix");
    while (!found && unsock_lines_next(&lines, &line))
        found = may_be(line, name);
    found = found || lines.failed;
    unsock_lines_close(&lines);
    return found;
}

/* Is this a socket file of this network namespace, and noted as such? */
UNSOCK_OWN_FRAME static bool is_from_here(const char *path) {
    struct statx status;
    int64_t here = namespace();
    return here >= 0 &&
           unsock_statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE | STATX_ATIME | STATX_MTIME, &status) >= 0 &&
           (status.stx_mode & S_IFMT) == S_IFSOCK && status.stx_atime.tv_nsec == mark_of(here) &&
           status.stx_mtime.tv_nsec == here;
}

bool unsock_file_netns_is_gone(const char *path) {
    struct unsock_span name = unsock_base_name(unsock_span_of(path));
    bool found = false;
    if (!is_from_here(path))
        return false;
    /* Where other sockets of the same hash go between two reads, one may be passed over, but not again and again. */
    for (int i = 0; !found && i < PASSES; i++)
        found = is_listed(name);
    return !found;
}
