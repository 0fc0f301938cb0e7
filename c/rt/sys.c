/* The mark of the library's own system calls. */
#include "rt/system_calls.h"

unsigned long unsock_sys_mark_bits = UNSOCK_SYS_MARK << 32;
