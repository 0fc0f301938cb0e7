/* Asks the kernel about one socket, and stores the library's marks with it. */
#include "kernel/socket_info.h"

#include "rules/errno.h"

#include <linux/poll.h>

#define FIELD 65 /* struct new_utsname (linux/utsname.h): sysname, nodename, release, … */
#define FIELDS 6
#define RELEASE 2

#define INVENTED_FIRST 32768
#define INVENTED_COUNT 28232 /* the kernel's default ephemeral range: 32768 to 60999 */

long unsock_socket_option(int fd, int name) {
    int32_t value = 0;
    socklen_t length = sizeof(value);
    long result = unsock_getsockopt(fd, SOL_SOCKET, name, &value, &length);
    return result < 0 ? result : value;
}

bool unsock_socket_is_ip(int fd) {
    long domain = unsock_socket_option(fd, SO_DOMAIN);
    return domain == AF_INET || domain == AF_INET6;
}

long unsock_socket_unanswered(long result) {
    bool answered = result >= 0 || result == -EBADF || result == -ENOTSOCK || result == -EOPNOTSUPP;
    return answered ? 0 : unsock_errno_as_ip(UNSOCK_AT_STEP, result);
}

/* True if no filter forbids the call: it then fails for its invalid descriptor, or in qemu for its invalid memory. */
static bool is_allowed(long result) {
    return result == -EBADF || result == -EFAULT;
}

bool unsock_socket_may_not_connect(void) {
    return !is_allowed(unsock_connect(-1, NULL, 0));
}

bool unsock_socket_may_not_send(void) {
    return !is_allowed(unsock_sendto(-1, NULL, 0, 0, NULL, 0)) || !is_allowed(unsock_sendmsg(-1, NULL, 0));
}

void unsock_socket_refuse_descriptors(int fd) {
    static const int32_t off = 0;
    unsock_setsockopt(fd, SOL_SOCKET, UNSOCK_SO_PASSRIGHTS, &off, sizeof(off));
}

uint64_t unsock_socket_cookie(int fd) {
    uint64_t cookie = 0;
    socklen_t length = sizeof(cookie);
    long result = unsock_getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &length);
    return result < 0 ? 0 : cookie;
}

bool unsock_socket_cookie_is_kept_back(int fd, uint64_t cookie) {
    long asked = cookie == 0 ? unsock_socket_option(fd, SO_COOKIE) : 0;
    /* EINVAL: an int is too short for a cookie. The kernel returns it only if no filter forbids the query. */
    return asked != -EINVAL && unsock_socket_unanswered(asked) < 0;
}

UNSOCK_OWN_FRAME uint64_t unsock_socket_inode(int fd) {
    struct statx status;
    return unsock_statx(fd, "", AT_EMPTY_PATH, STATX_INO, &status) < 0 ? 0 : status.stx_ino;
}

long unsock_socket_nonblocking(int fd) {
    long flags = unsock_fcntl(fd, F_GETFL, 0);
    return flags < 0 ? unsock_errno_as_ip(UNSOCK_AT_STEP, flags) : (flags & O_NONBLOCK) != 0;
}

int unsock_socket_poll(int fd, short events) {
    int result = unsock_await(fd, (uint16_t)events, 0);
    return result < 0 ? POLLERR : result;
}

bool unsock_socket_writable(int fd) {
    return unsock_socket_poll(fd, POLLOUT) != 0;
}

uint16_t unsock_socket_invented_port(int fd) {
    return (uint16_t)(INVENTED_FIRST + unsock_socket_inode(fd) % INVENTED_COUNT);
}

/* Returns the reference count if this line is the socket's, else 0. A line is "Num: RefCount Protocol Flags Type St
 * Inode Path" (net/unix/af_unix.c, unix_seq_show). RefCount counts the open socket, its entry in the kernel's table of
 * sockets, and each socket that is connected to this one. */
static uint64_t count_references(struct unsock_span line, uint64_t inode) {
    uint64_t references = 0, found = 0;
    unsock_lines_word(&line);
    bool good = unsock_span_number(unsock_lines_word(&line), 16, UINT32_MAX, &references);
    for (int i = 0; i < 4; i++)
        unsock_lines_word(&line);
    return good && unsock_span_number(unsock_lines_word(&line), 10, UINT64_MAX, &found) && found == inode ? references
                                                                                                          : 0;
}

