/* The exported function by which the command line asks what a control file says: as JSON, which it prints or puts into
 * words. */
#include "rules/control.h"
#include "rules/ip.h"
#include "rules/words.h"

#include <linux/tipc.h>
#include <linux/vm_sockets.h>

#define WORDS_MOST 1024

static int wrong(struct unsock_text *text, const char *before, uint64_t number, const char *behind) {
    unsock_text_put(text, before);
    unsock_text_number(text, number, 10, 1);
    unsock_text_put(text, behind);
    return -EINVAL;
}

static uint16_t family_of(const uint8_t *address) {
    uint16_t family;
    memcpy(&family, address, sizeof(family));
    return family;
}

/* Why an address is none that a control file may have; "" in front of what. */
static int say_address(struct unsock_text *text, const char *field, const uint8_t *address, uint32_t length) {
    uint16_t family = family_of(address);
    bool is_known = family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == UNSOCK_AF_TIPC ||
                    family == UNSOCK_AF_VSOCK;
    unsock_text_put(text, field);
    if (length < sizeof(family))
        return wrong(text, ": a length of ", length, " has no room for a family");
    if (!is_known)
        return wrong(text, ": unknown address family ", family, "");
    if (family == AF_UNIX && length == UNSOCK_SUN_PATH_OFFSET + 1 && address[UNSOCK_SUN_PATH_OFFSET] == '\0') {
        unsock_text_put(text, ": an empty path");
        return -EINVAL;
    }
    wrong(text, ": a length of ", length, "");
    return wrong(text, " does not fit family ", family, "");
}

/* Is the address at fault? Then as one that stands alone it is refused, too. */
static bool is_good(const uint8_t *address, uint32_t length) {
    struct unsock_control_file alone = {.magic = UNSOCK_CONTROL_MAGIC, .dest_length = length};
    memcpy(alone.dest, address, sizeof(alone.dest));
    return unsock_control_check(&alone, sizeof(alone));
}

/* Why bytes are no control file. */
static int say_wrong(struct unsock_text *text, const void *bytes, size_t length) {
    struct unsock_control_file file;
    if (length != sizeof(file))
        return wrong(text, "", length, " bytes long, not 452");
    memcpy(&file, bytes, sizeof(file));
    if (file.magic != UNSOCK_CONTROL_MAGIC) {
        unsock_text_put(text, "wrong magic number");
        return -EINVAL;
    }
    if (file.options & ~(uint64_t)UNSOCK_CONTROL_FIRECRACKER) {
        unsock_text_put(text, "unknown options 0x");
        unsock_text_number(text, file.options, 16, 1);
        return -EINVAL;
    }
    if (file.proxy_length > sizeof(file.proxy))
        return wrong(text, "proxyLen ", file.proxy_length, " is beyond 128");
    if (file.dest_length > sizeof(file.dest))
        return wrong(text, "destLen ", file.dest_length, " is beyond 128");
    if (!is_good(file.dest, file.dest_length))
        return say_address(text, "dest", file.dest, file.dest_length);
    if (!is_good(file.proxy, file.proxy_length))
        return say_address(text, "proxy", file.proxy, file.proxy_length);
    unsock_text_put(text, family_of(file.proxy) != AF_UNIX || file.proxy[UNSOCK_SUN_PATH_OFFSET] == '\0'
                              ? "proxy is not the path of a Unix socket"
                              : "dest is not a vsock address, which a proxy needs");
    return -EINVAL;
}

/* What is shown has no control characters. */
static void put_string(struct unsock_text *text, const char *shown) {
    unsock_text_char(text, '"');
    for (; *shown != '\0'; shown++) {
        unsock_text_put(text, *shown == '"' || *shown == '\\' ? "\\" : "");
        unsock_text_char(text, *shown);
    }
    unsock_text_char(text, '"');
}

static void put_number(struct unsock_text *text, const char *key, uint64_t number) {
    unsock_text_join(text, ",\"", key, "\":");
    unsock_text_number(text, number, 10, 1);
}

static void put_unix(struct unsock_text *text, const uint8_t *address, uint32_t length) {
    char buffer[WORDS_MOST];
    struct unsock_text shown = unsock_text_in(buffer, sizeof(buffer));
    unsock_utf8_show(&shown, unsock_control_path(address, length));
    unsock_text_put(text, ",\"path\":");
    put_string(text, buffer);
    unsock_text_put(text, address[UNSOCK_SUN_PATH_OFFSET] == '\0' ? ",\"abstract\":true" : ",\"abstract\":false");
}

