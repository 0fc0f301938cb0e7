/* Control files: a record of any length, and a file with it. */
#include "../kernel.h"

#include "files/control_file.h"
#include "rules/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct unsock_control_file control;
    fuzz_kernel_start(data, size);
    void *record = fuzz_exact(fuzz_kernel.data, fuzz_kernel.size);
    bool good = unsock_control_check(record, fuzz_kernel.size);
    int read = unsock_control_file_read("/run/u/1.sock", &control);
    HOLDS(fuzz_kernel.opened == 0);
    HOLDS(read != 0 || good);
    HOLDS(read == 0 || !good || fuzz_kernel.failing != 0);
    HOLDS(read != 0 || (control.dest_length <= sizeof control.dest && control.proxy_length <= sizeof control.proxy));
    free(record);
    return 0;
}