/* Returns -1 also if two lines have this socket's inode: a name with a newline has forged one of them. */
int unsock_socket_peers(int fd) {
    struct unsock_lines lines;
    uint64_t inode = unsock_socket_inode(fd);
    struct unsock_span line;
    uint64_t references = 0;
    int found = 0;
    if (inode == 0)
        return -1;
    unsock_lines_open(&lines, "/proc/net/unix");
    while (unsock_lines_next(&lines, &line)) {
        uint64_t here = count_references(line, inode);
        references = here != 0 ? here : references;
        found += here != 0;
    }
    unsock_lines_close(&lines);
    return found == 1 && references >= 2 && references <= INT32_MAX ? (int)references - 2 : -1;
}

long unsock_socket_name(int fd, long number, union unsock_sockaddr *name) {
    socklen_t length = sizeof(*name);
    name->any.sa_family = AF_UNSPEC;
    long result = unsock_sys(number, fd, name, &length);
    return result < 0 ? result : (long)UNSOCK_MIN(length, sizeof(*name));
}

bool unsock_kernel_is_before_5_14(void) {
    static uint32_t release; /* major << 16 | minor; 0: not known yet */
    uint32_t known = __atomic_load_n(&release, __ATOMIC_RELAXED);
    if (known == 0) {
        char fields[FIELDS][FIELD] = {{0}};
        uint64_t major = 0, minor = 0;
        unsock_uname(fields);
        fields[RELEASE][FIELD - 1] = '\0';
        struct unsock_span rest = unsock_span_of(fields[RELEASE]); /* "6.1.0-18-amd64" */
        unsock_span_number(unsock_span_next(&rest, '.'), 10, UINT16_MAX, &major);
        unsock_span_number(unsock_span_next(&rest, '.'), 10, UINT16_MAX, &minor);
        known = (uint32_t)(major << 16 | minor);
        __atomic_store_n(&release, known, __ATOMIC_RELAXED);
    }
    return known < (5 << 16 | 14);
}

unsigned unsock_socket_mark(int fd) {
    long value = unsock_socket_option(fd, SO_INCOMING_CPU);
    return (value & ~UNSOCK_SOCKET_MARK_BITS) == UNSOCK_SOCKET_MARK ? (unsigned)value & UNSOCK_SOCKET_MARK_BITS : 0;
}

unsigned unsock_socket_mark_certain(int fd) {
    static bool can_be_had; /* a kernel that has the option for one socket has it for all */
    unsigned mark = unsock_socket_mark(fd);
    int32_t none = UNSOCK_SOCKET_MARK;
    if (mark != 0 || __atomic_load_n(&can_be_had, __ATOMIC_RELAXED))
        return mark;
    long result = unsock_setsockopt(fd, SOL_SOCKET, SO_INCOMING_CPU, &none, sizeof(none));
    if (result == 0)
        __atomic_store_n(&can_be_had, true, __ATOMIC_RELAXED);
    return result == -ENOPROTOOPT || result == -EOPNOTSUPP ? UNSOCK_END_UNKNOWN : 0;
}

void unsock_socket_mark_set(int fd, unsigned old, unsigned added) {
    if ((old & added) != added)
        unsock_socket_mark_replace(fd, old | added);
}

void unsock_socket_mark_replace(int fd, unsigned marks) {
    int32_t value = (int32_t)(UNSOCK_SOCKET_MARK | marks);
    unsock_setsockopt(fd, SOL_SOCKET, SO_INCOMING_CPU, &value, sizeof(value));
}

bool unsock_end_is_reset(int fd) {
    char byte;
    return unsock_recvfrom(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT, NULL, NULL) == -ECONNRESET;
}

/* After this side has shut down reading, the kernel always reports POLLRDHUP, whatever the peer has done. */
bool unsock_end_is_over(int fd, unsigned mark, int events) {
    /* Notes the reset in a mark, because the kernel forgets it once the program reads the error. */
    if (events & POLLERR)
        unsock_socket_mark_set(fd, mark, UNSOCK_END_RESET);
    return (mark & (UNSOCK_END_LOST | UNSOCK_END_RESET | UNSOCK_END_OVER)) || (events & POLLERR) ||
           ((mark & (UNSOCK_END_SHUT_WRITE | UNSOCK_END_SHUT_READ)) == UNSOCK_END_SHUT_WRITE && (events & POLLRDHUP));
}
