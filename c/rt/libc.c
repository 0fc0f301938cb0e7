/* What comes from the process's libc. Every symbol is weak: without a libc (run as a program) all of them are NULL. */
#include "rt/libc.h"

#include "rt/mem.h"
#include "rt/sys.h"

#define AT_SECURE_TAG 23

extern int *__errno_location(void) __attribute__((weak));
extern void *dlsym(void *handle, const char *name) __attribute__((weak));
extern void *_dl_sym(void *handle, const char *name, void *caller) __attribute__((weak));
extern unsigned long getauxval(unsigned long tag) __attribute__((weak));
extern char **environ __attribute__((weak));

static int errno_without_libc;
static int last_error;

static int *errno_place(void) {
    return __errno_location ? __errno_location() : &errno_without_libc;
}

static void errno_set(int error) {
    *errno_place() = error;
}

static int errno_get(void) {
    return *errno_place();
}

long unsock_libc_result(long result) {
    if (result >= 0)
        return result;
    __atomic_store_n(&last_error, (int)-result, __ATOMIC_RELAXED);
    errno_set((int)-result);
    return -1;
}

int unsock_libc_last_error(void) {
    return __atomic_load_n(&last_error, __ATOMIC_RELAXED);
}

const char *const *unsock_environment(void) {
    static const char *const none[] = {NULL};
    return &environ && environ ? (const char *const *)environ : none;
}

unsigned long unsock_libc_auxiliary(unsigned long tag) {
    return getauxval ? getauxval(tag) : 0;
}

bool unsock_environment_set(const char *const *list) {
    if (!&environ)
        return false;
    environ = (char **)list;
    return true;
}

bool unsock_is_secure(void) {
    if (getauxval)
        return getauxval(AT_SECURE_TAG) != 0;
    return unsock_sys(__NR_getuid) != unsock_sys(__NR_geteuid) || unsock_sys(__NR_getgid) != unsock_sys(__NR_getegid);
}

struct unsock_next unsock_next;

/*
 * RTLD_NEXT is -1 in glibc and in musl. In a library that dlopen brought, it finds nothing: the raw calls stay. Before
 * glibc 2.34 dlsym is in libdl, which few programs have; what it calls is in libc.
 */
void *unsock_next_find(const char *name) {
    void *next = (void *)-1l;
    if (!dlsym && !_dl_sym)
        return NULL;
    return dlsym ? dlsym(next, name) : _dl_sym(next, name, (void *)&unsock_next_find);
}

static void resolve(const char *name, void *slot) {
    void *found = unsock_next_find(name);
    if (found)
        memcpy(slot, &found, sizeof(found));
}

void unsock_next_resolve(void) {
    resolve("connect", &unsock_next.connect);
    resolve("accept", &unsock_next.accept);
    resolve("accept4", &unsock_next.accept4);
    resolve("recvfrom", &unsock_next.recvfrom);
    resolve("__recvfrom_chk", &unsock_next.recvfrom_chk);
    resolve("recvmsg", &unsock_next.recvmsg);
    resolve("recvmmsg", &unsock_next.recvmmsg);
    resolve("sendto", &unsock_next.sendto);
    resolve("sendmsg", &unsock_next.sendmsg);
    resolve("sendmmsg", &unsock_next.sendmmsg);
    resolve("close", &unsock_next.close);
    resolve("fcntl", &unsock_next.fcntl);
}

/*
 * Runs the next library's function and gives its outcome kernel-style, errno as before; where there is none, the system
 * call itself, without errno: a thread that libc did not make has no place for it.
 */
#define KERNEL_STYLE(name, call, raw)                                                                                  \
    do {                                                                                                               \
        if (!unsock_next.name)                                                                                         \
            return raw;                                                                                                \
        int saved = errno_get();                                                                                       \
        long result = unsock_next.name call;                                                                           \
        if (result < 0) {                                                                                              \
            result = -errno_get();                                                                                     \
            errno_set(saved);                                                                                          \
        }                                                                                                              \
        return result;                                                                                                 \
    } while (0)

long unsock_real_connect(int fd, const void *address, socklen_t length) {
    KERNEL_STYLE(connect, (fd, address, length), unsock_sys(__NR_connect, fd, address, length));
}

long unsock_real_accept(int fd, void *address, socklen_t *length) {
    KERNEL_STYLE(accept, (fd, address, length), unsock_sys(__NR_accept4, fd, address, length, 0));
}

long unsock_real_accept4(int fd, void *address, socklen_t *length, int flags) {
    if (flags == 0)
        return unsock_real_accept(fd, address, length);
    KERNEL_STYLE(accept4, (fd, address, length, flags), unsock_sys(__NR_accept4, fd, address, length, flags));
}

long unsock_real_recvfrom(int fd, void *data, size_t size, int flags, void *address, socklen_t *length) {
    KERNEL_STYLE(recvfrom, (fd, data, size, flags, address, length),
                 unsock_sys(__NR_recvfrom, fd, data, size, flags, address, length));
}

long unsock_real_recvmsg(int fd, struct msghdr *message, int flags) {
    KERNEL_STYLE(recvmsg, (fd, message, flags), unsock_sys(__NR_recvmsg, fd, message, flags));
}

long unsock_real_sendmsg(int fd, const struct msghdr *message, int flags) {
    KERNEL_STYLE(sendmsg, (fd, message, flags), unsock_sys(__NR_sendmsg, fd, message, flags));
}

long unsock_real_sendto(int fd, const void *data, size_t size, int flags, const void *address, socklen_t length) {
    KERNEL_STYLE(sendto, (fd, data, size, flags, address, length),
                 unsock_sys(__NR_sendto, fd, data, size, flags, address, length));
}

long unsock_real_recvmmsg(int fd, struct unsock_mmsghdr *messages, unsigned count, int flags, void *timeout) {
    KERNEL_STYLE(recvmmsg, (fd, messages, count, flags, timeout),
                 unsock_sys(__NR_recvmmsg, fd, messages, count, flags, timeout));
}

long unsock_real_sendmmsg(int fd, struct unsock_mmsghdr *messages, unsigned count, int flags) {
    KERNEL_STYLE(sendmmsg, (fd, messages, count, flags), unsock_sys(__NR_sendmmsg, fd, messages, count, flags));
}

long unsock_real_close(int fd) {
    KERNEL_STYLE(close, (fd), unsock_sys(__NR_close, fd));
}

long unsock_real_fcntl(int fd, int command, unsigned long argument) {
    KERNEL_STYLE(fcntl, (fd, command, argument), unsock_sys(__NR_fcntl, fd, command, argument));
}

long unsock_real_send(int fd, const struct msghdr *message, int flags) {
    const struct iovec *part = message->msg_iov;
    if (message->msg_iovlen != 1 || message->msg_controllen != 0)
        return unsock_real_sendmsg(fd, message, flags);
    return unsock_real_sendto(fd, part->iov_base, part->iov_len, flags, message->msg_name, message->msg_namelen);
}
