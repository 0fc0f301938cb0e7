/* Lists the AF_UNIX sockets of this network namespace, by sock_diag(7) or /proc/net/unix. */
#include "kernel/socket_info.h"

#include "kernel/file_info.h"

#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>

#define ANSWER_SIZE 8192     /* the kernel fills an answer only as far as there is room */
#define STATE_ESTABLISHED 1  /* TCP_ESTABLISHED */
#define STATE_CLOSE 7        /* TCP_CLOSE: neither connected nor listening */
#define STATE_LISTEN 10      /* TCP_LISTEN */
#define FLAG_LISTENS 0x10000 /* __SO_ACCEPTCON, as /proc/net/unix shows it */
#define STATE_UNCONNECTED 1  /* SS_UNCONNECTED, as /proc/net/unix shows it */
#define STATE_CONNECTED 3    /* SS_CONNECTED */
#define ALIGNED(length) (((length) + 3u) & ~3u)

struct listing {
    unsock_unix_socket_seer *see;
    void *context;
    bool with_connected;
    bool ended; /* the caller wants no more sockets, or the listing is complete */
    bool failed;
};

/* Reads struct unix_diag_msg and its attributes. Skips a socket without a name: no client can find it. */
static void read_socket(struct listing *listing, const uint8_t *bytes, size_t length) {
    struct unix_diag_msg message;
    struct unix_diag_vfs file;
    struct nlattr attribute;
    memcpy(&message, bytes, sizeof(message)); /* read_answer has checked the length */
    struct unsock_unix_socket socket = {.listens = message.udiag_state == STATE_LISTEN,
                                        .is_connected = message.udiag_state == STATE_ESTABLISHED,
                                        .type = message.udiag_type,
                                        .number = message.udiag_ino};
    for (size_t at = sizeof(message); at + sizeof(attribute) <= length;) {
        memcpy(&attribute, bytes + at, sizeof(attribute));
        if (attribute.nla_len < sizeof(attribute) || at + attribute.nla_len > length)
            break;
        size_t size = attribute.nla_len - sizeof(attribute);
        const uint8_t *value = bytes + at + sizeof(attribute);
        if (attribute.nla_type == UNIX_DIAG_NAME) {
            socket.name = (const char *)value;
            socket.length = size;
        } else if (attribute.nla_type == UNIX_DIAG_VFS && size >= sizeof(file)) {
            memcpy(&file, value, sizeof(file));
            socket.has_file = true;
            socket.inode = file.udiag_vfs_ino;
            socket.device = file.udiag_vfs_dev;
        } else if (attribute.nla_type == UNIX_DIAG_PEER && size >= sizeof(socket.peer)) {
            memcpy(&socket.peer, value, sizeof(socket.peer));
        } else if (attribute.nla_type == UNIX_DIAG_RQLEN && size >= sizeof(socket.unread)) {
            memcpy(&socket.unread, value, sizeof(socket.unread)); /* the first member of struct unix_diag_rqlen */
        }
        at += ALIGNED(attribute.nla_len);
    }
    /* The kernel may count the NUL at a path's end. */
    while (socket.length > 1 && socket.name[0] != '\0' && socket.name[socket.length - 1] == '\0')
        socket.length--;
    if (socket.length > 0)
        listing->ended |= !listing->see(listing->context, &socket);
}

static void read_answer(struct listing *listing, const uint8_t *bytes, size_t length) {
    struct nlmsghdr header;
    for (size_t at = 0; at + sizeof(header) <= length && !listing->ended;) {
        memcpy(&header, bytes + at, sizeof(header));
        bool whole = header.nlmsg_len >= sizeof(header) && at + header.nlmsg_len <= length;
        listing->ended = header.nlmsg_type == NLMSG_DONE;
        listing->failed = !listing->ended && (!whole || header.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
                                              header.nlmsg_len < sizeof(header) + sizeof(struct unix_diag_msg));
        if (listing->ended || listing->failed)
            return;
        read_socket(listing, bytes + at + sizeof(header), header.nlmsg_len - sizeof(header));
        at += ALIGNED(header.nlmsg_len);
    }
}

