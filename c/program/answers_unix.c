/* A file is asked by a datagram socket's connect, and whether its socket listens the kernel's list tells. */
#include "program/answers.h"

#include "files/port.h"
#include "kernel/socket_info.h"

#define DEVICE(major, minor) ((major) << 20 | (minor))

/* Which socket is looked for in the kernel's list, and what was found. */
struct search {
    struct unsock_span name; /* as in an address: an abstract one begins with a NUL */
    struct statx file;       /* of a path: the socket file */
    struct statx directory;  /* and where it lies */
    bool is_found;
    bool listens;
};

static bool same_text(struct unsock_span one, struct unsock_span other) {
    return one.length == other.length && unsock_same(one.at, other.at, one.length);
}

/*
 * The kernel keeps the text that a socket was bound with, which may lead there in another way; and the file's number,
 * which a layered file system shows differently. A number alone is that of a file on another file system, too.
 */
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

/* Abstract names are told apart by type: no other type's connect finds one. */
static enum unsock_answer ask_abstract(struct unsock_span name) {
    struct search search = {.name = name};
    bool is_told = unsock_unix_sockets_each(false, see_socket, &search);
    return answer_of(&search, is_told ? UNSOCK_ANSWER_NOBODY : UNSOCK_ANSWER_READY);
}

/* One in another network namespace is in no list, and does not tell whether it listens. */
static enum unsock_answer ask_list(const char *path, bool lives, bool *is_found) {
    struct search search = {.name = unsock_span_of(path)};
    bool is_there = unsock_statx(AT_FDCWD, path, 0, STATX_BASIC_STATS, &search.file) == 0 &&
                    unsock_unix_name_above(search.name, &search.directory);
    if (is_there)
        unsock_unix_sockets_each(false, see_socket, &search);
    *is_found = search.is_found;
    return answer_of(&search, lives ? UNSOCK_ANSWER_READY : UNSOCK_ANSWER_NOBODY);
}

/* The kernel's word for a datagram socket that connects there. */
static long ask_by_datagram(const void *address, uint32_t length) {
    long probe = unsock_socketfile_probe();
    long result = probe < 0 ? probe : unsock_connect(probe, address, length);
    unsock_close_open(probe);
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
        long said = ask_by_datagram(address, length);
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
        long said = ask_by_datagram(address, length);
        return said == 0 || said == -EPERM ? UNSOCK_ANSWER_READY : UNSOCK_ANSWER_NOBODY;
    }
    if (name.at[0] == '\0')
        return ask_abstract(name);
    memcpy(path, name.at, name.length);
    return ask_stream(address, length, path);
}
