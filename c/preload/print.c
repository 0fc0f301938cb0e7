/* Interposes dprintf and its variants, which call no exported `write`: to streams the library prints itself. */
#include "calls/list.h"
#include "calls/stream.h"
#include "process/start.h"
#include "unsock.h"

#include <stdarg.h>

#define LONGEST 2049   /* with the NUL; libc itself writes a longer text, in pieces */
#define UNCHECKED (-1) /* no flag of fortification */

static int (*next_print)(int, const char *, va_list);
static int (*next_format)(char *, size_t, const char *, va_list);
static int (*next_print_checked)(int, int, const char *, va_list);
static int (*next_format_checked)(char *, size_t, int, size_t, const char *, va_list);

static bool has_libc(int flag) {
    if (flag == UNCHECKED && !(next_print && next_format)) {
        next_format = (__typeof__(next_format))unsock_next_find("vsnprintf");
        next_print = (__typeof__(next_print))unsock_next_find("vdprintf");
    }
    if (flag != UNCHECKED && !(next_print_checked && next_format_checked)) {
        next_format_checked = (__typeof__(next_format_checked))unsock_next_find("__vsnprintf_chk");
        next_print_checked = (__typeof__(next_print_checked))unsock_next_find("__vdprintf_chk");
    }
    return flag == UNCHECKED ? next_print && next_format : next_print_checked && next_format_checked;
}

static int print_by_libc(int fd, int flag, const char *pattern, va_list values) {
    return flag == UNCHECKED ? next_print(fd, pattern, values) : next_print_checked(fd, flag, pattern, values);
}

static int write_all(int fd, const char *text, int length) {
    for (int done = 0; done < length;) {
        long written = unsock_libc_result(unsock_call_write(fd, text + done, (size_t)(length - done)));
        if (written < 0)
            return -1;
        done += (int)written;
    }
    return length;
}

UNSOCK_OWN_FRAME static int print_here(int fd, int flag, const char *pattern, va_list values) {
    char text[LONGEST];
    va_list copy;
    va_copy(copy, values);
    int length = flag == UNCHECKED ? next_format(text, LONGEST, pattern, copy)
                                   : next_format_checked(text, LONGEST, flag, LONGEST, pattern, copy);
    va_end(copy);
    return length < 0 || length >= LONGEST ? print_by_libc(fd, flag, pattern, values) : write_all(fd, text, length);
}

static int print_formatted(int fd, int flag, const char *pattern, va_list values) {
    bool active = unsock_active();
    if (!has_libc(flag))
        return (int)unsock_libc_result(-ENOSYS);
    return active && unsock_write_concerns(fd) ? print_here(fd, flag, pattern, values)
                                               : print_by_libc(fd, flag, pattern, values);
}

UNSOCK_EXPORT int vdprintf(int fd, const char *pattern, va_list values) {
    return print_formatted(fd, UNCHECKED, pattern, values);
}

UNSOCK_EXPORT int __vdprintf_chk(int fd, int flag, const char *pattern, va_list values) {
    return print_formatted(fd, flag, pattern, values);
}

UNSOCK_EXPORT int dprintf(int fd, const char *pattern, ...) {
    va_list values;
    va_start(values, pattern);
    int result = print_formatted(fd, UNCHECKED, pattern, values);
    va_end(values);
    return result;
}

UNSOCK_EXPORT int __dprintf_chk(int fd, int flag, const char *pattern, ...) {
    va_list values;
    va_start(values, pattern);
    int result = print_formatted(fd, flag, pattern, values);
    va_end(values);
    return result;
}