static void put_internet(struct unsock_text *text, const uint8_t *address, uint32_t length) {
    struct sockaddr_in6 in6 = {.sin6_scope_id = 0};
    struct unsock_ip ip;
    unsock_ip_read(address, length, &ip);
    if (length == sizeof(in6))
        memcpy(&in6, address, sizeof(in6));
    unsock_text_put(text, ",\"address\":\"");
    unsock_address_text_show(text, &ip);
    unsock_text_char(text, '"');
    put_number(text, "port", ip.port);
    put_number(text, "scopeId", in6.sin6_scope_id);
}

static void put_tipc(struct unsock_text *text, const uint8_t *address) {
    struct sockaddr_tipc tipc;
    memcpy(&tipc, address, sizeof(tipc));
    put_number(text, "addressType", tipc.addrtype);
    put_number(text, "scope", (uint8_t)tipc.scope);
    unsock_text_put(text, ",\"words\":[");
    unsock_text_number(text, tipc.addr.nameseq.type, 10, 1);
    unsock_text_char(text, ',');
    unsock_text_number(text, tipc.addr.nameseq.lower, 10, 1);
    unsock_text_char(text, ',');
    unsock_text_number(text, tipc.addr.nameseq.upper, 10, 1);
    unsock_text_char(text, ']');
}

static void put_address(struct unsock_text *text, const uint8_t *address, uint32_t length) {
    struct sockaddr_vm vsock;
    switch (family_of(address)) {
    case AF_UNIX:
        unsock_text_put(text, "{\"family\":\"AF_UNIX\"");
        put_unix(text, address, length);
        break;
    case UNSOCK_AF_TIPC:
        unsock_text_put(text, "{\"family\":\"AF_TIPC\"");
        put_tipc(text, address);
        break;
    case UNSOCK_AF_VSOCK:
        memcpy(&vsock, address, sizeof(vsock));
        unsock_text_put(text, "{\"family\":\"AF_VSOCK\"");
        put_number(text, "port", vsock.svm_port);
        put_number(text, "cid", vsock.svm_cid);
        put_number(text, "flags", vsock.svm_flags);
        break;
    default:
        unsock_text_join(text, "{\"family\":\"", family_of(address) == AF_INET ? "AF_INET\"" : "AF_INET6\"");
        put_internet(text, address, length);
    }
    unsock_text_char(text, '}');
}

static void put_options(struct unsock_text *text, const struct unsock_control_file *file) {
    char buffer[WORDS_MOST];
    struct unsock_text words;
    const char *comma = "";
    unsock_text_put(text, ",\"socketOptions\":[");
    for (int i = 0; i < UNSOCK_CONTROL_SOCKOPTS; i++) {
        struct unsock_control_sockopt option = file->sockopts[i];
        if (option.group == 0 || option.key == 0)
            continue;
        unsock_text_start(&words, buffer, sizeof(buffer));
        unsock_socket_option_put(&words, &option);
        unsock_text_put(text, comma);
        put_string(text, buffer);
        comma = ",";
    }
    unsock_text_char(text, ']');
}

static void put_words(struct unsock_text *text, const char *key, const uint8_t *address, uint32_t length) {
    char buffer[WORDS_MOST];
    struct unsock_text words = unsock_text_in(buffer, sizeof(buffer));
    unsock_control_describe_address(&words, address, length);
    unsock_text_join(text, ",\"", key, "\":");
    put_string(text, buffer);
}

int unsock_control_explain(const void *bytes, size_t length, char *buffer, size_t size) {
    struct unsock_control_file file;
    char words[WORDS_MOST];
    struct unsock_text text;
    struct unsock_text target = unsock_text_in(words, sizeof(words));
    unsock_text_start(&text, buffer, size);
    if (!unsock_control_check(bytes, length))
        return say_wrong(&text, bytes, length);
    memcpy(&file, bytes, sizeof(file));
    bool has_proxy = file.options & UNSOCK_CONTROL_FIRECRACKER;
    const char *kind = has_proxy ? "firecracker" : unsock_control_refuses(&file) ? "refusing" : "plain";
    unsock_text_join(&text, "{\"kind\":\"", kind, "\",\"proxy\":");
    if (has_proxy)
        put_address(&text, file.proxy, file.proxy_length);
    else
        unsock_text_put(&text, "null");
    unsock_text_put(&text, ",\"destination\":");
    put_address(&text, file.dest, file.dest_length);
    if (unsock_control_half_close(&file))
        unsock_text_join(&text, ",\"halfClose\":\"", unsock_control_half_close(&file), "\"");
    put_options(&text, &file);
    unsock_control_describe(&target, &file);
    unsock_text_put(&text, ",\"target\":");
    put_string(&text, words);
    if (has_proxy)
        put_words(&text, "proxyWords", file.proxy, file.proxy_length);
    put_words(&text, "destinationWords", file.dest, file.dest_length);
    unsock_text_char(&text, '}');
    return text.cut ? -ENOBUFS : 0;
}
