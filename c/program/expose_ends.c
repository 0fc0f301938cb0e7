/* A server under unsock reads its client's address from the name that the client's socket is bound to. */
#include "program/answers.h"
#include "program/expose.h"

#include "calls/connect.h"
#include "calls/target.h"
#include "files/control_file.h"
#include "files/directory.h"
#include "rules/control.h"

#include <linux/tcp.h>

#define FLAGS (SOCK_NONBLOCK | SOCK_CLOEXEC)
#define BACKLOG 4096

static long ended(long fd, long result) {
    if (fd >= 0 && result < 0)
        unsock_close(fd);
    return fd < 0 ? fd : result < 0 ? result : fd;
}

long unsock_expose_listen_real(int type, struct unsock_ip *address) {
    union unsock_sockaddr name;
    uint32_t length = sizeof(name);
    int yes = 1;
    socklen_t size = unsock_ip_write(address, address->family, &name);
    long fd = unsock_socket(address->family, type | FLAGS, 0), result = fd;
    if (fd >= 0 && type == SOCK_STREAM) /* of UDP two could have the port then */
        unsock_setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (fd >= 0)
        result = unsock_bind(fd, &name, size);
    if (result == 0 && type == SOCK_STREAM)
        result = unsock_listen(fd, BACKLOG);
    if (result == 0)
        result = unsock_getsockname(fd, &name, &length);
    if (result == 0)
        unsock_ip_read(&name, length, address);
    return ended(fd, result);
}

long unsock_expose_listen_control(const char *path) {
    struct unsock_control_file control;
    long result = unsock_control_file_read(path, &control);
    if (result < 0)
        return result;
    int family = unsock_target_family(&control);
    /* A Unix socket's other name is a link to it. */
    if (family == AF_UNIX || (control.options & UNSOCK_CONTROL_FIRECRACKER))
        return -EAFNOSUPPORT;
    long fd = unsock_socket(family, SOCK_STREAM | FLAGS, 0);
    if (fd >= 0)
        result = unsock_target_apply_options(&control, (int)fd);
    if (fd >= 0 && result == 0)
        result = unsock_bind(fd, control.dest, control.dest_length);
    if (fd >= 0 && result == 0)
        result = unsock_listen(fd, BACKLOG);
    return ended(fd, result);
}

long unsock_expose_connect_real(int type, const struct unsock_ip *address) {
    union unsock_sockaddr name;
    int yes = 1;
    socklen_t size = unsock_ip_write(address, address->family, &name);
    long fd = unsock_socket(address->family, type | FLAGS, 0), result = fd;
    if (fd >= 0) {
        unsock_setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
        result = unsock_connect(fd, &name, size);
    }
    return ended(fd, result == -EINPROGRESS ? 0 : result);
}

long unsock_expose_bind_inside(int type, const struct sockaddr_un *file) {
    unsock_prune(file->sun_path, 1);
    long fd = unsock_socket(AF_UNIX, type | FLAGS, 0), result = fd;
    if (fd >= 0)
        result = unsock_bind(fd, file, sizeof(*file));
    if (result == 0 && type == SOCK_STREAM)
        result = unsock_listen(fd, BACKLOG);
    return ended(fd, result);
}

static long connect_control(const char *path) {
    struct unsock_control_file control;
    struct unsock_firecracker asked = {.deadline = unsock_clock_ms() + unsock_settings.connect_timeout_ms};
    if (unsock_control_file_read(path, &control) < 0)
        return -ECONNREFUSED;
    bool asks = control.options & UNSOCK_CONTROL_FIRECRACKER;
    long fd = unsock_control_connect(&control, &asked, 0);
    if (fd >= 0)
        unsock_connection_pair_expect((int)fd, asks ? &asked : NULL, unsock_control_holds_half_close(&control));
    /* A multiplexer whose queue is full is asked again, as any server, instead of waited for. */
    return asks && fd == -ETIMEDOUT ? -EAGAIN : fd;
}

long unsock_expose_connect_inside(const struct sockaddr_un *file, const struct unsock_ip *client,
                                  const struct unsock_ip *asked) {
    struct unsock_ip source = *client;
    long fd = unsock_socket(AF_UNIX, SOCK_STREAM | FLAGS, 0), result = fd;
    if (fd >= 0) {
        /* Where somebody in the directory has that very address, the server sees a client without one. */
        unsock_client_name_bind((int)fd, &source, asked);
        result = unsock_connect(fd, file, sizeof(*file));
    }
    if (fd >= 0 && result == -ECONNREFUSED) {
        unsock_close(fd);
        return connect_control(file->sun_path);
    }
    return ended(fd, result);
}
