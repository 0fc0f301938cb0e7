/* The program's own seccomp filter. */
#include "memory/sandbox.h"

bool unsock_sandboxed;
