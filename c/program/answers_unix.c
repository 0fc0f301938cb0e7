/* A file is asked by a datagram socket's connect, and whether its socket listens the kernel's list tells. */
#include "program/answers.h"

#include "files/port.h"
#include "rt/system_calls.h"

#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>

#define ANSWER_SIZE 8192     /* the kernel puts no more into one answer than there is room for */
#define STATE_CLOSE 7        /* TCP_CLOSE: bound, and neither connected nor listening */
#define STATE_LISTEN 10      /* TCP_LISTEN */
#define FLAG_LISTENS 0x10000 /* __SO_ACCEPTCON, as /proc/net/unix tells it */
#define STATE_UNCONNECTED 1  /* SS_UNCONNECTED, as /proc/net/unix tells it */
#define ALIGNED(length) (((length) + 3u) & ~3u)
#define PATH_MOST 4096
#define DEVICE(major, minor) ((major) << 20 | (minor))

struct unix_socket {
    bool listens;
    bool has_file;    /* `inode` and `device` are known */
    uint32_t inode;   /* of the file that it was bound to, in 32 bits; that may have got another name */
    uint32_t device;  /* its file system, as the kernel numbers it: major << 20 | minor */
    const char *name; /* as it was bound; an abstract one begins with a NUL */
    size_t length;
};

/* Is told of one. Returns whether there is more to be known. */
typedef bool seer(void *context, const struct unix_socket *socket);

struct listing {
    seer *see;
    void *context;
    bool ended; /* nobody wants to know more, or there is no more */
    bool failed;
};

/* struct unix_diag_msg and its attributes. A socket without a name is nobody's to find. */
static void read_socket(struct listing *listing, const uint8_t *bytes, size_t length) {
    struct unix_socket socket = {.listens = bytes[offsetof(struct unix_diag_msg, udiag_state)] == STATE_LISTEN};
    struct unix_diag_vfs file;
    struct nlattr attribute;
    for (size_t at = sizeof(struct unix_diag_msg); at + sizeof(attribute) <= length;) {
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
        }
        at += ALIGNED(attribute.nla_len);
    }
    /* The kernel may count the NUL behind a path. */
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

/* Returns false where the kernel does not answer to the end. */
static bool ask_diag(struct listing *listing) {
    struct {
        struct nlmsghdr header;
        struct unix_diag_req request;
    } question = {
        {sizeof(question), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 0, 0},
        {.sdiag_family = AF_UNIX,
         .udiag_states = 1u << STATE_CLOSE | 1u << STATE_LISTEN,
         .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS},
    };
    uint8_t answer[ANSWER_SIZE];
    long fd = unsock_socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd < 0)
        return false;
    listing->failed = unsock_sendto(fd, &question, sizeof(question), 0, NULL, 0) != (long)sizeof(question);
    while (!listing->failed && !listing->ended) {
        long count = unsock_read(fd, answer, sizeof(answer));
        listing->failed = count <= 0;
        if (count > 0)
            read_answer(listing, answer, (size_t)count);
    }
    unsock_close(fd);
    return !listing->failed;
}

/* Num RefCount Protocol Flags Type St Inode Path */
static void read_line(struct listing *listing, struct unsock_span line) {
    char name[sizeof(((struct sockaddr_un *)0)->sun_path)];
    struct unix_socket socket = {.name = name};
    uint64_t flags = 0, state = 0;
    for (int i = 0; i < 3; i++)
        unsock_lines_word(&line);
    bool good = unsock_span_number(unsock_lines_word(&line), 16, UINT32_MAX, &flags);
    unsock_lines_word(&line);
    good &= unsock_span_number(unsock_lines_word(&line), 16, UINT32_MAX, &state);
    unsock_lines_word(&line);
    if (!good || state != STATE_UNCONNECTED || line.length < 2 || line.length - 1 > sizeof(name))
        return;
    socket.listens = flags & FLAG_LISTENS;
    socket.length = line.length - 1;
    memcpy(name, line.at + 1, socket.length); /* behind a blank */
    if (name[0] == '@')
        name[0] = '\0';
    listing->ended |= !listing->see(listing->context, &socket);
}

static bool read_proc(struct listing *listing) {
    struct unsock_lines lines;
    struct unsock_span line;
    unsock_lines_open(&lines, "/proc/net/unix");
    bool is_there = lines.fd >= 0;
    while (!listing->ended && unsock_lines_next(&lines, &line))
        read_line(listing, line);
    unsock_lines_close(&lines);
    return is_there;
}

/*
 * Tells of each AF_UNIX socket of this network namespace that is bound, and not connected as streams are, one after the
 * other, until `see` returns false. By sock_diag(7), or by /proc/net/unix where the kernel does not answer that; there
 * names with a newline tell of sockets that do not exist. Returns false where neither says anything.
 */
