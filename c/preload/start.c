/* The library's start inside a process: the constructor, and what it decides. */
#include "preload/start.h"

#include "files/directory.h"
#include "kernel/log.h"
#include "memory/own.h"
#include "rt/libc.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rt/text.h"
#include "rt/user.h"
#include "rules/settings.h"
#include "unsock.h"

#include <linux/stat.h>

enum unsock_activity unsock_activity = UNSOCK_NOT_STARTED;

#define MAPS_CHUNK 4096

/* Ends the process before main: half the settings are worse than none. */
__attribute__((noreturn)) static void refuse(struct unsock_text *line) {
    unsock_text_char(line, '\n');
    unsock_sys(__NR_write, 2, line->buffer, line->length);
    for (;;)
        unsock_sys(__NR_exit_group, 1);
}

/* Does the line "START-END … INODE PATH" of /proc/self/maps hold this library? Then gives its path. */
static bool own_map(struct unsock_span line, struct unsock_span *path) {
    uint64_t start, end, here = (uint64_t)&refuse;
    struct unsock_span range = unsock_span_next(&line, ' ');
    struct unsock_span first = unsock_span_next(&range, '-');
    if (!unsock_span_number(first, 16, UINT64_MAX, &start) || !unsock_span_number(range, 16, UINT64_MAX, &end))
        return false;
    if (here < start || here >= end)
        return false;
    while (line.length > 0 && line.at[0] != '/')
        line = (struct unsock_span){line.at + 1, line.length - 1};
    *path = line;
    return line.length > 0;
}

/* Reads /proc/self/maps line by line; lines that are longer than the buffer end the search. */
static bool own_path(char *buffer, struct unsock_span *path) {
    long fd = unsock_sys(__NR_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC);
    size_t filled = 0;
    bool found = false;
    while (fd >= 0 && !found) {
        long count = unsock_sys(__NR_read, fd, buffer + filled, MAPS_CHUNK - filled);
        if (count <= 0)
            break;
        filled += (size_t)count;
        struct unsock_span rest = {buffer, filled};
        while (!found) {
            struct unsock_span line = unsock_span_next(&rest, '\n');
            if (line.at + line.length == buffer + filled) {
                memmove(buffer, line.at, line.length);
                filled = line.length;
                break;
            }
            found = own_map(line, path);
        }
    }
    if (fd >= 0)
        unsock_sys(__NR_close, fd);
    return found;
}

static struct unsock_span base_name(struct unsock_span path) {
    size_t start = path.length;
    while (start > 0 && path.at[start - 1] != '/')
        start--;
    return (struct unsock_span){path.at + start, path.length - start};
}

/* LD_PRELOAD's entries are separated by spaces or colons (ld.so(8)). */
static bool preloaded_by_name(const struct unsock_environment *environment) {
    char buffer[MAPS_CHUNK];
    struct unsock_span path;
    const char *value = unsock_environment_get(environment, "LD_PRELOAD");
    if (!value || !own_path(buffer, &path))
        return value != NULL;
    struct unsock_span own = base_name(path);
    struct unsock_span rest = unsock_span_of(value);
    while (rest.length > 0) {
        struct unsock_span colons = unsock_span_next(&rest, ' ');
        while (colons.length > 0) {
            struct unsock_span entry = base_name(unsock_span_next(&colons, ':'));
            if (entry.length == own.length && unsock_same(entry.at, own.at, own.length))
                return true;
        }
    }
    return false;
}

static enum unsock_activity decide(void) {
    struct unsock_environment environment = {.list = unsock_environment()};
    char line[512];
    struct unsock_text error;
    if (unsock_is_secure())
        return UNSOCK_INERT;
    if (!unsock_environment_get(&environment, "UNSOCK_DIR") && !preloaded_by_name(&environment))
        return UNSOCK_INERT;
    unsock_text_start(&error, line, sizeof(line) - 1);
    unsock_text_put(&error, "unsock: ");
    if (!unsock_settings_read(&environment, &unsock_settings, &error) ||
        !unsock_directory_make(&unsock_settings, &error) || !unsock_log_start(&unsock_settings, &error))
        refuse(&error);
    return UNSOCK_ACTIVE;
}

bool unsock_start_active(void) {
    enum unsock_activity expected = UNSOCK_NOT_STARTED;
    if (__atomic_compare_exchange_n(&unsock_activity, &expected, UNSOCK_STARTING, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE)) {
        unsock_next_resolve();
        unsock_user_start();
        unsock_own_start();
        __atomic_store_n(&unsock_activity, decide(), __ATOMIC_RELEASE);
    }
    /* Another thread is at it: that is before main, and over within microseconds. */
    while (__atomic_load_n(&unsock_activity, __ATOMIC_ACQUIRE) == UNSOCK_STARTING)
        unsock_sys(__NR_sched_yield);
    return __atomic_load_n(&unsock_activity, __ATOMIC_ACQUIRE) == UNSOCK_ACTIVE;
}

__attribute__((constructor)) static void start(void) {
    unsock_start_active();
}

const char *unsock_version(void) {
    return UNSOCK_VERSION;
}

int unsock_last_error(void) {
    return unsock_libc_last_error();
}

int unsock_configure(const char *environment, size_t length, char *error, size_t size) {
    struct unsock_environment source = {.block = environment, .length = length};
    struct unsock_settings settings;
    struct unsock_text line;
    char none[1];
    unsock_text_start(&line, size > 0 ? error : none, size > 0 ? size : 1);
    unsock_active();
    if (!unsock_settings_read(&source, &settings, &line) || !unsock_directory_make(&settings, &line) ||
        !unsock_log_start(&settings, &line))
        return -EINVAL;
    unsock_settings = settings;
    __atomic_store_n(&unsock_activity, UNSOCK_ACTIVE, __ATOMIC_RELEASE);
    return 0;
}
