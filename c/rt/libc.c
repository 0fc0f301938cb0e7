/* Uses the process's libc. Every symbol of libc's is weak: in a process without a libc, all of them are NULL. */
#include "rt/libc.h"

#include "rt/code.h"
#include "rt/system_calls.h"

#define AT_SECURE_TAG 23
#define CANCEL_ASYNCHRONOUS 1 /* PTHREAD_CANCEL_ASYNCHRONOUS, in glibc and in musl */

extern void *dlsym(void *handle, const char *name) __attribute__((weak));
extern void *_dl_sym(void *handle, const char *name, void *caller) __attribute__((weak));
extern unsigned long getauxval(unsigned long tag) __attribute__((weak));
extern int clock_gettime(int clock, struct timespec *time) __attribute__((weak));
extern char **environ __attribute__((weak));
extern char __libc_single_threaded __attribute__((weak));

int unsock_errno_without_libc;
static int last_error;

long unsock_libc_failure(long result) {
    __atomic_store_n(&last_error, (int)-result, __ATOMIC_RELAXED);
    *unsock_errno_place() = (int)-result;
    return -1;
}

int unsock_libc_last_error(void) {
    return __atomic_load_n(&last_error, __ATOMIC_RELAXED);
}

const char *const *unsock_environment(void) {
    static const char *const none[] = {NULL};
    return &environ && environ ? (const char *const *)environ : none;
}

int64_t unsock_libc_clock(void) {
    struct timespec time;
    int (*clock)(int, struct timespec *) = clock_gettime ? clock_gettime : unsock_vdso_clock;
    return clock && clock(CLOCK_MONOTONIC_COARSE, &time) == 0 ? time.tv_sec * 1000000000 + time.tv_nsec : 0;
}

