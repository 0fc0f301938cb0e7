/* The AF_UNIX sockets of this network namespace that are bound, and not connected as streams are: the kernel's list. */
#ifndef UNSOCK_UNIX_SOCKETS_H
#define UNSOCK_UNIX_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unsock_unix_socket {
    bool listens;
    bool has_file;    /* `inode` and `device` are known */
    uint32_t inode;   /* of the file that it was bound to, in 32 bits; that may have got another name */
    uint32_t device;  /* its file system, as the kernel numbers it: major << 20 | minor */
    const char *name; /* as it was bound; an abstract one begins with a NUL */
    size_t length;
};

/*
 * Tells of each, one after the other, until `see` returns false. By sock_diag(7), or by /proc/net/unix where the kernel
 * does not answer that; there names with a newline tell of sockets that do not exist. Returns false where neither says
 * anything.
 */
bool unsock_unix_sockets(bool (*see)(void *context, const struct unsock_unix_socket *socket), void *context);

#endif