/* Lists the sockets by sock_diag(7). False if the kernel refuses, or its answer is incomplete. */
static bool ask_diag(struct listing *listing) {
    struct {
        struct nlmsghdr header;
        struct unix_diag_req request;
    } question = {
        {sizeof(question), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 0, 0},
        {.sdiag_family = AF_UNIX,
         .udiag_states = listing->with_connected ? UINT32_MAX : 1u << STATE_CLOSE | 1u << STATE_LISTEN,
         .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN},
    };
    uint8_t answer[ANSWER_SIZE];
    UNSOCK_CLOSED long fd = unsock_socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd < 0)
        return false;
    listing->failed = unsock_sendto(fd, &question, sizeof(question), 0, NULL, 0) != (long)sizeof(question);
    while (!listing->failed && !listing->ended) {
        long count = unsock_read(fd, answer, sizeof(answer));
        listing->failed = count <= 0;
        if (count > 0)
            read_answer(listing, answer, (size_t)count);
    }
    return !listing->failed;
}

/* Reads a line of /proc/net/unix: Num RefCount Protocol Flags Type St Inode Path */
static void read_socket_line(struct listing *listing, struct unsock_span line) {
    char name[sizeof(((struct sockaddr_un *)0)->sun_path)];
    struct unsock_unix_socket socket = {.name = name};
    uint64_t flags = 0, state = 0, type = 0, number = 0;
    for (int i = 0; i < 3; i++)
        unsock_lines_word(&line);
    bool good = unsock_span_number(unsock_lines_word(&line), 16, UINT32_MAX, &flags);
    good &= unsock_span_number(unsock_lines_word(&line), 16, UINT16_MAX, &type) &&
            unsock_span_number(unsock_lines_word(&line), 16, UINT32_MAX, &state) &&
            unsock_span_number(unsock_lines_word(&line), 10, UINT32_MAX, &number) &&
            (listing->with_connected || state == STATE_UNCONNECTED);
    if (!good || line.length == 0 || line.length > sizeof(name))
        return;
    socket.type = (int)type;
    socket.number = (uint32_t)number;
    socket.listens = flags & FLAG_LISTENS;
    socket.is_connected = state == STATE_CONNECTED;
    socket.length = line.length;
    memcpy(name, line.at, line.length);
    if (name[0] == '@')
        name[0] = '\0';
    listing->ended |= !listing->see(listing->context, &socket);
}

bool unsock_unix_sockets_each(bool with_connected, unsock_unix_socket_seer *see, void *context) {
    struct listing listing = {.see = see, .context = context, .with_connected = with_connected};
    struct unsock_lines lines;
    struct unsock_span line;
    if (ask_diag(&listing))
        return true;
    unsock_lines_open(&lines, "/proc/net/unix");
    while (!listing.ended && unsock_lines_next(&lines, &line))
        read_socket_line(&listing, line);
    unsock_lines_close(&lines);
    return lines.fd >= 0;
}

struct unsock_file_id unsock_unix_name_above(struct unsock_span name) {
    UNSOCK_TEXT(path, UNSOCK_PATH_MOST);
    unsock_text_span(&path, (struct unsock_span){name.at, name.length - unsock_base_name(name).length});
    return path.buffer[0] == '/' ? unsock_file_id_of(AT_FDCWD, path.buffer) : (struct unsock_file_id){.inode = 0};
}

bool unsock_unix_socket_is_in(const struct unsock_unix_socket *socket, const struct unsock_file_id *directory) {
    struct unsock_file_id above = unsock_unix_name_above((struct unsock_span){socket->name, socket->length});
    return unsock_file_is(&above, directory);
}
