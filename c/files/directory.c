/* The directory of the socket files. */
#include "files/directory.h"

#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rt/text.h"
#include "rules/settings.h"

#include <linux/stat.h>

#define WRITABLE_BY_OTHERS 0022

static bool shared;
static uint64_t tag;

uint64_t unsock_directory_tag(void) {
    return tag;
}

bool unsock_directory_is_shared(void) {
    return shared;
}

static long make_with_parents(char *path) {
    for (size_t i = 1; path[i] != '\0'; i++) {
        if (path[i] != '/')
            continue;
        path[i] = '\0';
        long result = unsock_sys(__NR_mkdirat, AT_FDCWD, path, 0755);
        path[i] = '/';
        if (result < 0 && result != -EEXIST)
            return result;
    }
    long result = unsock_sys(__NR_mkdirat, AT_FDCWD, path, 0755);
    return result == -EEXIST ? 0 : result;
}

static long look(const char *path, struct statx *status) {
    return unsock_sys(__NR_statx, AT_FDCWD, path, 0, STATX_TYPE | STATX_MODE | STATX_INO, status);
}

bool unsock_directory_make(const struct unsock_settings *settings, struct unsock_text *error) {
    struct statx status;
    char path[UNSOCK_DIR_MOST + 1];
    const char *why = "cannot be used";
    memcpy(path, settings->directory, settings->directory_length + 1);
    long result = look(path, &status);
    if (result == -ENOENT) {
        why = "the directory cannot be made";
        result = make_with_parents(path);
        result = result == 0 ? look(path, &status) : result;
    }
    if (result == 0 && (status.stx_mode & UNSOCK_S_IFMT) == UNSOCK_S_IFDIR) {
        shared = (status.stx_mode & WRITABLE_BY_OTHERS) != 0;
        /* Numbers of devices are small, those of files have few digits: they don't meet. */
        tag = status.stx_ino ^ (uint64_t)status.stx_dev_major << 52 ^ (uint64_t)status.stx_dev_minor << 32;
        return true;
    }
    unsock_text_put(error, "UNSOCK_DIR: ");
    unsock_text_put(error, result == 0 || result == -ENOTDIR ? "is not a directory" : why);
    if (result < 0 && result != -ENOTDIR) {
        unsock_text_put(error, " (errno ");
        unsock_text_number(error, (uint64_t)-result, 10, 1);
        unsock_text_char(error, ')');
    }
    unsock_text_put(error, ": ");
    unsock_text_quote(error, unsock_span_of(settings->directory));
    return false;
}
