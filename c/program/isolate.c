/* `run --isolate`: moves the process to a network namespace of its own, so that no traffic but unsock's leaves the
 * command. See unshare(2), user_namespaces(7) and netdevice(7). */
#include "program/run.h"

#include "rt/system_calls.h"
#include "rules/errno.h"

#include <linux/sched.h>

#define SET_FLAGS 0x8914 /* SIOCSIFFLAGS */
#define FLAG_UP 1

/* struct ifreq (netdevice(7)) */
struct interface {
    char name[16];
    int16_t flags;
    char rest[22];
};

static const char *why_not(long error) {
    switch (error) {
    case -EPERM:
    case -EACCES:
        return "user namespaces are forbidden here: root may allow them (sysctl kernel.unprivileged_userns_clone=1, "
               "kernel.apparmor_restrict_unprivileged_userns=0, or the container's seccomp profile)";
    case -ENOSPC:
    case -EUSERS:
        return "there may be no more namespaces: see sysctl user.max_user_namespaces and user.max_net_namespaces";
    case -EINVAL:
    case -ENOSYS:
        return "this kernel has no such namespaces";
    default:
        return unsock_errno_words(-error);
    }
}

static long write_to(const char *path, const char *text) {
    UNSOCK_CLOSED long fd = unsock_openat(AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
    return fd < 0 ? fd : unsock_write(fd, text, strlen(text));
}

/* Maps a user or group to the same number in the new namespace. */
static long write_id_map(const char *path, long number) {
    UNSOCK_TEXT(line, 64);
    unsock_text_join(&line, UNSOCK_DECIMAL(number), " ", UNSOCK_DECIMAL(number), " 1");
    return write_to(path, line.buffer);
}

/* Creates the network namespace in a new user namespace, as an ordinary user may. User and group stay the same. */
static long unshare_as_user(void) {
    long uid = unsock_geteuid(), gid = unsock_getegid();
    long result = unsock_unshare(CLONE_NEWUSER | CLONE_NEWNET);
    if (result == 0)
        result = write_id_map("/proc/self/uid_map", uid);
    /* Unless setgroups is denied, only root may write gid_map (user_namespaces(7)). */
    if (result >= 0)
        result = write_to("/proc/self/setgroups", "deny");
    if (result >= 0)
        result = write_id_map("/proc/self/gid_map", gid);
    return UNSOCK_MIN(result, 0);
}

bool unsock_isolate(struct unsock_text *error) {
    long result = unsock_unshare(CLONE_NEWNET);
    if (result == -EPERM)
        result = unshare_as_user();
    /* The ioctl works on any socket; a sandbox may forbid AF_INET. A new "lo" has no other flags to keep. */
    struct interface loopback = {.name = "lo", .flags = FLAG_UP};
    UNSOCK_CLOSED long fd = result < 0 ? result : unsock_socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    result = fd < 0 ? fd : unsock_ioctl(fd, SET_FLAGS, &loopback);
    /* Lets the queues of the command's sockets hold at least as many small datagrams as UDP's default buffer. Has no
     * effect if /proc is read-only, or on older kernels, where nobody in a user namespace may write this file. */
    if (result == 0)
        write_to("/proc/sys/net/unix/max_dgram_qlen", "512\n");
    return result == 0 ||
           unsock_text_fail(error,
                            "run: --isolate: the system refuses a network namespace of its own: ", why_not(result));
}
