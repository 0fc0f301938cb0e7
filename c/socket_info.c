/* Small questions to the kernel about one socket. */
#include "socket_info.h"

#include "option_table.h"
#include "rt/lines.h"
#include "rt/mem.h"
#include "rt/sys.h"
#include "socketfile.h"

#include <linux/poll.h>
#include <linux/stat.h>
#include <linux/tcp.h>

#define SEND_LIMIT_MICROSECONDS 100000
#define SEND_BUFFER_LEAST 66000 /* 65,527 bytes, the most in a UDP datagram over IPv6, and sock_alloc_send_pskb's own */
#define INVENTED_FIRST 32768
#define INVENTED_COUNT 28232 /* the system's ephemeral range by default: 32768 to 60999 */

enum { STATE_ESTABLISHED = 1, STATE_CLOSE = 7, STATE_CLOSE_WAIT = 8, STATE_LISTEN = 10 }; /* net/tcp_states.h */

long unsock_socket_option(int fd, int name) {
    int32_t value = 0;
    socklen_t length = sizeof(value);
    long result = unsock_sys(__NR_getsockopt, fd, SOL_SOCKET, name, &value, &length);
    return result < 0 ? result : value;
}

uint64_t unsock_socket_cookie(int fd) {
    uint64_t cookie = 0;
    socklen_t length = sizeof(cookie);
    long result = unsock_sys(__NR_getsockopt, fd, SOL_SOCKET, SO_COOKIE, &cookie, &length);
    return result < 0 ? 0 : cookie;
}

uint64_t unsock_socket_inode(int fd) {
    struct statx status;
    return unsock_sys(__NR_statx, fd, "", 0x1000 /* AT_EMPTY_PATH */, STATX_INO, &status) < 0 ? 0 : status.stx_ino;
}

int32_t unsock_socket_timeval_ms(const void *timeval) {
    struct unsock_timeval time;
    memcpy(&time, timeval, sizeof(time));
    if (time.seconds > 86400)
        return 86400000;
    return (int32_t)(time.seconds * 1000 + time.microseconds / 1000);
}

