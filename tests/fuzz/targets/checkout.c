/* Fuzzes the reader of git's files, which anybody may have written, and the paths that come from them. */
#include "../kernel.h"

#include "process/checkout.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const environment[] = {"GIT_DIR=/a/.git", NULL};
    static struct unsock_run_directory directory;
    static char line[UNSOCK_PATH_MOST];
    UNSOCK_TEXT(error, 4 * UNSOCK_PATH_MOST);
    fuzz_kernel_start(data, size);
    bool good = read_git_file("/a", ".git", line);
    HOLDS(fuzz_kernel.opened == 0);
    HOLDS(!good || (line[0] != '\0' && strlen(line) < sizeof line && line[strlen(line) - 1] != '\n'));
    fuzz_kernel_start(data, size);
    good = unsock_checkout_choose(environment, true, &directory, &error);
    HOLDS(fuzz_kernel.opened == 0);
    HOLDS(good || error.length > 0);
    HOLDS(!good || (directory.path[0] == '/' && strlen(directory.path) <= UNSOCK_DIR_MOST && directory.git[0] == '/'));
    return 0;
}
