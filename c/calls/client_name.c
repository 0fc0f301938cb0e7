/* Binds a connecting stream to an abstract name, from which the server reads the client's IP address and port. */
#include "calls/connect.h"

#include "files/bind.h"
#include "files/directory.h"
#include "rt/system_calls.h"

#define TAKEN_MOST 256
#define ASIDE_FIRST 1024 /* ports below belong to privileged users */
#define PORTS 65536

/* Binds a name that users without access to the directory cannot compute. Such a user may have bound all the abstract
 * names that a client tries first. The name ends with a hash, not with the value that identifies the directory. The
 * hash's key is the inode number and birth time of PORT.sock, which only users with access to the directory can read.
 * All clients compute the same hash, so no two connections share a name. */
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
        socklen_t length = unsock_kernel_name_stream(source, target, unsock_directory_tag, &name);
        long result = unsock_bind(socket, &name, length);
        if (result != -EADDRINUSE)
            return result;
    } while (!chosen && ++tried < UNSOCK_MIN(unsock_ephemeral_count(), TAKEN_MOST));
    return chosen ? -EADDRNOTAVAIL : bind_keyed(socket, source, target);
}
