/* The directory's own name. */
#include "files/directory_name.h"

#include "rt/mem.h"
#include "rt/net.h"
#include "rt/system_calls.h"
#include "rt/text.h"
#include "rules/settings.h"

static bool is_same(long fd, const char *path) {
    struct statx one, other;
    return unsock_statx(fd, "", AT_EMPTY_PATH, STATX_INO, &one) == 0 &&
           unsock_statx(AT_FDCWD, path, 0, STATX_INO, &other) == 0 && one.stx_ino == other.stx_ino &&
           one.stx_dev_major == other.stx_dev_major && one.stx_dev_minor == other.stx_dev_minor;
}

void unsock_directory_name_settle(struct unsock_settings *settings) {
    char link[32], path[UNSOCK_DIR_MOST + 2];
    struct unsock_text text;
    long fd = unsock_openat(AT_FDCWD, settings->directory, UNSOCK_O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0)
        return;
    unsock_text_start(&text, link, sizeof(link));
    unsock_text_put(&text, "/proc/self/fd/");
    unsock_text_number(&text, (uint64_t)fd, 10, 1);
    long length = unsock_readlinkat(AT_FDCWD, link, path, sizeof(path) - 1);
    bool fits = length > 1 && length <= UNSOCK_DIR_MOST && path[0] == '/';
    if (fits)
        path[length] = '\0';
    bool other = fits && ((size_t)length != settings->directory_length ||
                          !unsock_same(path, settings->directory, (size_t)length));
    if (other && is_same(fd, path)) {
        memcpy(settings->directory, path, (size_t)length + 1);
        settings->directory_length = (size_t)length;
    }
    unsock_close(fd);
}
