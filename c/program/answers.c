/* All of the port's names count: one that answers is enough. */
#include "program/answers.h"

#include "calls/target.h"
#include "files/control_file.h"
#include "files/directory.h"
#include "rt/system_calls.h"
#include "rules/control.h"

#include <linux/poll.h>
#include <linux/vm_sockets.h>

#define MILLISECOND 1000000

static long await_connection(long socket, int64_t most) {
    struct timespec timeout = {most / 1000, most % 1000 * MILLISECOND};
    struct pollfd poll = {.fd = (int)socket, .events = POLLOUT};
    int error = 0;
    socklen_t size = sizeof(error);
    if (unsock_ppoll(&poll, 1, &timeout, NULL, 0) != 1)
        return -ETIMEDOUT;
    long result = unsock_getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size);
    return result < 0 ? result : -error;
}

long unsock_control_connect(struct unsock_control_file *control, struct unsock_firecracker *asked, int64_t full) {
    bool asks = control->options & UNSOCK_CONTROL_FIRECRACKER;
    unsock_target_to_connect(control);
    long fd = unsock_socket(asks ? AF_UNIX : unsock_target_family(control), SOCK_STREAM | UNSOCK_SOCK_FLAGS, 0);
    long result = fd < 0 ? fd : unsock_target_apply_options(control, (int)fd);
    if (result == 0)
        result = asks ? unsock_firecracker_ask((int)fd, control, asked, full)
                      : unsock_connect(fd, control->dest, control->dest_length);
    if (result == 0 || result == -EINPROGRESS)
        return fd;
    unsock_close_open(fd);
    return result;
}

/*
 * True if the socket has connected to itself: the kernel may choose the asked port for this end, and does, if a free
 * port is asked often enough (RFC 9293, 3.5). Closing it by a reset leaves the port free at once, without TIME-WAIT.
 */