static bool each_socket(seer *see, void *context) {
    struct listing listing = {.see = see, .context = context};
    if (ask_diag(&listing))
        return true;
    listing.ended = false;
    return read_proc(&listing);
}

/* Which socket is looked for in the kernel's list, and what was found. */
struct search {
    struct unsock_span name; /* as in an address: an abstract one begins with a NUL */
    struct statx file;       /* of a path: the socket file */
    struct statx directory;  /* and where it lies */
    bool is_found;
    bool listens;
};

/* Where the file of this absolute path lies. */
static bool look_above(struct unsock_span name, struct statx *status) {
    char path[PATH_MOST];
    struct unsock_text text = unsock_text_in(path, sizeof(path));
    unsock_text_span(&text, (struct unsock_span){name.at, name.length - unsock_base_name(name).length});
    return name.length > 0 && name.at[0] == '/' && unsock_statx(AT_FDCWD, path, 0, STATX_BASIC_STATS, status) == 0;
}

static bool same_device(const struct statx *one, const struct statx *other) {
    return one->stx_dev_major == other->stx_dev_major && one->stx_dev_minor == other->stx_dev_minor;
}

static bool same_text(struct unsock_span one, struct unsock_span other) {
    return one.length == other.length && unsock_same(one.at, other.at, one.length);
}

/*
 * The kernel keeps the text that a socket was bound with, which may lead there in another way; and the file's number,
 * which a layered file system shows differently. A number alone is that of a file on another file system, too.
 */
static bool is_it(const struct search *search, const struct unix_socket *socket) {
    struct unsock_span name = {socket->name, socket->length};
    struct statx above;
    if (search->name.at[0] == '\0')
        return same_text(name, search->name);
    bool same_file = socket->has_file && socket->inode == (uint32_t)search->file.stx_ino;
    if (same_file && socket->device == DEVICE(search->file.stx_dev_major, search->file.stx_dev_minor))
        return true;
    if (!same_file && !same_text(unsock_base_name(name), unsock_base_name(search->name)))
        return false;
    return look_above(name, &above) && above.stx_ino == search->directory.stx_ino &&
           same_device(&above, &search->directory);
}

static bool see(void *context, const struct unix_socket *socket) {
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

/* Abstract names are told apart by type: no other type's connect finds one. */
static enum unsock_answer ask_abstract(struct unsock_span name) {
    struct search search = {.name = name};
    bool is_told = each_socket(see, &search);
    return answer_of(&search, is_told ? UNSOCK_ANSWER_NOBODY : UNSOCK_ANSWER_READY);
}

/* One in another network namespace is in no list, and does not tell whether it listens. */
static enum unsock_answer ask_list(const char *path, bool lives, bool *is_found) {
    struct search search = {.name = unsock_span_of(path)};
    bool is_there = unsock_statx(AT_FDCWD, path, 0, STATX_BASIC_STATS, &search.file) == 0 &&
                    look_above(search.name, &search.directory);
    if (is_there)
        each_socket(see, &search);
    *is_found = search.is_found;
    return answer_of(&search, lives ? UNSOCK_ANSWER_READY : UNSOCK_ANSWER_NOBODY);
}

/* The kernel's word for a datagram socket that connects there. */
static long ask_kernel(const void *address, uint32_t length) {
    long probe = unsock_socketfile_probe();
    long result = probe < 0 ? probe : unsock_connect(probe, address, length);
    unsock_socketfile_probe_end(probe);
    return result;
}

static bool is_alive(long said) {
    return said == 0 || said == -EPERM || said == -EPROTOTYPE;
}

static enum unsock_answer ask_stream(const void *address, uint32_t length, const char *path) {
    enum unsock_answer answer = UNSOCK_ANSWER_NOBODY;
    bool is_found = false;
    /* One may come or go between the two questions: one that is not told of the second time is elsewhere. */
    for (int i = 0; i < 2 && !is_found; i++) {
        long said = ask_kernel(address, length);
        if (said == 0 || said == -EPERM || said == -ECONNREFUSED || said == -ENOENT || said == -ENOTDIR)
            return UNSOCK_ANSWER_NOBODY;
        answer = ask_list(path, is_alive(said), &is_found);
    }
    return answer;
}

enum unsock_answer unsock_answers_unix(const void *address, uint32_t length, int type) {
    char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1] = "";
    struct unsock_span name = {(const char *)address + UNSOCK_SUN_PATH_OFFSET, length - UNSOCK_SUN_PATH_OFFSET};
    if (type == SOCK_DGRAM) {
        long said = ask_kernel(address, length);
        return said == 0 || said == -EPERM ? UNSOCK_ANSWER_READY : UNSOCK_ANSWER_NOBODY;
    }
    if (name.at[0] == '\0')
        return ask_abstract(name);
    memcpy(path, name.at, name.length);
    return ask_stream(address, length, path);
}
