/* A name whose holder was killed, and which another socket waits for. */
#include "files/rescue.h"

#include "files/behind.h"
#include "files/lock.h"
#include "files/sharers.h"
#include "files/socketfile.h"
#include "kernel/beyond_limit.h"
#include "kernel/file_info.h"
#include "rt/net.h"
#include "rules/address.h"

UNSOCK_OWN_FRAME static bool rescue_locked(uint16_t port, const struct sockaddr_un *path, socklen_t length) {
    struct unsock_lock lock;
    /* Where it has one by now, its holder was about to give it away. */
    bool rescued = unsock_lock_take(&lock) == 0 && unsock_file_inode(path->sun_path) > 0 &&
                   (!unsock_socketfile_is_stale(path, length) || unsock_sharers_rescue(port, path));
    unsock_lock_drop(&lock);
    return rescued;
}

/* A name that leads to the file of who has the port is about that file. */
bool unsock_rescue(uint16_t port, const struct sockaddr_un *path, socklen_t length) {
    struct sockaddr_un holder;
    if (unsock_behind_any(path->sun_path))
        return rescue_locked(port, path, length);
    if (unsock_file_inode(path->sun_path) != 0)
        return false;
    length = unsock_address_aside_path(port, &holder);
    return unsock_behind_any(holder.sun_path) && rescue_locked(port, &holder, length);
}
