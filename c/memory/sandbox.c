/* The program's own seccomp filter. */
#include "memory/process.h"

bool unsock_sandboxed;
