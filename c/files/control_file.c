/* Reading control files: bytes from outside, checked before anything in them is used. */
#include "files/control_file.h"

#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rules/control.h"
#include "unsock.h"

#include <linux/stat.h>

/* One byte more than a control file has, so that a longer file is seen as such. */
static long read_all(long fd, uint8_t *bytes, size_t size) {
    size_t filled = 0;
    while (filled < size) {
        long count = unsock_sys(__NR_read, fd, bytes + filled, size - filled);
        if (count < 0 && count != -EINTR)
            return count;
        if (count == 0)
            break;
        filled += count > 0 ? (size_t)count : 0;
    }
    return (long)filled;
}

int unsock_control_file_read(const char *path, struct unsock_control_file *control) {
    uint8_t bytes[sizeof(*control) + 1];
    struct statx status;
    /* O_PATH opens nothing: looking at a FIFO or a device neither blocks nor wakes anybody. */
    long look = unsock_sys(__NR_openat, AT_FDCWD, path, UNSOCK_O_PATH | O_CLOEXEC);
    if (look < 0)
        return (int)look;
    long result = unsock_sys(__NR_statx, look, "", 0x1000 /* AT_EMPTY_PATH */, STATX_TYPE | STATX_SIZE, &status);
    unsock_sys(__NR_close, look);
    if (result < 0)
        return (int)result;
    if ((status.stx_mode & UNSOCK_S_IFMT) != UNSOCK_S_IFREG)
        return -ENODATA;
    /* It may have been exchanged since: O_NONBLOCK keeps even a FIFO from blocking, and what is read is checked. */
    long fd = unsock_sys(__NR_openat, AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return fd == -ENXIO ? -ENODATA : (int)fd;
    result = read_all(fd, bytes, sizeof(bytes));
    unsock_sys(__NR_close, fd);
    if (result < 0)
        return -EINVAL;
    if (!unsock_control_check(bytes, (size_t)result))
        return -EINVAL;
    memcpy(control, bytes, sizeof(*control));
    return 0;
}
