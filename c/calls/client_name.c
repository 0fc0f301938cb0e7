/* The names of connecting stream sockets. */
#include "calls/connect.h"

#include "files/bind.h"
#include "files/directory.h"
#include "rt/system_calls.h"

#define TAKEN_MOST 256
#define ASIDE_FIRST 1024 /* the first port that is nobody's privilege */
#define PORTS 65536

/*
 * Abstract names are everybody's: a user without any right to the directory may have bound all those that clients would
 * take. So there are others, which only a user with access to the directory can tell before they are bound: they end
 * with a hash whose key is what the server's file is known by. Clients compute the same, so that these are as unique as
 * the plain ones; and their ports are none that plain names are given, nor any with a file of its own.
 */
UNSOCK_OWN_FRAME static long bind_keyed(int socket, struct unsock_ip *source, const struct unsock_ip *target) {
    struct sockaddr_un name, file;
    uint64_t key[2];
    unsock_address_path(target->port, SOCK_STREAM, &file);
    long result = unsock_file_key(file.sun_path, key);
    for (unsigned i = ASIDE_FIRST; result == 0 && i < PORTS; i++) {
        source->port = unsock_ephemeral_aside(i);
        if (source->port < ASIDE_FIRST || unsock_ephemeral_has(source->port))
            continue;
        socklen_t length = unsock_kernel_name_keyed(source, target, key, &name);
        unsock_address_path(source->port, SOCK_STREAM, &file);
        if (unsock_file_inode(file.sun_path) != -ENOENT)
            continue;
        long bound = unsock_bind(socket, &name, length);
        if (bound != -EADDRINUSE)
            return bound;
    }
    return -EADDRNOTAVAIL;
}

long unsock_client_name_bind(int socket, struct unsock_ip *source, const struct unsock_ip *target) {
    bool chosen = source->port != 0;
    unsigned tried = 0;
    struct sockaddr_un name;
    do {
        if (!chosen)
            source->port = unsock_ephemeral_next();
        socklen_t length = unsock_kernel_name_stream(source, target, unsock_directory_tag(), &name);
        long result = unsock_bind(socket, &name, length);
        if (result != -EADDRINUSE)
            return result;
    } while (!chosen && ++tried < UNSOCK_MIN(unsock_ephemeral_count(), TAKEN_MOST));
    return chosen ? -EADDRNOTAVAIL : bind_keyed(socket, source, target);
}
