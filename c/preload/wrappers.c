/* The exported functions that are like their system calls. */
#include "calls/list.h"
#include "process/start.h"
#include "unsock.h"

#pragma GCC diagnostic ignored "-Warray-parameter" /* the header's socketpair has int[2] */

#define WRAPPER(type, name, parameters, result)                                                                        \
    UNSOCK_EXPORT type name(UNSOCK_PARAMETERS parameters) {                                                            \
        return (type)unsock_libc_result(result);                                                                       \
    }
#define LOGIC(name, parameters) unsock_call_##name(UNSOCK_ARGUMENTS parameters)

#define EXPORT_LIBC(type, name, parameters)                                                                            \
    WRAPPER(type, name, parameters,                                                                                    \
            unsock_active() ? LOGIC(name, parameters) : unsock_real_##name(UNSOCK_ARGUMENTS parameters))
#define EXPORT_RAW(type, name, parameters)                                                                             \
    WRAPPER(type, name, parameters,                                                                                    \
            unsock_active() ? LOGIC(name, parameters) : unsock_sys(__NR_##name, UNSOCK_ARGUMENTS parameters))
#define EXPORT_ALWAYS(type, name, parameters) WRAPPER(type, name, parameters, LOGIC(name, parameters))
#define EXPORT_BY_HAND(type, name, parameters)

#define EXPORT(exported, next, machines, mark, trapped, type, name, parameters)                                        \
    EXPORT_##exported(type, name, parameters)
UNSOCK_CALLS(EXPORT)