int64_t unsock_libc_waited(int64_t begun) {
    int64_t clock = unsock_libc_clock();
    return begun != 0 && clock > begun ? clock - begun : 0;
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

bool unsock_libc_is_single_threaded(void) {
    return &__libc_single_threaded && __libc_single_threaded;
}

bool unsock_is_secure(void) {
    if (getauxval)
        return getauxval(AT_SECURE_TAG) != 0;
    return unsock_getuid() != unsock_geteuid() || unsock_getgid() != unsock_getegid();
}

struct unsock_next unsock_next;
__attribute__((used)) long (*unsock_next_syscall)(long number, ...);

/* RTLD_NEXT is -1 in glibc and in musl. If dlopen loaded this library, RTLD_NEXT finds nothing, and the library uses
 * system calls. Before glibc 2.34, dlsym is in libdl, which few programs load; libc has _dl_sym, which dlsym calls. */
void *unsock_next_find(const char *name) {
    void *next = (void *)-1l;
    if (!dlsym && !_dl_sym)
        return NULL;
    return dlsym ? dlsym(next, name) : _dl_sym(next, name, (void *)&unsock_next_find);
}

void *unsock_next_find_newer(const char *name) {
    return dlsym ? unsock_next_find(name) : NULL;
}

static void resolve(const char *name, void *slot, void *find(const char *)) {
    void *found = find(name);
    if (found)
        memcpy(slot, &found, sizeof(found));
}

#define RESOLVE_NO(name)
#define RESOLVE_SAME(name) resolve(#name, &unsock_next.name, unsock_next_find);
#define RESOLVE_OTHER(name) RESOLVE_SAME(name)
#define RESOLVE_NEWER(name) resolve(#name, &unsock_next.name, unsock_next_find_newer);
#define RESOLVE(exported, next, machines, mark, trapped, type, name, parameters) RESOLVE_##next(name)

void unsock_next_resolve(void) {
    UNSOCK_CALLS(RESOLVE)
    resolve("syscall", &unsock_next_syscall, unsock_next_find);
}

static int (*set_cancel_type)(int type, int *before);
static UNSOCK_TABLE int32_t answering[256]; /* threads that answer a trapped call (place_of_answer) */
static unsigned resolve_answers;

void unsock_next_resolve_trapped(void) {
    void *found = unsock_next_find_newer("pthread_setcanceltype");
    memcpy(&set_cancel_type, &found, sizeof(found));
}

static int32_t *place_of_answer(int32_t thread) {
    return &answering[(uint32_t)thread % (sizeof(answering) / sizeof(answering[0]))];
}

void unsock_cancel_forbid(bool trapped) {
    if (!set_cancel_type)
        return;
    int32_t thread = (int32_t)unsock_gettid();
    __atomic_store_n(place_of_answer(thread), trapped ? thread : 0, __ATOMIC_RELAXED);
    __atomic_fetch_add(&resolve_answers, trapped ? 1 : -1u, __ATOMIC_RELAXED);
}

int unsock_cancel_open(void) {
    int before = -1;
    bool any = set_cancel_type && __atomic_load_n(&resolve_answers, __ATOMIC_RELAXED) != 0;
    int32_t thread = any ? (int32_t)unsock_gettid() : 0;
    bool is_answering = any && __atomic_load_n(place_of_answer(thread), __ATOMIC_RELAXED) == thread;
    if (set_cancel_type && !is_answering)
        set_cancel_type(CANCEL_ASYNCHRONOUS, &before);
    return before;
}

void unsock_cancel_close(int before) {
    if (before >= 0)
        set_cancel_type(before, &before);
}

/* Makes an unmarked call: if it sets a signal mask, the filter traps it, and trap/signals.c removes SIGSYS. */
#define BY_THE_PROGRAM(number, a, b, c, d, e, f)                                                                       \
    unsock_syscall6(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

static long raw_ppoll(struct pollfd *fds, unsigned long count, const struct timespec *timeout, const void *signals) {
    struct timespec copy; /* the kernel writes the remaining time to its argument */
    if (timeout)
        copy = *timeout;
    return BY_THE_PROGRAM(__NR_ppoll, fds, count, timeout ? &copy : NULL, signals, UNSOCK_SIGNALS_SIZE, 0);
}

/* Calls poll if this machine has it, as the program would: a sandbox's filter may forbid ppoll. */
static long raw_poll(struct pollfd *fds, unsigned long count, int timeout) {
#ifdef __NR_poll
    return BY_THE_PROGRAM(__NR_poll, fds, count, timeout, 0, 0, 0);
#else
    struct timespec time = {timeout / 1000, timeout % 1000 * 1000000l};
    return raw_ppoll(fds, count, timeout < 0 ? NULL : &time, NULL);
#endif
}

static long raw_epoll_wait(int set, void *events, int most, int timeout) {
#ifdef __NR_epoll_wait
    return BY_THE_PROGRAM(__NR_epoll_wait, set, events, most, timeout, 0, 0);
#else
    return BY_THE_PROGRAM(__NR_epoll_pwait, set, events, most, timeout, 0, UNSOCK_SIGNALS_SIZE);
#endif
}

static long raw_epoll_pwait(int set, void *events, int most, int timeout, const void *signals) {
    return BY_THE_PROGRAM(__NR_epoll_pwait, set, events, most, timeout, signals, UNSOCK_SIGNALS_SIZE);
}

static long raw_epoll_pwait2(int set, void *events, int most, const struct timespec *timeout, const void *signals) {
    return BY_THE_PROGRAM(__NR_epoll_pwait2, set, events, most, timeout, signals, UNSOCK_SIGNALS_SIZE);
}

#define DEFINE_NO(name, parameters)
#define DEFINE_SAME(name, parameters)
#define DEFINE_OTHER(name, parameters) UNSOCK_REAL(, name, parameters, raw_##name)
#define DEFINE_NEWER(name, parameters) DEFINE_OTHER(name, parameters)
#define DEFINE(exported, next, machines, mark, trapped, type, name, parameters) DEFINE_##next(name, parameters)
UNSOCK_CALLS(DEFINE)

long unsock_real_send_message(int fd, const struct msghdr *message, int flags) {
    const struct iovec *part = message->msg_iov;
    if (message->msg_iovlen != 1 || message->msg_controllen != 0)
        return unsock_real_sendmsg(fd, message, flags);
    return unsock_real_sendto(fd, part->iov_base, part->iov_len, flags, message->msg_name, message->msg_namelen);
}
