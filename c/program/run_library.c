/* A relative path is one from the working directory. */
#include "program/run_library.h"

#include "process/proof.h"
#include "process/run_directory.h"
#include "rt/net.h"

bool unsock_run_library_choose(const char *option, const char *own, const struct unsock_environment *environment,
                               char *path, struct unsock_text *error) {
    const char *named = option ? option : unsock_environment_get(environment, "UNSOCK_LIB");
    if (!named && !own) {
        unsock_text_put(error,
                        "library: /proc/self/exe does not tell its path: is /proc mounted? UNSOCK_LIB=FILE names one");
        return false;
    }
    long result = unsock_run_resolve(named ? named : own, path);
    if (result == 0)
        return unsock_proof_library(path, error);
    unsock_text_join(error, "library ", named ? named : own, ": ",
                     result == -ENOENT ? "the working directory was removed: write an absolute path"
                                       : "the path is too long");
    return false;
}
