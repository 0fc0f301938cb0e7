/* Descriptor numbers that are another socket's by now. */
#include "replace/reuse.h"

#include "files/release.h"
#include "kernel/socket_info.h"
#include "memory/fds.h"
#include "memory/own.h"
#include "memory/state.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rules/ip.h"

/*
 * Whatever was known of a descriptor that is new is of no use any more. When the number was a bound socket's, closing went
 * past the library (a raw system call, as in libuv).
 */
void unsock_reuse_new(int fd) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    if (!entry)
        return;
    struct unsock_fd old = *entry;
    bool release = unsock_fd_has_file(entry) && unsock_own_descriptors();
    unsock_fds_forget(fd);
    if (release)
        unsock_release(&old);
}

void unsock_reuse_check(int fd) {
    union unsock_sockaddr name;
    struct unsock_ip ip;
    struct unsock_fd *entry = unsock_fds_known(fd);
    if (!entry || entry->state == UNSOCK_STATE_NEW)
        return;
    long length = unsock_socket_name(fd, __NR_getsockname, &name);
    bool is_ip = length >= 0 && unsock_ip_read(&name, (size_t)length, &ip);
    bool unbound = is_ip && ip.port == 0 && unsock_ip_is_wildcard(&ip);
    if ((entry->kind == UNSOCK_KIND_LOCAL && is_ip) || (entry->kind == UNSOCK_KIND_IP && unbound))
        unsock_reuse_new(fd);
}
