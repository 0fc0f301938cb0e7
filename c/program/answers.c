/* Checks whether a port has a server: checks the files that a client would try, in the client's order. files/listener.c
 * finds out from the kernel whether a Unix socket listens. */
#include "program/options.h"

#include "calls/target.h"
#include "files/control_file.h"
#include "files/directory.h"
#include "kernel/socket_info.h"
#include "rules/control.h"

#include <linux/vm_sockets.h>

#define FILE_MS 50        /* between checks of a control file's Unix target */
#define CONNECTION_MS 200 /* between connections, which the target notices */

/* True if the IP socket has connected to itself: the kernel may choose the destination port as the source port, too
 * (RFC 9293, 3.5). If so, sets SO_LINGER: the close is then a reset, which frees the port without TIME-WAIT. */
static bool is_own_end(int socket) {
    static const struct linger reset = {.l_onoff = 1};
    union unsock_sockaddr own, peer;
    long size = unsock_socket_name(socket, __NR_getsockname, &own);
    bool is_same = size > 0 && size == unsock_socket_name(socket, __NR_getpeername, &peer) &&
                   unsock_same(&own, &peer, (size_t)size);
    if (is_same)
        unsock_setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    return is_same;
}

/* Connects to the control file's target, for at most `most` ms, and closes the connection. Returns 0 or -errno. */
static long try_connection(struct unsock_control_file *control, int64_t most) {
    struct unsock_firecracker asked = {.deadline = unsock_clock_ms() + most};
    long socket = unsock_target_connect_new(control, &asked, INT64_MAX);
    if (socket < 0)
        return socket;
    long error, result = -ETIMEDOUT;
    if (control->options & UNSOCK_CONTROL_FIRECRACKER)
        result = unsock_firecracker_await((int)socket, &asked, INT64_MAX);
    else if (unsock_await(socket, EPOLLOUT, most) > 0)
        result = (error = unsock_socket_option((int)socket, SO_ERROR)) < 0 ? error : -error;
    if (result == 0 && is_own_end((int)socket))
        result = -ECONNREFUSED;
    /* Over AF_TIPC, a close without a shutdown would be a reset for the server. */
    if (result == 0)
        unsock_shutdown(socket, SHUT_RDWR);
    unsock_close(socket);
    return result;
}

/* Connects to the target. At VMADDR_CID_ANY, only ECONNRESET proves that there is no server: other errors may mean that
 * the kernel has no loopback transport, and count as ready. A target that does not answer in time may still have a
 * server, unless it is an IP address: on AF_TIPC a server answers when it accepts, a paused guest when resumed. */
static enum unsock_answer ask_by_connection(struct unsock_control_file *control, int64_t most) {
    struct sockaddr_vm vsock;
    memcpy(&vsock, control->dest, sizeof(vsock));
    int family = control->options & UNSOCK_CONTROL_FIRECRACKER ? AF_UNIX : vsock.svm_family;
    long result = try_connection(control, most);
    if (result == 0 || (family == UNSOCK_AF_VSOCK && vsock.svm_cid == VMADDR_CID_ANY && result != -ECONNRESET))
        return UNSOCK_ANSWER_READY;
    bool is_ip = family == AF_INET || family == AF_INET6;
    return result == -ETIMEDOUT && !is_ip ? UNSOCK_ANSWER_SOON : UNSOCK_ANSWER_NOBODY;
}

/* Checks the file at `path`. If `most` is negative, checks only whether a socket is bound to the file. A control file's
 * datagram target that is no Unix socket cannot be checked, and counts as ready. */
static enum unsock_answer ask_port_file(const struct sockaddr_un *path, int type, int64_t most, int64_t *again) {
    struct unsock_control_file control;
    struct statx status;
    long said = most < 0 ? unsock_socketfile_ask(path, sizeof(*path)) : 0;
    if (most < 0)
        return said == -ECONNREFUSED || said == -ENOENT ? UNSOCK_ANSWER_NOBODY : UNSOCK_ANSWER_READY;
    if (unsock_statx(AT_FDCWD, path->sun_path, 0, STATX_TYPE, &status) == 0 && (status.stx_mode & S_IFMT) == S_IFSOCK)
        return unsock_listener_ask(path, sizeof(*path), type);
    if (unsock_control_file_read(path->sun_path, &control) < 0)
        return UNSOCK_ANSWER_NOBODY;
    if ((control.options & UNSOCK_CONTROL_FIRECRACKER) || unsock_target_family(&control) != AF_UNIX) {
        *again = CONNECTION_MS;
        return type == SOCK_STREAM ? ask_by_connection(&control, most) : UNSOCK_ANSWER_READY;
    }
    *again = FILE_MS;
    return unsock_control_refuses(&control) ? UNSOCK_ANSWER_NOBODY
                                            : unsock_listener_ask(control.dest, control.dest_length, type);
}

/* Finds the entry that a client tries after `index` other entries. If `words` has an address, the order is that of a
 * client of this address (unsock_port_candidate); else it is the order of the entries. */
static bool find_client_entry(const struct unsock_port *port, const struct unsock_port_words *words, unsigned index,
                              struct unsock_port_entry *entry) {
    if (port->holder != UNSOCK_PORT_OURS || index >= port->count)
        return false;
    *entry = port->entries[index];
    return !words->has_address || unsock_port_candidate(port, &words->ip, 0, false, index, entry);
}

/* Checks the files of `port`. A connected datagram socket is not ready: it accepts only its peer's data. */
static void ask_port(const struct unsock_port *port, const struct unsock_port_words *words, int64_t most,
                     struct unsock_answers *answers) {
    struct sockaddr_un path;
    struct unsock_port_entry entry;
    unsock_address_path(words->ip.port, words->type, &answers->path);
    if (port->holder != UNSOCK_PORT_OURS)
        answers->answer = ask_port_file(&answers->path, words->type, most, &answers->again);
    for (unsigned i = 0; answers->answer != UNSOCK_ANSWER_READY && find_client_entry(port, words, i, &entry); i++) {
        unsock_port_path(&entry, &path);
        enum unsock_answer answer = ask_port_file(&path, words->type, most, &answers->again);
        if (answer == UNSOCK_ANSWER_READY && (entry.marks & UNSOCK_PORT_CONNECTED))
            answer = UNSOCK_ANSWER_SOON;
        if (i == 0 || answer > answers->answer)
            answers->path = path;
        answers->answer = answer > answers->answer ? answer : answers->answer;
    }
}

long unsock_answers_at(const char *directory, const struct unsock_port_words *words, int64_t most,
                       struct unsock_answers *answers) {
    struct unsock_directory_visit visit;
    *answers = (struct unsock_answers){.answer = UNSOCK_ANSWER_NOBODY, .again = -1};
    if (!unsock_directory_visit_begin(&visit, directory, strlen(directory)))
        return -EINVAL;
    UNSOCK_CLOSED long at = unsock_openat(AT_FDCWD, directory, UNSOCK_O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    long result = at == -ENOENT ? 0 : UNSOCK_MIN(at, 0);
    struct unsock_port *port = unsock_port_borrow();
    if (port) {
        unsock_port_read(port, (struct unsock_port_key){words->ip.port, (uint8_t)words->type}, NULL);
        ask_port(port, words, most, answers);
        result = result == 0 && port->holder == UNSOCK_PORT_UNREAD ? -EACCES : result;
    }
    unsock_port_return(port);
    unsock_directory_visit_end(&visit);
    return port ? result : -ENOBUFS;
}