void unsock_socket_limit_send(int fd) {
    struct unsock_timeval limit = {0, SEND_LIMIT_MICROSECONDS};
    unsock_sys(__NR_setsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

/*
 * AF_UNIX counts what the receiver has not read yet, and refuses what is larger than the buffer. UDP over the loopback
 * does neither: a small buffer never keeps a datagram from being sent.
 */
void unsock_socket_grow_send_buffer(int fd, int32_t size) {
    int32_t half = (size > SEND_BUFFER_LEAST ? size : SEND_BUFFER_LEAST) / 2; /* the kernel doubles what is set (socket(7)) */
    if (unsock_socket_option(fd, SO_SNDBUF) < 2 * half)
        unsock_sys(__NR_setsockopt, fd, SOL_SOCKET, SO_SNDBUF, &half, sizeof(half));
}

long unsock_socket_nonblocking(int fd) {
    long flags = unsock_sys(__NR_fcntl, fd, F_GETFL);
    return flags < 0 ? flags : (flags & O_NONBLOCK) != 0;
}

/* poll(2) without waiting. Returns the events that there are. */
static int poll_now(int fd, short events) {
    struct pollfd poll = {.fd = fd, .events = events};
    struct timespec now = {0, 0};
    return unsock_sys(__NR_ppoll, &poll, 1, &now, 0, 0) < 0 ? POLLERR : poll.revents;
}

bool unsock_socket_writable(int fd) {
    return poll_now(fd, POLLOUT) != 0;
}

static uint8_t tcp_state(int fd, const struct unsock_fd *entry) {
    if (entry->flags & UNSOCK_LISTENING)
        return STATE_LISTEN;
    int events = entry->flags & UNSOCK_CONNECTED ? poll_now(fd, POLLRDHUP) : POLLERR;
    if (events & (POLLHUP | POLLERR))
        return STATE_CLOSE;
    return events & POLLRDHUP ? STATE_CLOSE_WAIT : STATE_ESTABLISHED;
}

void unsock_socket_complete_tcp_info(int fd, const struct unsock_fd *entry, void *info, socklen_t length) {
    struct tcp_info whole;
    if (!info || length == 0)
        return;
    socklen_t size = UNSOCK_MIN(length, sizeof(whole));
    memset(&whole, 0, sizeof(whole));
    memcpy(&whole, info, size);
    whole.tcpi_state = tcp_state(fd, entry);
    if (entry->flags & UNSOCK_CONNECTED) {
        whole.tcpi_snd_mss = whole.tcpi_rcv_mss = 65483;
        whole.tcpi_advmss = 65483;
        whole.tcpi_pmtu = 65536;
        whole.tcpi_snd_cwnd = 10;
    }
    memcpy(info, &whole, size);
}

uint16_t unsock_socket_invented_port(int fd) {
    return (uint16_t)(INVENTED_FIRST + unsock_socket_inode(fd) % INVENTED_COUNT);
}

/*
 * "Num: RefCount Protocol Flags Type St Inode Path" (net/unix/af_unix.c, unix_seq_show): one reference is the
 * descriptor's, one the table's, and every socket that is connected to this one has another.
 */
static uint64_t count_references(struct unsock_span line, uint64_t inode) {
    uint64_t references = 0, found = 0;
    unsock_lines_word(&line);
    bool good = unsock_span_number(unsock_lines_word(&line), 16, UINT32_MAX, &references);
    for (int i = 0; i < 4; i++)
        unsock_lines_word(&line);
    return good && unsock_span_number(unsock_lines_word(&line), 10, UINT64_MAX, &found) && found == inode ? references : 0;
}

int unsock_socket_peers(int fd) {
    struct unsock_lines lines;
    uint64_t inode = unsock_socket_inode(fd);
    struct unsock_span line;
    uint64_t references = 0;
    if (inode == 0)
        return -1;
    unsock_lines_open(&lines, "/proc/net/unix");
    while (references == 0 && unsock_lines_next(&lines, &line))
        references = count_references(line, inode);
    unsock_lines_close(&lines);
    return references >= 2 && references <= INT32_MAX ? (int)references - 2 : -1;
}

long unsock_socket_name(int fd, long number, union unsock_sockaddr *name) {
    socklen_t length = sizeof(*name);
    name->any.sa_family = AF_UNSPEC;
    long result = unsock_sys(number, fd, name, &length);
    return result < 0 ? result : (long)UNSOCK_MIN(length, sizeof(*name));
}

bool unsock_socket_has_file(int fd, const struct unsock_fd *entry) {
    union unsock_sockaddr address;
    if (entry->kind != UNSOCK_KIND_LOCAL || !(entry->flags & UNSOCK_FILE))
        return false;
    long length = unsock_socket_name(fd, __NR_getsockname, &address);
    if (length < 0 || address.any.sa_family != AF_UNIX)
        return false;
    struct unsock_name name = unsock_address_read_name(&address.un, (size_t)length);
    return name.kind == UNSOCK_NAME_FILE && name.port == entry->local.port && name.type == entry->type;
}

/* Does the socket that was bound to a hidden name still have it? It may have got the port's file since. */
static bool is_hidden(const struct unsock_name *name) {
    struct sockaddr_un path;
    if (name->shadow == 0)
        return false;
    unsock_address_shadow_path(name->port, name->type, name->shadow, &path);
    return unsock_socketfile_inode(path.sun_path) > 0;
}

/* A listening or unconnected socket of ours: its file tells the port, and the address is the default one. */
static void identify_file(struct unsock_fd *entry, int fd, const struct unsock_name *name) {
    struct unsock_view view = name->view;
    if (name->type == SOCK_STREAM)
        unsock_address_view_read((int32_t)unsock_socket_option(fd, SO_PEEK_OFF), &view);
    entry->kind = UNSOCK_KIND_LOCAL;
    entry->domain = (uint16_t)view.domain;
    entry->local = view.ip;
    entry->local.port = name->port;
    entry->flags = UNSOCK_BOUND | UNSOCK_NAMED | UNSOCK_FILE;
    if (is_hidden(name)) {
        entry->flags |= UNSOCK_SHADOW;
        entry->local.tag = name->shadow;
    }
    if (unsock_socket_option(fd, SO_ACCEPTCONN) == 1)
        entry->flags |= UNSOCK_LISTENING;
}

static void identify_stream(struct unsock_fd *entry, const struct unsock_ip *local, const struct unsock_ip *remote) {
    entry->kind = UNSOCK_KIND_LOCAL;
    entry->domain = local->family == AF_INET6 || remote->family == AF_INET6 ? AF_INET6 : AF_INET;
    entry->local = *local;
    entry->remote = *remote;
    entry->flags = UNSOCK_CONNECTED | UNSOCK_NAMED;
}

/* As datagram_connect.c leaves it. */
static void identify_datagram_peer(struct unsock_fd *entry, const struct unsock_name *peer) {
    bool wildcard = unsock_ip_is_wildcard(&peer->view.ip);
    entry->flags |= UNSOCK_CONNECTED;
    entry->remote = wildcard ? unsock_address_default(peer->view.domain, 0) : peer->view.ip;
    entry->remote.port = peer->port;
    if (unsock_ip_is_wildcard(&entry->local)) {
        entry->local = unsock_address_default(entry->remote.family, entry->local.port);
        entry->flags |= UNSOCK_SETTLED;
    }
}

/* An AF_UNIX socket that this process did not make itself: its names say whether it stands for an IP socket. */
static void identify_unix(int fd, struct unsock_fd *entry) {
    union unsock_sockaddr address;
    long length = unsock_socket_name(fd, __NR_getsockname, &address);
    if (length < 0)
        return;
    struct unsock_name own = unsock_address_read_name(&address.un, (size_t)length);
    if (own.kind == UNSOCK_NAME_STREAM) {
        identify_stream(entry, &own.source, &own.target);
        /* It has the name of a connection that was refused. */
        if (unsock_socket_name(fd, __NR_getpeername, &address) == -ENOTCONN) {
            entry->flags = UNSOCK_NAMED;
            entry->remote = (struct unsock_ip){0};
        }
        return;
    }
    length = unsock_socket_name(fd, __NR_getpeername, &address);
    struct unsock_name peer = {.kind = UNSOCK_NAME_NONE};
    if (length >= 0)
        peer = unsock_address_read_name(&address.un, (size_t)length);
    if (own.kind == UNSOCK_NAME_FILE && peer.kind == UNSOCK_NAME_STREAM) {
        identify_stream(entry, &peer.target, &peer.source);
        entry->flags |= UNSOCK_ACCEPTED;
    } else if (own.kind == UNSOCK_NAME_FILE && length >= 0 && own.type == SOCK_STREAM) {
        struct unsock_ip local = unsock_address_default(AF_INET, own.port);
        struct unsock_ip remote = unsock_address_default(AF_INET, unsock_socket_invented_port(fd));
        identify_stream(entry, &local, &remote);
        entry->flags |= UNSOCK_ACCEPTED;
    } else if (own.kind == UNSOCK_NAME_FILE) {
        identify_file(entry, fd, &own);
        if (length >= 0 && peer.kind == UNSOCK_NAME_FILE)
            identify_datagram_peer(entry, &peer);
    }
}

static struct unsock_fd *keep(int fd, struct unsock_fd *scratch) {
    struct unsock_fd *entry = unsock_fds_entry(fd);
    scratch->flags |= UNSOCK_EPOLL_MANY; /* registered before it was known */
    if (!entry)
        return scratch;
    *entry = *scratch;
    return entry;
}

struct unsock_fd *unsock_identify_unknown(int fd, struct unsock_fd *scratch) {
    memset(scratch, 0, sizeof(*scratch));
    long domain = unsock_socket_option(fd, SO_DOMAIN);
    if (domain != AF_INET && domain != AF_INET6 && domain != AF_UNIX)
        return scratch;
    scratch->domain = (uint16_t)domain;
    scratch->type = (uint8_t)unsock_socket_option(fd, SO_TYPE);
    scratch->protocol = (uint16_t)unsock_socket_option(fd, SO_PROTOCOL);
    if (domain == AF_UNIX) {
        identify_unix(fd, scratch);
        scratch->protocol = scratch->type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
    } else if ((scratch->type == SOCK_STREAM &&
                (scratch->protocol == IPPROTO_TCP || scratch->protocol == UNSOCK_IPPROTO_MPTCP)) ||
               (scratch->type == SOCK_DGRAM && scratch->protocol == IPPROTO_UDP)) {
        /* Made elsewhere: what was set on it is not known, so everything is carried over. */
        scratch->kind = UNSOCK_KIND_IP;
        scratch->options = UNSOCK_OPTION_ALL;
    }
    return scratch->kind == UNSOCK_KIND_UNKNOWN ? scratch : keep(fd, scratch);
}

struct unsock_fd *unsock_identify_unknown_for(int fd, int family, struct unsock_fd *scratch) {
    union unsock_sockaddr name;
    struct unsock_fd *entry = unsock_identify_unknown(fd, scratch);
    if (entry->kind != UNSOCK_KIND_UNKNOWN || entry->domain != AF_UNIX || entry->type != SOCK_STREAM ||
        unsock_socket_name(fd, __NR_getsockname, &name) > (long)UNSOCK_SUN_PATH_OFFSET ||
        unsock_socket_name(fd, __NR_getpeername, &name) != -ENOTCONN)
        return entry;
    scratch->kind = UNSOCK_KIND_LOCAL;
    scratch->domain = (uint16_t)family;
    scratch->protocol = IPPROTO_TCP;
    return keep(fd, scratch);
}
