/* Answering for /proc/self/exe. */
#include "process/exec.h"

#include "rt/system_calls.h"

#define FILE_MOST 4096
#define LINK_MOST 64

static UNSOCK_TABLE char file[FILE_MOST];

void unsock_self_exe_note(int fd) {
    char link[LINK_MOST];
    struct unsock_text text = unsock_text_in(link, sizeof(link));
    unsock_text_put(&text, "/proc/self/fd/");
    unsock_text_number(&text, (uint64_t)fd, 10, 1);
    long length = unsock_readlinkat(AT_FDCWD, link, file, sizeof(file) - 1);
    file[length > 0 ? length : 0] = '\0';
}

void unsock_self_exe_inherit(void) {
    /* Without the mark: it is trapped. */
    long length =
        unsock_syscall6(__NR_readlinkat, AT_FDCWD, (long)"/proc/self/exe", (long)file, sizeof(file) - 1, 0, 0);
    file[length > 0 ? length : 0] = '\0';
}

const char *unsock_self_exe_file(void) {
    return file[0] != '\0' ? file : NULL;
}

static bool is_own_number(struct unsock_span text) {
    uint64_t number;
    return unsock_span_number(text, 10, INT32_MAX, &number) && (long)number == unsock_getpid();
}

/* "/proc/self/exe", "/proc/thread-self/exe", "/proc/PID/exe". */
bool unsock_self_exe_is(const char *path) {
    static const char proc[] = "/proc/";
    size_t i = 0;
    while (i < sizeof(proc) - 1 && path[i] == proc[i])
        i++;
    if (i < sizeof(proc) - 1)
        return false;
    struct unsock_span rest = unsock_span_of(path + i);
    struct unsock_span who = unsock_span_next(&rest, '/');
    if (!unsock_span_is(rest, "exe"))
        return false;
    return unsock_span_is(who, "self") || unsock_span_is(who, "thread-self") || is_own_number(who);
}
