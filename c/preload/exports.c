/* Exports functions that only read the settings (for tests, the self-test and embedding programs), wrappers of the
 * system calls in the list, and wrappers of another shape: variable arguments, no result, fortification. */
#include "calls/list.h"
#include "process/start.h"
#include "rules/port_name.h"
#include "unsock.h"

#include <linux/poll.h>
#include <stdarg.h>

int unsock_covers(const void *address, uint32_t length) {
    struct unsock_ip ip;
    return unsock_active() && unsock_ip_read(address, length, &ip) && unsock_address_covered(&ip);
}

int unsock_path(uint16_t port, int type, char *path, size_t size) {
    struct sockaddr_un address;
    if (!unsock_active() || (type != SOCK_STREAM && type != SOCK_DGRAM))
        return -EINVAL;
    unsock_address_path(port, type, &address);
    size_t length = strlen(address.sun_path);
    if (length >= size)
        return -ENAMETOOLONG;
    memcpy(path, address.sun_path, length + 1);
    return (int)length;
}

#pragma GCC diagnostic ignored "-Wpragmas"         /* GCC 10 does not know the next one */
#pragma GCC diagnostic ignored "-Warray-parameter" /* <sys/socket.h> declares socketpair with int[2] */

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

/* Fortified programs call the functions that end with _chk: like glibc's, these end the process before an overflow. */
extern void __chk_fail(void) __attribute__((weak, noreturn));

static void check_room(size_t needed, size_t room) {
    if (needed > room && __chk_fail)
        __chk_fail();
}

UNSOCK_EXPORT ssize_t __recvfrom_chk(int fd, void *data, size_t size, size_t buffer, int flags,
                                     struct sockaddr *address, socklen_t *length) {
    check_room(size, buffer);
    return recvfrom(fd, data, UNSOCK_MIN(size, buffer), flags, address, length);
}

ssize_t recv(int fd, void *data, size_t size, int flags);

UNSOCK_EXPORT ssize_t __recv_chk(int fd, void *data, size_t size, size_t buffer, int flags) {
    check_room(size, buffer);
    return recv(fd, data, UNSOCK_MIN(size, buffer), flags);
}

int poll(struct pollfd *fds, unsigned long count, int timeout);
int ppoll(struct pollfd *fds, unsigned long count, const struct timespec *timeout, const void *signals);

UNSOCK_EXPORT int __poll_chk(struct pollfd *fds, unsigned long count, int timeout, size_t room) {
    check_room(count, room / sizeof(struct pollfd));
    return poll(fds, count, timeout);
}

UNSOCK_EXPORT int __ppoll_chk(struct pollfd *fds, unsigned long count, const struct timespec *timeout,
                              const void *signals, size_t room) {
    check_room(count, room / sizeof(struct pollfd));
    return ppoll(fds, count, timeout, signals);
}

/* Programs with large-file support call sendfile64 for sendfile. */
UNSOCK_EXPORT ssize_t sendfile64(int out, int in, int64_t *offset, size_t count) __attribute__((alias("sendfile")));

UNSOCK_EXPORT void closefrom(int first) {
    unsock_active();
    unsock_call_closefrom(first < 0 ? 0 : (unsigned)first);
}

/* Every command takes at most one argument, an integer or a pointer. */
UNSOCK_EXPORT int fcntl(int fd, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    unsigned long argument = va_arg(arguments, unsigned long);
    va_end(arguments);
    return (int)unsock_libc_result(unsock_call_fcntl(fd, command, argument));
}

UNSOCK_EXPORT int fcntl64(int fd, int command, ...) __attribute__((alias("fcntl")));

UNSOCK_EXPORT int ioctl(int fd, unsigned long request, ...) {
    va_list arguments;
    va_start(arguments, request);
    unsigned long argument = va_arg(arguments, unsigned long);
    va_end(arguments);
    if (!unsock_active())
        return (int)unsock_libc_result(unsock_ioctl(fd, request, (void *)argument));
    return (int)unsock_libc_result(unsock_call_ioctl(fd, request, argument));
}

UNSOCK_EXPORT int prctl(int option, ...) {
    va_list arguments;
    long a[6] = {option};
    va_start(arguments, option);
    for (size_t i = 1; i < 5; i++)
        a[i] = va_arg(arguments, long);
    va_end(arguments);
    return (int)unsock_libc_result(unsock_active() ? unsock_call_by_number(__NR_prctl, a)
                                                   : unsock_sys(__NR_prctl, a[0], a[1], a[2], a[3], a[4]));
}

/* Python's multiprocessing children, and daemons whose start fails, end by _exit: no destructor removes their files. */
UNSOCK_AT_EXIT UNSOCK_EXPORT _Noreturn void _exit(int status) {
    if (unsock_active())
        unsock_call_exit();
    unsock_exit(status);
}

UNSOCK_EXPORT _Noreturn void _Exit(int status) __attribute__((alias("_exit")));

__attribute__((destructor)) static void at_exit(void) {
    unsock_call_exit();
}

#define NAME(name) #name "\0"
#define NAME_OF_CALL(exported, next, machines, mark, trapped, type, name, parameters) #name "\0"
#define NAME_OF_DOOR_CALL(exported, machines, mark, syscall, trapped, name) NAME_IF_##exported(name)
#define NAME_IF_BY_HAND(name) #name "\0"
#define NAME_IF_NO(name)

/* Returns the name of an exported function, or NULL. The names are one text: pointers would need relocations. */
const char *unsock_call_name(unsigned index) {
    static const char names[] =
        UNSOCK_CALLS(NAME_OF_CALL) UNSOCK_DOOR_CALLS(NAME_OF_DOOR_CALL) UNSOCK_OTHER_NAMES(NAME);
    size_t at = 0;
    while (index-- > 0 && at < sizeof(names) - 1)
        at += strlen(names + at) + 1;
    return at < sizeof(names) - 1 ? names + at : NULL;
}
