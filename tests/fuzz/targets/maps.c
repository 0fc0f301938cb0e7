/* Fuzzes the readers of /proc/self/maps, which may have paths of other users, and of LD_PRELOAD, which names one. */
#include "../kernel.h"

#include "process/library_file.c"
#include "process/start.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static char buffer[UNSOCK_PATH_MOST];
    struct unsock_span path;
    fuzz_kernel_start(data, size);
    bool found = unsock_library_file_mapped(buffer, &path);
    HOLDS(fuzz_kernel.opened == 0);
    HOLDS(!found || (path.at >= buffer && path.at + path.length <= buffer + sizeof buffer && path.at[0] == '/'));
    char *copy = fuzz_exact(data, size);
    own_map((struct unsock_span){copy, size}, &path);
    free(copy);
    fuzz_kernel_start(data, size);
    const char *environment[UNSOCK_ENVIRONMENT_OWN];
    if (unsock_environment_of_block((const char *)data, size, environment))
        preloaded_by_name(environment);
    HOLDS(fuzz_kernel.opened == 0);
    return 0;
}
