/* Names that peers bind: paths and abstract ones, of any length, in memory that ends where sockaddr_un does. */
#include "../kernel.h"

#include "rules/port_name.h"
#include "rules/settings.h"

static void stays_the_same(const struct unsock_name *name) {
    struct sockaddr_un again;
    struct unsock_ip source, target;
    socklen_t length = unsock_kernel_name_stream(&name->source, &name->target, 1, &again);
    HOLDS(unsock_kernel_name_read_stream(&again, length, &source, &target));
    HOLDS(unsock_ip_same_address(&source, &name->source) && source.port == name->source.port);
    HOLDS(unsock_ip_same_address(&target, &name->target) && target.port == name->target.port);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_settings();
    if (size < 1)
        return 0;
    struct sockaddr_un *address = calloc(1, sizeof *address);
    size_t length = size - 1 < sizeof address->sun_path ? size - 1 : sizeof address->sun_path;
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, data + 1, length);
    /* The kernel may say that a name is longer than there was room for. */
    struct unsock_name name = unsock_kernel_name_read(address, UNSOCK_SUN_PATH_OFFSET + length + data[0] % 4);
    const struct unsock_port_entry *entry = &name.entry;
    HOLDS(name.kind != UNSOCK_NAME_FILE ||
          (entry->ip.port > 0 && (entry->type == SOCK_STREAM || entry->type == SOCK_DGRAM)));
    HOLDS(name.kind != UNSOCK_NAME_FILE || unsock_port_entry_is_plain(entry) || entry->ip.family == AF_INET ||
          entry->ip.family == AF_INET6);
    if (name.kind == UNSOCK_NAME_STREAM)
        stays_the_same(&name);
    free(address);
    return 0;
}
