/* Writes answers of `query` about ports, and about the directory's files and sockets. */
#include "program/run.h"

#include "files/directory.h"
#include "kernel/socket_info.h"

static const char *kind_word(int type) {
    return type == SOCK_DGRAM ? "datagram" : "stream";
}

/* Writes the address as users write it; null if it is unknown. */
static void write_address(const char *name, const struct unsock_ip *ip) {
    unsock_json_text(name, ip ? UNSOCK_IP_TEXT(ip) : NULL);
}

bool unsock_query_state(const char *directory, const char *slash, const char *name) {
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    struct unsock_text text = unsock_text_in(path.sun_path, sizeof(path.sun_path));
    unsock_text_join(&text, directory, slash, name);
    long said = text.cut ? -ENAMETOOLONG : unsock_socketfile_ask(&path, sizeof(path));
    bool is_alive = said == 0 || said == -EPERM || said == -EPROTOTYPE;
    unsock_json_text("state", is_alive ? "alive" : said == -ECONNREFUSED ? "stale" : NULL);
    return true;
}

static void write_entry(const struct unsock_port_entry *entry) {
    bool known = entry && entry->form != UNSOCK_PORT_HASHED;
    write_address("address", known ? &entry->ip : NULL);
    unsock_json_bool("both",
                     known && entry->ip.family == AF_INET6 && unsock_ip_is_wildcard(&entry->ip) && !entry->v6only);
    write_address("asks", entry && unsock_port_entry_asks(entry) ? &entry->target : NULL);
}

static void write_name(const char *directory, const struct unsock_directory_list_one *one) {
    static const char what[][9] = {
        [UNSOCK_DIRECTORY_LIST_PLAIN] = "plain",       [UNSOCK_DIRECTORY_LIST_PORT] = "port",
        [UNSOCK_DIRECTORY_LIST_FIRST] = "first",       [UNSOCK_DIRECTORY_LIST_LISTED] = "listed",
        [UNSOCK_DIRECTORY_LIST_UNLISTED] = "unlisted", [UNSOCK_DIRECTORY_LIST_RECORD] = "record",
        [UNSOCK_DIRECTORY_LIST_NEXT] = "next",         [UNSOCK_DIRECTORY_LIST_INNER] = "inner",
    };
    bool has_entry = one->what >= UNSOCK_DIRECTORY_LIST_PORT && one->what <= UNSOCK_DIRECTORY_LIST_UNLISTED;
    bool may_be_socket = one->what <= UNSOCK_DIRECTORY_LIST_UNLISTED;
    unsock_json_open(NULL, '{');
    unsock_json_text("name", one->name);
    unsock_json_text("what", what[one->what]);
    unsock_json_number("port", one->entry.ip.port);
    unsock_json_text("kind", kind_word(one->entry.type));
    write_entry(has_entry ? &one->entry : NULL);
    if (may_be_socket)
        unsock_query_state(directory, "/", one->name);
    else
        unsock_json_text("state", NULL);
    unsock_json_close('}');
}

long unsock_query_names(const char *directory, uint16_t port) {
    struct unsock_directory_list names;
    struct unsock_directory_list_one one;
    long result = unsock_directory_list_open(&names, directory, port);
    unsock_json_open("names", '[');
    while (result == 0 && unsock_directory_list_next(&names, &one))
        write_name(directory, &one);
    unsock_json_close(']');
    if (result == 0) {
        result = UNSOCK_MIN(names.entries.fd, 0);
        unsock_directory_list_close(&names);
    }
    return result == -ENOENT ? 0 : result;
}

static bool write_socket(void *context, const struct unsock_unix_socket *socket) {
    UNSOCK_TEXT(path, sizeof(((struct sockaddr_un *)0)->sun_path) + 1);
    (void)context;
    struct unsock_port_entry entry;
    unsock_text_span(&path, (struct unsock_span){socket->name, socket->length});
    if (path.cut)
        return true;
    if (socket->name[0] == '\0')
        path.buffer[0] = '@';
    enum unsock_file_kind kind = unsock_file_name_read(unsock_base_name(unsock_span_of(path.buffer)), &entry);
    bool is_ports = kind == UNSOCK_FILE_PORT || kind == UNSOCK_FILE_SOCKET;
    unsock_json_open(NULL, '{');
    unsock_json_text("path", path.buffer);
    unsock_json_text("type", socket->type == SOCK_SEQPACKET ? "seqpacket" : kind_word(socket->type));
    unsock_json_bool("listening", socket->listens);
    unsock_json_bool("connected", socket->is_connected);
    unsock_json_number("inode", socket->number);
    if (socket->has_file)
        unsock_json_number("fileInode", socket->inode);
    unsock_json_number("peer", socket->peer);
    unsock_json_number("unread", socket->unread);
    if (is_ports) {
        unsock_json_number("port", entry.ip.port);
        unsock_json_text("kind", kind_word(entry.type));
    }
    unsock_json_close('}');
    return true;
}

bool unsock_query_sockets(void) {
    unsock_json_open("sockets", '[');
    unsock_unix_sockets_each(true, write_socket, NULL);
    unsock_json_close(']');
    return true;
}

bool unsock_query_port(const char *words, struct unsock_text *error) {
    struct unsock_port_words port;
    if (!unsock_port_words_read(words, &port, error))
        return false;
    unsock_json_number("port", port.ip.port);
    unsock_json_text("kind", kind_word(port.type));
    write_address("address", port.has_address ? &port.ip : NULL);
    return true;
}
