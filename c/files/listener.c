/* Finds out whether a server listens at a Unix socket. A probe connects to the socket, unnoticed by the owner, to see
 * whether it exists. The kernel's list of Unix sockets shows whether it listens. */
#include "files/port.h"

#include "kernel/file_info.h"
#include "kernel/socket_info.h"

/* The socket to look for in the kernel's list, and the result. */
struct search {
    struct unsock_span name;         /* as in an address: an abstract name begins with a NUL */
    struct unsock_file_id file;      /* of a path: the socket file */
    struct unsock_file_id directory; /* of a path: the directory of its file */
    bool is_found;
    bool listens;
};

/* True if `socket` is the one to look for. The kernel lists the inode and device of a socket's file, and bind's path.
 * On a layered file system, statx may differ: then inode or last path component must match, and also the directory. */
static bool is_searched(const struct search *search, const struct unsock_unix_socket *socket) {
    struct unsock_span name = {socket->name, socket->length};
    if (search->name.at[0] == '\0')
        return unsock_span_same(name, search->name);
    bool same_inode = socket->has_file && socket->inode == (uint32_t)search->file.inode;
    if (same_inode && socket->device == search->file.device)
        return true;
    return (same_inode || unsock_span_same(unsock_base_name(name), unsock_base_name(search->name))) &&
           unsock_unix_socket_is_in(socket, &search->directory);
}

static bool see_socket(void *context, const struct unsock_unix_socket *socket) {
    struct search *search = context;
    if (!is_searched(search, socket))
        return true;
    search->is_found = true;
    search->listens |= socket->listens;
    return !search->listens;
}

/* Finds out whether a stream socket listens. The probe, a datagram socket, cannot find an abstract stream name: such a
 * name is only looked up in the kernel's list, and counts as ready if the list cannot be read. If the socket of a path
 * is live but not in the list, it is in another network namespace, and counts as ready. */
static enum unsock_answer ask_stream(const void *address, socklen_t length, struct unsock_span name) {
    bool is_path = name.at[0] != '\0', is_told = false;
    long said = 0;
    /* Checks a path twice: a server may start or end between the probe and the list. */
    for (int i = 0; i < 1 + is_path; i++) {
        struct search search = {.name = name};
        said = is_path ? unsock_socketfile_ask(address, length) : 0;
        if (is_path && (said == 0 || said == -EPERM || said == -ECONNREFUSED || said == -ENOENT || said == -ENOTDIR))
            return UNSOCK_ANSWER_NOBODY;
        if (is_path) {
            search.file = unsock_file_id_of(AT_FDCWD, name.at);
            search.directory = unsock_unix_name_above(name);
        }
        bool is_there = !is_path || (search.file.inode != 0 && search.directory.inode != 0);
        is_told = is_there && unsock_unix_sockets_each(false, see_socket, &search);
        if (search.is_found)
            return search.listens ? UNSOCK_ANSWER_READY : UNSOCK_ANSWER_SOON;
    }
    return (is_path ? said == -EPROTOTYPE : !is_told) ? UNSOCK_ANSWER_READY : UNSOCK_ANSWER_NOBODY;
}

enum unsock_answer unsock_listener_ask(const void *address, socklen_t length, int type) {
    char text[sizeof(((struct sockaddr_un *)0)->sun_path) + 1] = "";
    struct unsock_span name = {text, length - UNSOCK_SUN_PATH_OFFSET};
    if (type == SOCK_DGRAM) {
        long said = unsock_socketfile_ask(address, length);
        return said == 0 || said == -EPERM ? UNSOCK_ANSWER_READY : UNSOCK_ANSWER_NOBODY;
    }
    memcpy(text, (const char *)address + UNSOCK_SUN_PATH_OFFSET, name.length);
    return ask_stream(address, length, text[0] == '\0' ? name : unsock_span_of(text));
}
