/* Checks each name of the port until one has a server. To check a Unix socket, connects a datagram socket to it, which
 * the owner does not notice (program/answers.h); the kernel's list of Unix sockets shows whether it listens. */
#include "program/answers.h"

#include "calls/target.h"
#include "files/control_file.h"
#include "files/directory.h"
#include "files/port.h"
#include "kernel/socket_info.h"
#include "rules/control.h"

#include <linux/poll.h>
#include <linux/vm_sockets.h>

#define DEVICE(major, minor) ((major) << 20 | (minor))

/* The socket to look for in the kernel's list, and the result. */
struct search {
    struct unsock_span name; /* as in an address: an abstract name begins with a NUL */
    struct statx file;       /* of a path: the socket file */
    struct statx directory;  /* of a path: the directory of that file */
    bool is_found;
    bool listens;
};

static bool same_text(struct unsock_span one, struct unsock_span other) {
    return one.length == other.length && unsock_same(one.at, other.at, one.length);
}

/* True if `socket` is the one to look for. The kernel's list has the path as given to bind, which another path may
 * reach too, and the inode and device, which a layered file system reports differently. An equal inode number alone
 * proves nothing, as other file systems use the same numbers. */
static bool is_it(const struct search *search, const struct unsock_unix_socket *socket) {
    struct unsock_span name = {socket->name, socket->length};
    if (search->name.at[0] == '\0')
        return same_text(name, search->name);
    bool same_file = socket->has_file && socket->inode == (uint32_t)search->file.stx_ino;
    if (same_file && socket->device == DEVICE(search->file.stx_dev_major, search->file.stx_dev_minor))
        return true;
    if (!same_file && !same_text(unsock_base_name(name), unsock_base_name(search->name)))
        return false;
    return unsock_unix_socket_is_in(socket, &search->directory);
}

static bool see_socket(void *context, const struct unsock_unix_socket *socket) {
    struct search *search = context;
    if (!is_it(search, socket))
        return true;
    search->is_found = true;
    search->listens |= socket->listens;
    return !search->listens;
}

static enum unsock_answer answer_of(const struct search *search, enum unsock_answer otherwise) {
    if (!search->is_found)
        return otherwise;
    return search->listens ? UNSOCK_ANSWER_READY : UNSOCK_ANSWER_SOON;
}

/* Looks the name up in the kernel's list, as a connect from a socket of another type does not find an abstract name. */
static enum unsock_answer ask_abstract(struct unsock_span name) {
    struct search search = {.name = name};
    bool is_told = unsock_unix_sockets_each(false, see_socket, &search);
    return answer_of(&search, is_told ? UNSOCK_ANSWER_NOBODY : UNSOCK_ANSWER_READY);
}

/* Looks the path up in the kernel's list. The list lacks sockets of other network namespaces: such a socket counts as
 * ready if it is live (`lives`). */
static enum unsock_answer ask_list(const char *path, bool lives, bool *is_found) {
    struct search search = {.name = unsock_span_of(path)};
    bool is_there = unsock_statx(AT_FDCWD, path, 0, STATX_BASIC_STATS, &search.file) == 0 &&
                    unsock_unix_name_above(search.name, &search.directory);
    if (is_there)
        unsock_unix_sockets_each(false, see_socket, &search);
    *is_found = search.is_found;
    return answer_of(&search, lives ? UNSOCK_ANSWER_READY : UNSOCK_ANSWER_NOBODY);
}

static enum unsock_answer ask_stream(const void *address, uint32_t length, const char *path) {
    enum unsock_answer answer = UNSOCK_ANSWER_NOBODY;
    bool is_found = false;
    /* A server may start or end between the two checks. A socket missing twice is in another network namespace. */
    for (int i = 0; i < 2 && !is_found; i++) {
        long said = unsock_socketfile_ask(address, length);
        if (said == 0 || said == -EPERM || said == -ECONNREFUSED || said == -ENOENT || said == -ENOTDIR)
            return UNSOCK_ANSWER_NOBODY;
        answer = ask_list(path, said == -EPROTOTYPE, &is_found);
    }
    return answer;
}

/* Checks a Unix socket by its address, a sockaddr_un of `length` bytes with a path or an abstract name. */
static enum unsock_answer ask_unix_socket(const void *address, uint32_t length, int type) {
    char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1] = "";
    struct unsock_span name = {(const char *)address + UNSOCK_SUN_PATH_OFFSET, length - UNSOCK_SUN_PATH_OFFSET};
    if (type == SOCK_DGRAM) {
        long said = unsock_socketfile_ask(address, length);
        return said == 0 || said == -EPERM ? UNSOCK_ANSWER_READY : UNSOCK_ANSWER_NOBODY;
    }
    if (name.at[0] == '\0')
        return ask_abstract(name);
    memcpy(path, name.at, name.length);
    return ask_stream(address, length, path);
}

static long await_connection(long socket, int64_t most) {
    struct timespec timeout = {most / 1000, most % 1000 * 1000000};
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
    return unsock_opened(fd, result == -EINPROGRESS ? 0 : result);
}

/* True if the socket has connected to itself: the kernel may choose the destination port as the source port, too (RFC
 * 9293, 3.5). Makes the close a reset then, which frees the port at once, without TIME-WAIT. */
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

/* Connects to the control file's target, and closes the connection. Returns 0 if the server accepted it, or -errno. */
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
    /* Over AF_TIPC, a close without a shutdown would be a reset for the server. */
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

/* Checks the target by a connection. A server on any CID can be checked only on a machine with a loopback transport;
 * without one it counts as ready. A server that does not answer in time may exist: one of AF_TIPC answers when it
 * accepts, and a guest when it is resumed. */
static enum unsock_answer ask_by_connection(struct unsock_control_file *control, int family, int64_t most) {
    bool firecracker = control->options & UNSOCK_CONTROL_FIRECRACKER, any = !firecracker && is_any_cid(control, family);
    long result = try_connection(control, family, most);
    if (result == 0 || (any && result != -ECONNRESET))
        return UNSOCK_ANSWER_READY;
    bool is_ip = !firecracker && (family == AF_INET || family == AF_INET6);
    return result == -ETIMEDOUT && !is_ip ? UNSOCK_ANSWER_SOON : UNSOCK_ANSWER_NOBODY;
}

/* Checks the target of a valid control file. A connection may take `most` milliseconds. A target that cannot be checked
 * (UDP over IP, any CID without a loopback transport) counts as ready. */
static void ask_target(struct unsock_control_file *control, int type, int64_t most, struct unsock_answers *answers) {
    uint16_t family;
    memcpy(&family, control->dest, sizeof(family));
    if (!(control->options & UNSOCK_CONTROL_FIRECRACKER) && family == AF_UNIX) {
        answers->by = UNSOCK_ANSWER_BY_FILE;
        answers->answer = unsock_control_refuses(control) ? UNSOCK_ANSWER_NOBODY
                                                          : ask_unix_socket(control->dest, control->dest_length, type);
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
        answers->answer = ask_unix_socket(&path, length, type);
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

/* True if a client can reach the socket of this name. It cannot reach a socket that is in no record: one that is being
 * bound, or that waits. */
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
