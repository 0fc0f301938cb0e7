/* Executing under the trap: /proc/self/exe is the program's, not the library's. */
#include "trap/exec.h"

#include "process/exec.h"
#include "rt/net.h"
#include "trap/pointers.h"
#include "trap/self.h"

/* The strings themselves are taken on trust, as nearly all programs deserve: the kernel would look at each. */
static bool good_list(const char *const *list) {
    return !list || unsock_can_read(list, sizeof(*list));
}

long unsock_trap_execveat(int directory, const char *path, const char *const *argv, const char *const *environment, int flags) {
    if (!unsock_can_read(path, 1) || !good_list(argv) || !good_list(environment))
        return -EFAULT;
    const char *self = unsock_self_file();
    struct unsock_exec exec = {directory, self && unsock_self_is_exe(path) ? self : path, argv, environment, flags};
    return unsock_exec(&exec);
}

long unsock_trap_execve(const char *path, const char *const *argv, const char *const *environment) {
    return unsock_trap_execveat(AT_FDCWD, path, argv, environment, 0);
}
