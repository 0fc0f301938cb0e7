/* Finds sockets that a service manager has opened for this program and handed over. */
#include "files/bind.h"

#include "kernel/socket_info.h"
#include "rules/settings.h"

#define FIRST 3          /* SD_LISTEN_FDS_START (sd_listen_fds(3)) */
#define COUNT_MOST 65536 /* the number of ports: no service manager hands over more */

int unsock_listen_fds_count;

static uint64_t number_in(const char *const *environment, const char *name, uint64_t most) {
    const char *value = unsock_environment_get(environment, name);
    uint64_t number;
    return value && unsock_span_number(unsock_span_of(value), 10, most, &number) ? number : 0;
}

void unsock_listen_fds_start(const char *const *environment) {
    uint64_t count = number_in(environment, "LISTEN_FDS", COUNT_MOST);
    if (count > 0 && number_in(environment, "LISTEN_PID", INT32_MAX) == (uint64_t)unsock_getpid())
        unsock_listen_fds_count = (int)count;
}

/* Returns the length of an AF_UNIX name: a path ends at its NUL, an abstract name has all bytes. */
static size_t name_size(const struct sockaddr_un *name, size_t length) {
    size_t most = length > UNSOCK_SUN_PATH_OFFSET ? length - UNSOCK_SUN_PATH_OFFSET : 0, size = 0;
    most = UNSOCK_MIN(most, sizeof(name->sun_path));
    if (most > 0 && name->sun_path[0] == '\0')
        return most;
    while (size < most && name->sun_path[size] != '\0')
        size++;
    return size;
}

/* A stream must listen: with Accept=yes, systemd hands over accepted connections, which have their listener's name. */
bool unsock_listen_fds_is(int fd, int type, const struct sockaddr_un *name, socklen_t length) {
    union unsock_sockaddr own;
    long own_length = unsock_socket_name(fd, __NR_getsockname, &own);
    if (own_length < 0 || own.any.sa_family != AF_UNIX)
        return false;
    size_t size = name_size(&own.un, (size_t)own_length);
    return size > 0 && size == name_size(name, length) && unsock_same(own.un.sun_path, name->sun_path, size) &&
           unsock_socket_option(fd, SO_TYPE) == type &&
           (type != SOCK_STREAM || unsock_socket_option(fd, SO_ACCEPTCONN) == 1);
}

int unsock_listen_fds_user(int socket, int type, int from) {
    uint64_t cookie = unsock_socket_cookie(socket);
    for (int fd = from; fd < unsock_fds_end(); fd++) {
        const struct unsock_fd *entry = unsock_fds_known(fd);
        if (entry && (entry->flags & UNSOCK_BOUND) && entry->type == type && unsock_socket_cookie(fd) == cookie)
            return fd;
    }
    return -1;
}

static bool is_handed_over(int fd) {
    return fd >= FIRST && fd < FIRST + unsock_listen_fds_count;
}

bool unsock_listen_fds_is_behind(int fd) {
    if (unsock_listen_fds_count == 0 || is_handed_over(fd))
        return false;
    uint64_t cookie = unsock_socket_cookie(fd);
    for (int handed = FIRST; cookie != 0 && is_handed_over(handed); handed++) {
        if (unsock_socket_cookie(handed) == cookie)
            return true;
    }
    return false;
}

static bool is_excluded(int handed, const struct unsock_bind *bind) {
    for (int fd = -1; (fd = unsock_listen_fds_user(handed, bind->type, fd + 1)) >= 0;) {
        const struct unsock_fd *entry = unsock_fds_known(fd);
        if (!entry) /* another thread has closed it just now */
            continue;
        bool v6only = unsock_option_flag(fd, entry, IPPROTO_IPV6, IPV6_V6ONLY);
        bool apart = bind->ip.family != 0 && entry->local.family != 0 &&
                     !unsock_ip_conflict(&bind->ip, bind->v6only, &entry->local, v6only);
        if (!apart && !(bind->reuseport && unsock_option_flag(fd, entry, SOL_SOCKET, SO_REUSEPORT)))
            return true;
    }
    return false;
}

long unsock_listen_fds_find(const struct unsock_bind *bind, const struct sockaddr_un *name, socklen_t length) {
    for (int fd = FIRST; is_handed_over(fd); fd++) {
        if (unsock_listen_fds_is(fd, bind->type, name, length))
            return is_excluded(fd, bind) ? -EADDRINUSE : fd;
    }
    return -ENOENT;
}
