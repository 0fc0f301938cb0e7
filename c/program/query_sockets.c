/* Ports, the files of a directory, and the sockets behind them. */
#include "program/query.h"

#include "files/directory.h"
#include "files/port.h"
#include "kernel/socket_info.h"
#include "program/answers.h"
#include "rules/errno.h"

#define PORT_MOST 65535
#define CONNECTION_MOST_MS 500 /* behind a control file */

static const char *kind_word(int type) {
    return type == SOCK_DGRAM ? "datagram" : "stream";
}

/* The address as people write it; null: unknown. */
static void write_address(struct unsock_json *json, const char *name, const struct unsock_ip *ip) {
    UNSOCK_TEXT(text, 64);
    if (ip)
        unsock_address_text_show(&text, ip);
    unsock_json_text(json, name, ip ? text.buffer : NULL);
}

/* Its owner never notices the question. */
static void write_state(struct unsock_json *json, const char *directory, const char *name) {
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    struct unsock_text text = unsock_text_in(path.sun_path, sizeof(path.sun_path));
    unsock_text_join(&text, directory, directory[0] != '\0' ? "/" : "", name);
    long probe = text.cut ? -ENAMETOOLONG : unsock_socketfile_probe();
    long said = probe < 0 ? probe : unsock_connect(probe, &path, sizeof(path));
    bool is_alive = said == 0 || said == -EPERM || said == -EPROTOTYPE;
    unsock_json_text(json, "state", is_alive ? "alive" : said == -ECONNREFUSED ? "stale" : NULL);
    unsock_close_open(probe);
}

bool unsock_query_state(struct unsock_json *json, const char *path) {
    write_state(json, "", path);
    return true;
}

static void write_entry(struct unsock_json *json, const struct unsock_port_entry *entry) {
    struct unsock_ip ip, asked;
    bool v6only = false, known = entry && unsock_port_entry_ip(entry, &ip, &v6only);
    write_address(json, "address", known ? &ip : NULL);
    unsock_json_bool(json, "both", known && ip.family == AF_INET6 && unsock_ip_is_wildcard(&ip) && !v6only);
    write_address(json, "asks", entry && unsock_port_entry_target(entry, &asked) ? &asked : NULL);
}

static void write_name(struct unsock_json *json, const char *directory, const struct unsock_directory_list_one *one) {
    static const char what[][9] = {
        [UNSOCK_DIRECTORY_LIST_PLAIN] = "plain",     [UNSOCK_DIRECTORY_LIST_PORT] = "port",
        [UNSOCK_DIRECTORY_LIST_FIRST] = "first",     [UNSOCK_DIRECTORY_LIST_LISTED] = "listed",
        [UNSOCK_DIRECTORY_LIST_WAITING] = "waiting", [UNSOCK_DIRECTORY_LIST_UNLISTED] = "unlisted",
        [UNSOCK_DIRECTORY_LIST_RECORD] = "record",   [UNSOCK_DIRECTORY_LIST_NEXT] = "next",
        [UNSOCK_DIRECTORY_LIST_INNER] = "inner",
    };
    bool has_entry = one->what >= UNSOCK_DIRECTORY_LIST_PORT && one->what <= UNSOCK_DIRECTORY_LIST_UNLISTED;
    bool may_be_socket = one->what <= UNSOCK_DIRECTORY_LIST_UNLISTED;
    unsock_json_open(json, NULL, '{');
    unsock_json_text(json, "name", one->name);
    unsock_json_text(json, "what", what[one->what]);
    unsock_json_number(json, "port", one->key.number);
    unsock_json_text(json, "kind", kind_word(one->key.type));
    write_entry(json, has_entry ? &one->entry : NULL);
    if (may_be_socket)
        write_state(json, directory, one->name);
    else
        unsock_json_text(json, "state", NULL);
    unsock_json_close(json, '}');
}

static bool refuse_directory(const char *directory, long result, struct unsock_text *error) {
    return unsock_text_fail(error, "directory ", directory, ": ", unsock_errno_words(-result));
}

