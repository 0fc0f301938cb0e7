/* Control files: checking and reading. */
#include "control.h"

#include "rt/mem.h"
#include "rt/sys.h"

#include <linux/stat.h>

#define SOL_TIPC_LEVEL 271
#define TIPC_GROUP_JOIN_OPTION 135
#define TIPC_GROUP_REQ_SIZE 16

static uint16_t family_of(const uint8_t *address) {
    uint16_t family;
    memcpy(&family, address, sizeof(family));
    return family;
}

/* A path or an abstract name, not the unnamed address. */
static bool unix_address_fits(const uint8_t *address, uint32_t length, bool abstract) {
    if (family_of(address) != AF_UNIX || length <= UNSOCK_SUN_PATH_OFFSET || length > sizeof(struct sockaddr_un))
        return false;
    return address[UNSOCK_SUN_PATH_OFFSET] != '\0' || (abstract && length > UNSOCK_SUN_PATH_OFFSET + 1);
}

static bool dest_fits(const uint8_t *address, uint32_t length) {
    switch (family_of(address)) {
    case AF_UNIX:
        return unix_address_fits(address, length, true);
    case AF_INET6:
        return length == sizeof(struct sockaddr_in6);
    case AF_INET:
    case UNSOCK_AF_TIPC:
    case UNSOCK_AF_VSOCK:
        return length == 16;
    default:
        return false;
    }
}

bool unsock_control_check(const void *bytes, size_t length) {
    struct unsock_control_file file;
    if (!bytes || length != sizeof(file))
        return false;
    memcpy(&file, bytes, sizeof(file));
    if (file.magic != UNSOCK_CONTROL_MAGIC || (file.options & ~(uint64_t)UNSOCK_CONTROL_FIRECRACKER) != 0)
        return false;
    if (file.proxy_length > sizeof(file.proxy) || file.dest_length > sizeof(file.dest))
        return false;
    if (!dest_fits(file.dest, file.dest_length))
        return false;
    if (!(file.options & UNSOCK_CONTROL_FIRECRACKER))
        return true;
    return unix_address_fits(file.proxy, file.proxy_length, false) && family_of(file.dest) == UNSOCK_AF_VSOCK;
}

int unsock_check_control(const void *bytes, size_t length) {
    return unsock_control_check(bytes, length) ? 0 : -EINVAL;
}

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

int unsock_control_read(const char *path, struct unsock_control_file *control) {
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

static size_t option_length(const struct unsock_control_sockopt *option) {
    if (option->group == SOL_SOCKET && (option->key == SO_RCVTIMEO || option->key == SO_SNDTIMEO))
        return sizeof(struct timeval);
    if (option->group == SOL_TIPC_LEVEL && option->key == TIPC_GROUP_JOIN_OPTION)
        return TIPC_GROUP_REQ_SIZE;
    return sizeof(int32_t);
}

int unsock_control_apply_options(const struct unsock_control_file *control, int fd) {
    for (int i = 0; i < UNSOCK_CONTROL_SOCKOPTS; i++) {
        struct unsock_control_sockopt option = control->sockopts[i];
        if (option.group == 0 || option.key == 0)
            continue;
        long result = unsock_sys(__NR_setsockopt, fd, option.group, option.key, option.value, option_length(&option));
        if (result < 0)
            return (int)result;
    }
    return 0;
}
