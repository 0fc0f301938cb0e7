/* Where a socket file comes from. */
#include "files/origin.h"

#include "files/bound.h"
#include "files/directory.h"
#include "files/inside.h"
#include "rt/lines.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rt/text.h"
#include "rules/kernel_name.h"
#include "rules/own_name.h"
#include "rules/port_name.h"
#include "rules/settings.h"

#include <linux/stat.h>

#define SYMLINK_NOFOLLOW 0x100 /* AT_SYMLINK_NOFOLLOW (fcntl.h) */
#define MARK 0x756e736bu       /* seconds: "unsk"; with the namespace's number in the nanoseconds */
#define FIRST_NAMESPACE                                                                                                \
    0xe0000000u /* below PROC_NET_INIT_INO and PROC_DYNAMIC_FIRST (linux/nsfs.h, linux/proc_ns.h)                      \
                 */
#define NAMESPACES_MOST 999999999u
#define NO_NAMESPACE NAMESPACES_MOST
/* Of what is told of the socket, as seconds before 1970: no clock that is only wrong has them. */
#define REUSEPORT_BIT (1u << UNSOCK_OWN_NAME_NUMBER_BITS)
#define REUSEADDR_BIT (2u << UNSOCK_OWN_NAME_NUMBER_BITS)
#define NANOSECONDS 1000000000
#define WRITABLE_BY_OTHERS 0022
#define WRITABLE_BY_OWNER 0200
#define PASSES 3

/* Of this process's network namespace, from 0; -1: unknown. */
UNSOCK_OWN_FRAME static int64_t namespace(void) {
    struct statx status;
    if (unsock_sys(__NR_statx, AT_FDCWD, "/proc/self/ns/net", 0, STATX_INO, &status) < 0 ||
        status.stx_ino < FIRST_NAMESPACE || status.stx_ino - FIRST_NAMESPACE >= NAMESPACES_MOST)
        return -1;
    return (int64_t)(status.stx_ino - FIRST_NAMESPACE);
}

/* May anybody find this file who could not ask its socket? */
static bool needs_note(unsigned mode) {
    if ((mode & WRITABLE_BY_OWNER) == 0)
        return true;
    return unsock_directory_is_shared() && (mode & WRITABLE_BY_OTHERS) != WRITABLE_BY_OTHERS;
}

/* A client's own file needs none: nobody binds beside it. */
static bool is_told(const struct unsock_bind_request *request) {
    return request && !request->unnoted;
}

static long seconds(const struct unsock_bind_request *request) {
    if (!is_told(request))
        return MARK;
    uint32_t told = unsock_own_name_number(&request->ip, request->spelling.v6only);
    told |= (request->reuseport ? REUSEPORT_BIT : 0) | (request->reuseaddr ? REUSEADDR_BIT : 0);
    return -1 - (long)told;
}

uint64_t unsock_origin_note(const char *path, const struct unsock_bind_request *request) {
    struct statx status;
    if (unsock_sys(__NR_statx, AT_FDCWD, path, SYMLINK_NOFOLLOW, STATX_TYPE | STATX_INO | STATX_MODE, &status) < 0 ||
        (status.stx_mode & UNSOCK_S_IFMT) != UNSOCK_S_IFSOCK)
        return 0;
    int64_t number = needs_note(status.stx_mode) ? namespace() : -1;
    struct timespec times[2] = {{MARK, 0}, {seconds(request), number >= 0 ? (long)number : NO_NAMESPACE}};
    if (number >= 0 || is_told(request))
        unsock_inside_set_times(path, times);
    return status.stx_ino;
}

void unsock_origin_note_stream(const char *path) {
    if (unsock_directory_is_shared() ||
        (unsock_settings.mode >= 0 && ((unsigned)unsock_settings.mode & WRITABLE_BY_OWNER) == 0))
        unsock_origin_note(path, NULL);
}

struct unsock_origin unsock_origin_read(const char *path) {
    struct statx status;
    struct unsock_origin origin = {.known = false};
    unsigned wanted = STATX_TYPE | STATX_MTIME | STATX_CTIME | STATX_UID;
    if (unsock_sys(__NR_statx, AT_FDCWD, path, SYMLINK_NOFOLLOW, wanted, &status) < 0 ||
        (status.stx_mode & UNSOCK_S_IFMT) != UNSOCK_S_IFSOCK)
        return origin;
    origin.changed = status.stx_ctime.tv_sec * NANOSECONDS + status.stx_ctime.tv_nsec;
    origin.user = status.stx_uid;
    uint64_t told = (uint64_t)(-1 - status.stx_mtime.tv_sec);
    if (status.stx_mtime.tv_sec >= 0 || told >= 2 * REUSEADDR_BIT)
        return origin;
    origin.known = true;
    origin.number = (uint32_t)told & (REUSEPORT_BIT - 1);
    origin.reuseport = (told & REUSEPORT_BIT) != 0;
    origin.reuseaddr = (told & REUSEADDR_BIT) != 0;
    return origin;
}

bool unsock_origin_admits(const struct unsock_origin *origin, const struct unsock_bind_request *request, bool *same) {
    bool both = (origin->reuseport && request->reuseport) || (origin->reuseaddr && request->reuseaddr);
    if (!origin->known || !both || origin->user != (uint32_t)unsock_sys(__NR_geteuid))
        return false;
    *same |= origin->number == unsock_own_name_number(&request->ip, request->spelling.v6only);
    return true;
}

static struct unsock_span last_component(struct unsock_span path) {
    size_t start = path.length;
    while (start > 0 && path.at[start - 1] != '/')
        start--;
    return (struct unsock_span){path.at + start, path.length - start};
}

/*
 * Is this the line of a socket that may be the file's? By the last component of its name: the directory may have
 * others, and a datagram socket's hidden name may have become the port's. A forged line can only keep a file.
 */
static bool may_be(struct unsock_span line, const struct unsock_name *name) {
    struct unsock_name other;
    if (name->type == SOCK_STREAM && unsock_kernel_name_read_file(last_component(line), &other) &&
        other.type == SOCK_STREAM && other.own && name->own && !unsock_port_same(&other.entry, &name->entry))
        return false;
    return unsock_kernel_name_read_file(last_component(line), &other) && other.port == name->port &&
           other.type == name->type;
}

/* True as well when that cannot be found out. */
static bool is_listed(const struct unsock_name *name) {
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
           unsock_sys(__NR_statx, AT_FDCWD, path, SYMLINK_NOFOLLOW, STATX_TYPE | STATX_MTIME, &status) >= 0 &&
           (status.stx_mode & UNSOCK_S_IFMT) == UNSOCK_S_IFSOCK &&
           (status.stx_mtime.tv_sec == MARK || status.stx_mtime.tv_sec < 0) && status.stx_mtime.tv_nsec == here;
}

bool unsock_origin_is_gone(const char *path) {
    struct unsock_name name;
    bool found = false;
    if (!is_from_here(path) || !unsock_kernel_name_read_file(last_component(unsock_span_of(path)), &name))
        return false;
    /* Where other sockets of the same hash go between two reads, one may be passed over, but not again and again. */
    for (int i = 0; !found && i < PASSES; i++)
        found = is_listed(&name);
    return !found;
}
