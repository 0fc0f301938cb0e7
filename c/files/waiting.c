/* Sockets under hidden names, in whatever process. */
#include "files/waiting.h"

#include "files/behind.h"
#include "files/inside.h"
#include "files/origin.h"
#include "files/socketfile.h"
#include "kernel/file_info.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rules/address.h"
#include "rules/own_name.h"

#define MISSING_MOST 8 /* hidden names are given out from the lowest free one on */

/* One hidden name after the other that is there. */
struct names {
    uint16_t port;
    unsigned index;
    int missing;
    struct sockaddr_un path;
    socklen_t length;
};

static bool next(struct names *names) {
    while (names->index < UNSOCK_HIDDEN_MOST && names->missing < MISSING_MOST) {
        names->length = unsock_address_hidden_path(names->port, ++names->index, &names->path);
        bool there = unsock_file_inode(names->path.sun_path) > 0;
        names->missing = there ? 0 : names->missing + 1;
        if (there)
            return true;
    }
    return false;
}

/* Those on the same address come before others. */
static bool is_on_same(const struct unsock_origin *gone, const struct unsock_origin *origin) {
    return gone->known && origin->known && origin->number == gone->number;
}

/* Does it wait for the name of its own address, which another one has? Then it stays there. */
static bool waits_for_own(const struct unsock_origin *origin, uint16_t port) {
    struct sockaddr_un path;
    struct unsock_ip ip;
    bool v6only;
    if (!origin->known || !unsock_own_name_of_number(origin->number, &ip, &v6only))
        return origin->known;
    ip.port = port;
    socklen_t length = unsock_own_name_path(&ip, &path);
    return unsock_file_inode(path.sun_path) > 0 && !unsock_socketfile_is_stale(&path, length);
}

bool unsock_waiting_promote(uint16_t port, const struct sockaddr_un *path, bool same_address) {
    struct names names = {.port = port};
    struct sockaddr_un best;
    struct unsock_origin gone = unsock_origin_read(path->sun_path);
    int64_t latest = -1;
    bool best_same = false;
    while (next(&names)) {
        struct unsock_origin origin = unsock_origin_read(names.path.sun_path);
        bool same = is_on_same(&gone, &origin);
        bool better = same != best_same ? same : origin.changed > latest;
        if (!better || (!same && (same_address || waits_for_own(&origin, port))) ||
            unsock_socketfile_is_stale(&names.path, names.length))
            continue;
        best = names.path;
        latest = origin.changed;
        best_same = same;
    }
    if (latest < 0 || unsock_inside_rename(best.sun_path, path->sun_path) < 0)
        return false;
    unsock_behind_mark_file(path->sun_path);
    return true;
}

bool unsock_waiting_sweep(uint16_t port) {
    struct names names = {.port = port};
    bool any = false;
    while (next(&names)) {
        if (unsock_socketfile_is_stale(&names.path, names.length))
            any |= unsock_inside_unlink(names.path.sun_path) == 0;
    }
    return any;
}
