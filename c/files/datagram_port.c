/* A datagram socket's port with sockets on several addresses. */
#include "files/datagram_port.h"

#include "files/inside.h"
#include "files/socketfile.h"
#include "kernel/file_info.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rules/address.h"
#include "rules/settings.h"

#define RENAME_EXCHANGED 2u /* renameat2(2) */

static const char *last_component(const struct sockaddr_un *path) {
    return path->sun_path + unsock_settings.directory_length + 1;
}

bool unsock_datagram_port_is_several(uint16_t port) {
    struct sockaddr_un path;
    char text[sizeof("65535.dgram.sock")];
    unsock_address_path(port, SOCK_DGRAM, &path);
    long length = unsock_sys(__NR_readlinkat, AT_FDCWD, path.sun_path, text, sizeof(text));
    const char *own = last_component(&path);
    return length > 0 && (size_t)length == strlen(own) && unsock_same(text, own, (size_t)length);
}

socklen_t unsock_datagram_port_holder(uint16_t port, struct sockaddr_un *path) {
    return unsock_datagram_port_is_several(port) ? unsock_address_aside_path(port, path)
                                                 : unsock_address_path(port, SOCK_DGRAM, path);
}

bool unsock_datagram_port_is_aside(const struct sockaddr_un *path) {
    return last_component(path)[0] == '.';
}

/* What a process left there that was killed at this. Returns whether the name is free. */
static bool clear(const struct sockaddr_un *aside, socklen_t length) {
    int64_t inode = unsock_file_inode(aside->sun_path);
    if (inode == -ENOENT)
        return true;
    if (inode < 0 || (inode > 0 && !unsock_socketfile_is_stale(aside, length)))
        return false;
    return unsock_inside_unlink(aside->sun_path) == 0;
}

long unsock_datagram_port_divide(uint16_t port) {
    struct sockaddr_un path, aside;
    socklen_t length = unsock_address_aside_path(port, &aside);
    unsock_address_path(port, SOCK_DGRAM, &path);
    if (!clear(&aside, length))
        return -EADDRINUSE;
    long result = unsock_inside_symlink(last_component(&path), aside.sun_path);
    if (result < 0)
        return result;
    /* Senders find the one or the other. */
    result = unsock_inside_rename_with(aside.sun_path, path.sun_path, RENAME_EXCHANGED);
    if (result < 0)
        unsock_inside_unlink(aside.sun_path);
    return result;
}

void unsock_datagram_port_unite(uint16_t port) {
    struct sockaddr_un path, aside;
    unsock_address_path(port, SOCK_DGRAM, &path);
    unsock_address_aside_path(port, &aside);
    if (unsock_inside_rename(aside.sun_path, path.sun_path) == -ENOENT)
        unsock_inside_unlink(path.sun_path);
}