bool unsock_query_names(struct unsock_json *json, const char *directory, const char *value, struct unsock_text *error) {
    struct unsock_directory_list names;
    struct unsock_directory_list_one one;
    uint64_t port = 0;
    if (value && !unsock_span_number(unsock_span_of(value), 10, PORT_MOST, &port))
        return unsock_options_refuse(error, "names", "not a port", value);
    long result = unsock_directory_list_open(&names, directory, (uint16_t)port);
    if (result < 0 && result != -ENOENT)
        return refuse_directory(directory, result, error);
    unsock_json_open(json, "names", '[');
    while (result == 0 && unsock_directory_list_next(&names, &one))
        write_name(json, directory, &one);
    unsock_json_close(json, ']');
    if (result == -ENOENT)
        return true;
    result = names.entries.fd < 0 ? names.entries.fd : 0;
    unsock_directory_list_close(&names);
    return result == 0 || refuse_directory(directory, result, error);
}

static bool write_socket(void *context, const struct unsock_unix_socket *socket) {
    char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
    struct unsock_json *json = context;
    struct unsock_port_entry entry;
    struct unsock_port_key key;
    if (socket->name[0] == '\0' || socket->length >= sizeof(path))
        return true;
    memcpy(path, socket->name, socket->length);
    path[socket->length] = '\0';
    struct unsock_span base = unsock_base_name(unsock_span_of(path));
    enum unsock_file_kind kind = unsock_file_name_read(base, &key, &entry);
    bool is_ports = kind == UNSOCK_FILE_PORT || kind == UNSOCK_FILE_SOCKET;
    unsock_json_open(json, NULL, '{');
    unsock_json_text(json, "path", path);
    unsock_json_text(json, "type", socket->type == SOCK_SEQPACKET ? "seqpacket" : kind_word(socket->type));
    unsock_json_bool(json, "listening", socket->listens);
    unsock_json_bool(json, "connected", socket->is_connected);
    unsock_json_number(json, "inode", socket->number);
    if (socket->has_file)
        unsock_json_number(json, "fileInode", socket->inode);
    if (is_ports) {
        unsock_json_number(json, "port", key.number);
        unsock_json_text(json, "kind", kind_word(key.type));
    }
    unsock_json_close(json, '}');
    return true;
}

bool unsock_query_sockets(struct unsock_json *json) {
    unsock_json_open(json, "sockets", '[');
    unsock_unix_sockets_each(true, write_socket, json);
    unsock_json_close(json, ']');
    return true;
}

bool unsock_query_port(struct unsock_json *json, const char *value, struct unsock_text *error) {
    struct unsock_port_words port;
    if (!unsock_port_words_read(value, &port, error))
        return false;
    unsock_json_number(json, "port", port.ip.port);
    unsock_json_text(json, "kind", kind_word(port.type));
    write_address(json, "address", port.has_address ? &port.ip : NULL);
    return true;
}

bool unsock_query_client(struct unsock_json *json, const char *directory, const char *value,
                         struct unsock_text *error) {
    static const char answers[][8] = {
        [UNSOCK_ANSWER_NOBODY] = "nobody", [UNSOCK_ANSWER_SOON] = "soon", [UNSOCK_ANSWER_READY] = "ready"};
    struct sockaddr_un path = {.sun_path = ""};
    struct unsock_port_words port;
    struct unsock_answers found = {UNSOCK_ANSWER_NOBODY, UNSOCK_ANSWER_BY_DIRECTORY};
    if (!unsock_port_words_read(value, &port, error))
        return false;
    if (!port.has_address)
        return unsock_text_fail(error, "client: an address is missing: \"", value, "\": write PORT@ADDR");
    bool covered = unsock_address_covered(&port.ip);
    long result = unsock_answers_at(directory, &port, CONNECTION_MOST_MS, &found);
    unsock_answers_path(directory, &port, &path);
    unsock_json_text(json, "covered", covered ? "yes" : unsock_address_covered_at(&port.ip, 0) ? "port" : "address");
    unsock_json_text(json, "file", path.sun_path);
    unsock_json_text(json, "answer", answers[found.answer]);
    unsock_json_number(json, "errno", result < 0 ? (uint64_t)-result : 0);
    return true;
}
