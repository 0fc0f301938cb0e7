/* The link .PORT.sock of a port. */
#include "files/port_link.h"

#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rt/text.h"
#include "rules/address.h"
#include "rules/own_name.h"

#define NEW_SUFFIX ".new"

UNSOCK_OWN_FRAME struct unsock_port_link unsock_port_link_get(uint16_t port) {
    struct unsock_port_link link;
    struct sockaddr_un path;
    char text[UNSOCK_PORT_LINK_MOST];
    unsock_address_link_path(port, &path);
    long length = unsock_sys(__NR_readlinkat, AT_FDCWD, path.sun_path, text, sizeof(text));
    if (length > 0 && length < (long)sizeof(text) &&
        unsock_port_link_read((struct unsock_span){text, (size_t)length}, port, &link))
        return link;
    return (struct unsock_port_link){.several = false};
}

UNSOCK_OWN_FRAME long unsock_port_link_put(uint16_t port, const struct unsock_port_link *link) {
    struct sockaddr_un path;
    char text[UNSOCK_PORT_LINK_MOST], fresh[sizeof(path.sun_path) + sizeof(NEW_SUFFIX)];
    struct unsock_text name;
    unsock_address_link_path(port, &path);
    unsock_port_link_write(link, port, text);
    unsock_text_start(&name, fresh, sizeof(fresh));
    unsock_text_put(&name, path.sun_path);
    unsock_text_put(&name, NEW_SUFFIX);
    long result = unsock_sys(__NR_symlinkat, text, AT_FDCWD, path.sun_path);
    if (result != -EEXIST)
        return result;
    unsock_sys(__NR_unlinkat, AT_FDCWD, fresh, 0); /* of one who was killed */
    result = unsock_sys(__NR_symlinkat, text, AT_FDCWD, fresh);
    if (result == 0)
        result = unsock_sys(__NR_renameat, AT_FDCWD, fresh, AT_FDCWD, path.sun_path);
    if (result < 0)
        unsock_sys(__NR_unlinkat, AT_FDCWD, fresh, 0);
    return result;
}

void unsock_port_link_remove(uint16_t port) {
    struct sockaddr_un path;
    unsock_address_link_path(port, &path);
    unsock_sys(__NR_unlinkat, AT_FDCWD, path.sun_path, 0);
}
