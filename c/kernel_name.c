/* What the names of kernel sockets say, and the name that a client gets. Pure. */
#include "address.h"

#include "rt/hex.h"
#include "rt/mem.h"
#include "settings.h"

#define STREAM_PREFIX_LENGTH 8
static const char stream_prefix[STREAM_PREFIX_LENGTH] = "\0unsock ";

/* Digits of an address, ':', digits of a port. The two ports are written and read together. */
#define ENDPOINT4_LENGTH (8 + 1 + 4)
#define ENDPOINT6_LENGTH (32 + 1 + 4)

/* PORT.sock, PORT.dgram.sock, or the hidden .PORT.sock.INDEX of either. */
static bool read_file_name(struct unsock_span name, struct unsock_name *result) {
    uint32_t port = 0;
    unsock_address_read_spelling(&name, &result->view);
    if (name.length > 0 && name.at[0] == '.') {
        name = (struct unsock_span){name.at + 1, name.length - 1};
        while (name.length > 0 && name.at[name.length - 1] != '.')
            name.length--;
        name.length -= name.length > 0;
    }
    size_t digits = 0;
    for (; digits < name.length && digits < 5 && name.at[digits] >= '0' && name.at[digits] <= '9'; digits++)
        port = port * 10 + (uint32_t)(name.at[digits] - '0');
    if (port == 0 || port > 65535 || name.at[0] == '0')
        return false;
    const char *suffix = name.at + digits;
    size_t length = name.length - digits;
    bool stream = length == 5 && unsock_same(suffix, ".sock", 5);
    result->type = stream ? SOCK_STREAM : SOCK_DGRAM;
    result->port = (uint16_t)port;
    return stream || (length == 11 && unsock_same(suffix, ".dgram.sock", 11));
}

static char *put_endpoint(char *at, const struct unsock_ip *ip, uint32_t port_digits) {
    uint32_t part;
    for (size_t i = 0; i < (ip->family == AF_INET ? 4 : 16); i += 4, at += 8) {
        memcpy(&part, ip->bytes + i, 4);
        uint64_t digits = unsock_hex_write(part);
        memcpy(at, &digits, 8);
    }
    *at = ':';
    memcpy(at + 1, &port_digits, 4);
    return at + 5;
}

/* All but the port's value. `length` is ENDPOINT4_LENGTH or ENDPOINT6_LENGTH. */
static bool read_endpoint(const char *at, size_t length, struct unsock_ip *ip, uint32_t *port_digits) {
    bool good = true;
    uint64_t digits;
    uint32_t part;
    *ip = (struct unsock_ip){.family = length == ENDPOINT4_LENGTH ? AF_INET : AF_INET6};
    for (size_t i = 0; i < length / 8 * 4; i += 4, at += 8) {
        memcpy(&digits, at, 8);
        good &= unsock_hex_read(digits, &part);
        memcpy(ip->bytes + i, &part, 4);
    }
    memcpy(port_digits, at + 1, 4);
    return good && *at == ':';
}

/* 0 when no endpoint ends with `end` here. */
static size_t endpoint_length(const char *at, size_t length, char end) {
    if (length > ENDPOINT4_LENGTH && at[ENDPOINT4_LENGTH] == end)
        return ENDPOINT4_LENGTH;
    return length > ENDPOINT6_LENGTH && at[ENDPOINT6_LENGTH] == end ? ENDPOINT6_LENGTH : 0;
}

/* The last character only spreads names: it is not read. */
bool unsock_address_read_stream_name(const struct sockaddr_un *address, size_t length, struct unsock_ip *source,
                                     struct unsock_ip *target) {
    uint32_t source_port, target_port, ports = 0;
    const char *at = address->sun_path + STREAM_PREFIX_LENGTH;
    length = UNSOCK_MIN(length, sizeof(*address));
    if (length <= UNSOCK_SUN_PATH_OFFSET + STREAM_PREFIX_LENGTH ||
        !unsock_same(address->sun_path, stream_prefix, STREAM_PREFIX_LENGTH))
        return false;
    length -= UNSOCK_SUN_PATH_OFFSET + STREAM_PREFIX_LENGTH;
    size_t first = endpoint_length(at, length, ' ');
    size_t second = length - first - 2;
    if (first == 0 || (second != ENDPOINT4_LENGTH && second != ENDPOINT6_LENGTH))
        return false;
    bool good = read_endpoint(at, first, source, &source_port) &&
                read_endpoint(at + first + 1, second, target, &target_port) &&
                unsock_hex_read(source_port | (uint64_t)target_port << 32, &ports);
    source->port = __builtin_bswap16((uint16_t)ports);
    target->port = __builtin_bswap16((uint16_t)(ports >> 16));
    return good;
}

static bool is_in_directory(struct unsock_span name) {
    size_t directory = unsock_settings.directory_length;
    return name.length > directory + 1 && name.at[directory] == '/' &&
           unsock_same(name.at, unsock_settings.directory, directory);
}

struct unsock_name unsock_address_read_name(const struct sockaddr_un *address, size_t length) {
    struct unsock_name result = {.kind = UNSOCK_NAME_FOREIGN};
    if (length <= UNSOCK_SUN_PATH_OFFSET) {
        result.kind = UNSOCK_NAME_NONE;
        return result;
    }
    struct unsock_span name = {address->sun_path, UNSOCK_MIN(length, sizeof(*address)) - UNSOCK_SUN_PATH_OFFSET};
    if (name.at[0] == '\0') {
        if (unsock_address_read_stream_name(address, length, &result.source, &result.target))
            result.kind = UNSOCK_NAME_STREAM;
        return result;
    }
    /* The kernel counts the NUL at the end. */
    name.length -= name.at[name.length - 1] == '\0';
    size_t skipped = unsock_settings.directory_length + 1;
    if (is_in_directory(name) &&
        read_file_name((struct unsock_span){name.at + skipped, name.length - skipped}, &result))
        result.kind = UNSOCK_NAME_FILE;
    return result;
}

socklen_t unsock_address_stream_name(const struct unsock_ip *source, const struct unsock_ip *target,
                                     struct sockaddr_un *name) {
    name->sun_family = AF_UNIX;
    memcpy(name->sun_path, stream_prefix, STREAM_PREFIX_LENGTH);
    uint32_t both = __builtin_bswap16(source->port) | (uint32_t)__builtin_bswap16(target->port) << 16;
    uint64_t ports = unsock_hex_write(both);
    char *at = put_endpoint(name->sun_path + STREAM_PREFIX_LENGTH, source, (uint32_t)ports);
    *at = ' ';
    at = put_endpoint(at + 1, target, (uint32_t)(ports >> 32));
    /*
     * The kernel sums names up and folds the sum: digits alone would crowd a part of its table (net/unix/af_unix.c).
     * ASCII, because a server that is not under unsock may read the name as text.
     */
    *at = (char)('0' + source->port % 64);
    return (socklen_t)(at + 1 - (char *)name);
}