static bool is_own_end(long socket, int family) {
    static const struct linger reset = {.l_onoff = 1};
    struct sockaddr_in6 own = {0}, peer = {0};
    socklen_t own_size = sizeof(own), peer_size = sizeof(peer);
    bool is_same = (family == AF_INET || family == AF_INET6) && unsock_getsockname((int)socket, &own, &own_size) == 0 &&
                   unsock_getpeername((int)socket, &peer, &peer_size) == 0 && own_size == peer_size &&
                   unsock_same(&own, &peer, own_size);
    if (is_same)
        unsock_setsockopt((int)socket, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    return is_same;
}

/* Makes a connection. Returns 0 where it is taken, else -errno. */
static long try_connection(struct unsock_control_file *control, int family, int64_t most) {
    struct unsock_firecracker asked = {.deadline = unsock_clock_ms() + most};
    long socket = unsock_control_connect(control, &asked, INT64_MAX);
    if (socket < 0)
        return socket;
    long result = control->options & UNSOCK_CONTROL_FIRECRACKER
                      ? unsock_firecracker_await((int)socket, &asked, INT64_MAX)
                      : await_connection(socket, most);
    if (result == 0 && is_own_end(socket, family))
        result = -ECONNREFUSED;
    /* Over AF_TIPC a close alone would be a reset to the server. */
    if (result == 0)
        unsock_shutdown(socket, SHUT_RDWR);
    unsock_close(socket);
    return result;
}

static bool is_any_cid(const struct unsock_control_file *control, int family) {
    struct sockaddr_vm vsock;
    memcpy(&vsock, control->dest, sizeof(vsock));
    return family == UNSOCK_AF_VSOCK && vsock.svm_cid == VMADDR_CID_ANY;
}

/*
 * A server that is bound to any CID can be asked where the machine has a loopback transport. A server that does not
 * answer in time may be there: over AF_TIPC an answer comes when it accepts, from a guest when that goes on.
 */
static enum unsock_answer ask_by_connection(struct unsock_control_file *control, int family, int64_t most) {
    bool firecracker = control->options & UNSOCK_CONTROL_FIRECRACKER, any = !firecracker && is_any_cid(control, family);
    long result = try_connection(control, family, most);
    if (result == 0 || (any && result != -ECONNRESET))
        return UNSOCK_ANSWER_READY;
    bool is_ip = !firecracker && (family == AF_INET || family == AF_INET6);
    return result == -ETIMEDOUT && !is_ip ? UNSOCK_ANSWER_SOON : UNSOCK_ANSWER_NOBODY;
}

/*
 * Asks. `control` is a valid one, `type` SOCK_STREAM or SOCK_DGRAM; a connection may take `most` milliseconds. Of what
 * nobody can be asked (UDP by IP, a vsock port of any CID without a loopback transport) the answer is READY.
 */
static void ask_target(struct unsock_control_file *control, int type, int64_t most, struct unsock_answers *answers) {
    uint16_t family;
    memcpy(&family, control->dest, sizeof(family));
    if (!(control->options & UNSOCK_CONTROL_FIRECRACKER) && family == AF_UNIX) {
        answers->by = UNSOCK_ANSWER_BY_FILE;
        answers->answer = unsock_control_refuses(control)
                              ? UNSOCK_ANSWER_NOBODY
                              : unsock_answers_unix(control->dest, control->dest_length, type);
        return;
    }
    answers->by = UNSOCK_ANSWER_BY_CONNECTION;
    answers->answer = type == SOCK_STREAM ? ask_by_connection(control, family, most) : UNSOCK_ANSWER_READY;
}

static void ask_port_file(const char *directory, const char *name, int type, int64_t most,
                          struct unsock_answers *answers) {
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    struct unsock_control_file control;
    struct unsock_text text = unsock_text_in(path.sun_path, sizeof(path.sun_path));
    struct statx status;
    unsock_text_join(&text, directory, "/", name);
    answers->answer = UNSOCK_ANSWER_NOBODY;
    answers->by = UNSOCK_ANSWER_BY_DIRECTORY;
    if (text.cut || unsock_statx(AT_FDCWD, path.sun_path, 0, STATX_TYPE, &status) < 0)
        return;
    uint32_t length = (uint32_t)(UNSOCK_SUN_PATH_OFFSET + text.length + 1);
    if ((status.stx_mode & S_IFMT) == S_IFSOCK)
        answers->answer = unsock_answers_unix(&path, length, type);
    else if (unsock_control_file_read(path.sun_path, &control) == 0)
        ask_target(&control, type, most, answers);
}

static bool serves(const struct unsock_directory_list_one *one, const struct unsock_port_words *port) {
    struct unsock_ip ip;
    bool v6only;
    if (!port->has_address || one->what == UNSOCK_DIRECTORY_LIST_PLAIN ||
        !unsock_port_entry_ip(&one->entry, &ip, &v6only))
        return true;
    if (unsock_ip_is_wildcard(&ip))
        return ip.family == port->ip.family || (ip.family == AF_INET6 && !v6only);
    return unsock_ip_same_address(&ip, &port->ip);
}

/* A socket that the port knows nothing of is reached by nobody: it is being bound, or waits for another of its process.
 */
static bool is_asked(const struct unsock_directory_list_one *one, const struct unsock_port_words *port) {
    bool is_reached = one->what == UNSOCK_DIRECTORY_LIST_PLAIN || one->what == UNSOCK_DIRECTORY_LIST_FIRST ||
                      one->what == UNSOCK_DIRECTORY_LIST_LISTED;
    return is_reached && one->key.type == port->type && serves(one, port);
}

long unsock_answers_at(const char *directory, const struct unsock_port_words *port, int64_t most,
                       struct unsock_answers *answers) {
    struct unsock_answers found;
    struct unsock_directory_list names;
    struct unsock_directory_list_one one;
    *answers = (struct unsock_answers){UNSOCK_ANSWER_NOBODY, UNSOCK_ANSWER_BY_DIRECTORY};
    long result = unsock_directory_list_open(&names, directory, port->ip.port);
    if (result < 0)
        return result == -ENOENT ? 0 : result;
    while (answers->answer != UNSOCK_ANSWER_READY && unsock_directory_list_next(&names, &one)) {
        if (!is_asked(&one, port))
            continue;
        ask_port_file(directory, one.name, port->type, most, &found);
        answers->answer = found.answer > answers->answer ? found.answer : answers->answer;
        answers->by = found.by > answers->by ? found.by : answers->by;
    }
    result = names.entries.fd < 0 ? names.entries.fd : 0;
    unsock_directory_list_close(&names);
    return result;
}
