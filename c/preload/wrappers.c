/* The exported functions that are like their system calls. */
#include "calls/list.h"
#include "process/start.h"
#include "unsock.h"

#define UNPACK(...) __VA_ARGS__

#define WRAPPER(type, name, parameters, arguments, inert)                                                              \
    UNSOCK_EXPORT type name parameters {                                                                               \
        return (type)unsock_libc_result(unsock_active() ? (long)unsock_call_##name arguments : (long)inert);           \
    }

#define LIBC(type, name, parameters, arguments) WRAPPER(type, name, parameters, arguments, unsock_real_##name arguments)
#define RAW(type, name, parameters, arguments)                                                                         \
    WRAPPER(type, name, parameters, arguments, unsock_sys(__NR_##name, UNPACK arguments))
#define ALWAYS(type, name, parameters, arguments)                                                                      \
    UNSOCK_EXPORT type name parameters {                                                                               \
        return (type)unsock_libc_result(unsock_call_##name arguments);                                                 \
    }
#define BY_HAND(name)

UNSOCK_CALLS(LIBC, RAW, ALWAYS, BY_HAND)
