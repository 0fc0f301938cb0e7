/* Questions about a file that is to be executed. */
#include "kernel/file_info.h"

#include "rt/system_calls.h"

#include <linux/prctl.h>

#define MODE_SET_USER 04000u
#define MODE_SET_GROUP 02010u
#define LINK_MOST 64
#define NOWHERE (-4096l) /* an address that no process has */

static bool is_descriptor(const char *path, int flags) {
    return (flags & AT_EMPTY_PATH) && path[0] == '\0';
}

/* A descriptor may be for its path alone (O_PATH), or at its end: it is opened anew where /proc allows that. */
static long reopen(int fd) {
    char link[LINK_MOST];
    struct unsock_text text = unsock_text_in(link, sizeof(link));
    unsock_text_put(&text, "/proc/self/fd/");
    unsock_text_number(&text, (uint64_t)(unsigned)fd, 10, 1);
    long opened = unsock_openat(AT_FDCWD, link, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    return opened == -ENOENT ? unsock_fcntl(fd, F_DUPFD_CLOEXEC, 0) : opened;
}

long unsock_program_open(int directory, const char *path, int flags) {
    struct statx status;
    int follow = (flags & AT_SYMLINK_NOFOLLOW) ? O_NOFOLLOW : 0;
    long fd = is_descriptor(path, flags)
                  ? reopen(directory)
                  : unsock_openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | follow, 0);
    if (fd < 0)
        return fd;
    long result = unsock_statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &status);
    if (result == 0 && (status.stx_mode & S_IFMT) == S_IFREG)
        return fd;
    unsock_close(fd);
    return -EISDIR;
}

/* Says EACCES for a file system without execution too. */
long unsock_program_may_execute(int directory, const char *path, int flags) {
#ifdef __NR_faccessat2
    long result = unsock_faccessat2(directory, path, X_OK, AT_EACCESS | (flags & AT_EMPTY_PATH));
    if (result != -ENOSYS && result != -EPERM) /* Older sandboxes refuse what they do not know. */
        return result;
#endif
    return is_descriptor(path, flags) ? 0 : unsock_faccessat(directory, path, X_OK);
}

/* The file is opened for execution before the list is looked at, which is nowhere: nothing can be executed so. */
bool unsock_program_is_busy(int directory, const char *path, int flags) {
    return unsock_execveat(directory, path, (void *)NOWHERE, NULL, flags) == -ETXTBSY;
}

bool unsock_program_is_readable(const char *path) {
#ifdef __NR_faccessat2
    long result = unsock_faccessat2(AT_FDCWD, path, R_OK, AT_EACCESS);
    if (result != -ENOSYS && result != -EPERM)
        return result == 0;
#endif
    return unsock_faccessat(AT_FDCWD, path, R_OK) == 0;
}

enum unsock_program_gain unsock_program_gains_rights(long fd) {
    struct statx status;
    uint8_t capability[64];
    if (unsock_statx(fd, "", AT_EMPTY_PATH, STATX_MODE | STATX_UID | STATX_GID, &status) < 0 ||
        unsock_prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
        return UNSOCK_GAINS_NOTHING;
    if ((status.stx_mode & MODE_SET_USER) && (long)status.stx_uid != unsock_getuid())
        return UNSOCK_GAINS_USER;
    if ((status.stx_mode & MODE_SET_GROUP) == MODE_SET_GROUP && (long)status.stx_gid != unsock_getgid())
        return UNSOCK_GAINS_GROUP;
    bool rights =
        unsock_getuid() != 0 && unsock_fgetxattr(fd, "security.capability", capability, sizeof(capability)) > 0;
    return rights ? UNSOCK_GAINS_CAPABILITIES : UNSOCK_GAINS_NOTHING;
}

static long read_file(const struct unsock_program_source *source, uint64_t offset, void *bytes, size_t size) {
    return unsock_pread64(source->fd, bytes, size, offset);
}

void unsock_program_look(long fd, void *room, struct unsock_program_file *file) {
    struct unsock_program_source source = {.read = read_file, .fd = fd};
    unsock_program_file_read(&source, room, file);
}
