/* /proc/self/fdinfo of an epoll set: what was registered. */
#include "../kernel.h"

#include "replace/epoll.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct unsock_epoll_event event = {0};
    struct unsock_span line;
    fuzz_kernel_start(data, size);
    bool found = read_kernel_registration(7, 5, fuzz_kernel.inode, &event);
    HOLDS(fuzz_kernel.opened == 0);
    HOLDS(found || (event.events == 0 && event.data == 0));
    char *copy = fuzz_exact(data, size);
    line = (struct unsock_span){copy, size};
    read_registration(line, 5, 42, &event);
    free(copy);
    return 0;
}
