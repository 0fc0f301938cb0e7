/* The system's ephemeral port range. */
#include "../kernel.h"

#include "files/ephemeral.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_kernel_start(data, size);
    range = 0;
    unsigned count = unsock_ephemeral_count();
    HOLDS(count >= 1 && count <= 65535 && fuzz_kernel.opened == 0);
    for (int i = 0; i < 3; i++)
        HOLDS(unsock_ephemeral_has(unsock_ephemeral_next()));
    HOLDS(!unsock_ephemeral_has(0));
    return 0;
}
