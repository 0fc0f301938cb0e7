/* Fuzzes the reader of /proc/net/unix, which has names of other users, even names with newlines. */
#include "../kernel.h"

#include "files/port.h"
#include "kernel/socket_info.h"

#define IFSOCK 0140644

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_settings();
    fuzz_kernel_start(data, size);
    HOLDS(unsock_socket_peers(3) >= -1);
    HOLDS(fuzz_kernel.opened == 0);
    fuzz_kernel_start(data, size);
    fuzz_kernel.mode = IFSOCK;
    unsock_file_netns_is_gone("/run/u/80.sock");
    HOLDS(fuzz_kernel.opened == 0);
    return 0;
}
