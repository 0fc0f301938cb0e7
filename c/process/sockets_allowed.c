/* By the calls themselves, as only they tell what a filter or a security module says of them. */
#include "process/sockets_allowed.h"

#include "process/errno_words.h"
#include "rt/net.h"
#include "rt/system_calls.h"

#define ADVICE                                                                                                         \
    ": a seccomp filter or a service's RestrictAddressFamilies= forbids it: allow AF_UNIX sockets and bind there"

static bool forbidden(struct unsock_text *error, const char *call, long result) {
    unsock_text_join(error, "sockets: ", call, ": ", unsock_errno_words(-result), ADVICE);
    return false;
}

/* What passes is no answer to whether the call is allowed. */
static bool is_shortage(long result) {
    return result == -EMFILE || result == -ENFILE || result == -ENOMEM || result == -ENOBUFS;
}

bool unsock_sockets_allowed(struct unsock_text *error) {
    static const struct {
        int type;
        char call[32];
    } kinds[] = {{SOCK_STREAM, "socket(AF_UNIX) of streams"}, {SOCK_DGRAM, "socket(AF_UNIX) of datagrams"}};
    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        long fd = unsock_socket(AF_UNIX, kinds[i].type | SOCK_CLOEXEC, 0);
        if (fd < 0 && is_shortage(fd))
            return true;
        if (fd < 0)
            return forbidden(error, kinds[i].call, fd);
        /* Of a family that is none it gets as far as filters and security modules go, and no further. */
        static const struct sockaddr_un nowhere = {AF_UNSPEC, "/"};
        long result = unsock_bind(fd, &nowhere, sizeof(nowhere.sun_family) + sizeof("/"));
        unsock_close(fd);
        if (result != -EINVAL)
            return forbidden(error, "bind of an AF_UNIX socket", result);
    }
    return true;
}
