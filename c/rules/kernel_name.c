/* What the names of kernel sockets say, and the name that a client gets. Pure. */
#include "rules/kernel_name.h"

#include "rt/hex.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/text.h"
#include "rules/address.h"
#include "rules/ip.h"
#include "rules/keyed_hash.h"
#include "rules/own_name.h"
#include "rules/port_name.h"
#include "rules/settings.h"
#include "rules/spelling.h"

#define STREAM_PREFIX_LENGTH 8
static const char stream_prefix[STREAM_PREFIX_LENGTH] = "\0unsock ";

/* Of an endpoint: digits of the address, ':', digits of the port. */
#define PORT_LENGTH (1 + 4)
#define ENDPOINT4_LENGTH (8 + PORT_LENGTH)
#define ENDPOINT6_LENGTH (32 + PORT_LENGTH)
#define TAG_LENGTH 16

/*
 * The numbers of a name, without what stands between them: two addresses of 4 or 16 bytes, and both ports. All are
 * written and read in one go; addresses are copied as if they had 16 bytes, and what comes next is put over the rest.
 */
#define NUMBERS_MOST (16 + 16 + 4)

static bool ends_with(struct unsock_span name, const char *suffix) {
    size_t length = strlen(suffix);
    return name.length >= length && unsock_same(name.at + name.length - length, suffix, length);
}

/* "@ADDR.dgram.sock" or "@XXXXX.udp", what follows the port of a datagram socket beside another one. */
static bool read_own(struct unsock_span name, struct unsock_name *result) {
    const char *suffix = ends_with(name, ".udp") ? ".udp" : ".dgram.sock";
    size_t most = strlen(suffix);
    if (name.length <= 1 + most || !ends_with(name, suffix))
        return false;
    result->own = true;
    result->type = SOCK_DGRAM;
    if (!unsock_own_name_read((struct unsock_span){name.at + 1, name.length - 1 - most}, &result->address,
                              &result->address_known))
        return false;
    result->spelling.domain = result->address.family;
    result->spelling.v6only = true; /* [::] for both families has nobody beside it */
    result->spelling.ip = result->address_known ? result->address : unsock_address_default(result->address.family, 0);
    return true;
}

/* .PORT@ADDR[+N] of a stream. */
static bool read_stream_own(struct unsock_span name, struct unsock_name *result) {
    if (!unsock_port_name_read(name, &result->port, &result->entry))
        return false;
    struct unsock_spelling *spelling = &result->spelling;
    result->type = SOCK_STREAM;
    result->own = true;
    result->address_known = unsock_port_entry_ip(&result->entry, &result->address, &spelling->v6only);
    if (result->address.family == 0)
        return false;
    result->address.port = result->port;
    spelling->domain = result->address.family;
    spelling->ip = result->address_known ? result->address : unsock_address_default(spelling->domain, 0);
    return true;
}

/*
 * ".INDEX" at the end of a name that began with a dot; none at all where a datagram socket has made room for the link
 * that says that there are others on its port.
 */
static bool cut_index(struct unsock_span *name, uint64_t *hidden) {
    struct unsock_span rest = *name, index = {name->at + name->length, 0};
    if (ends_with(*name, ".udp"))
        return true;
    while (rest.length > 0 && rest.at[rest.length - 1] != '.') {
        rest.length--;
        index = (struct unsock_span){index.at - 1, index.length + 1};
    }
    rest.length -= rest.length > 0;
    *name = rest;
    return unsock_span_number(index, 10, UINT8_MAX, hidden);
}

bool unsock_kernel_name_read_file(struct unsock_span name, struct unsock_name *result) {
    uint32_t port = 0;
    uint64_t hidden = 0;
    bool dotted = false;
    result->own = false;
    result->hidden = 0;
    if (read_stream_own(name, result))
        return true;
    unsock_spelling_read(&name, &result->spelling);
    if (name.length > 0 && name.at[0] == '.') {
        name = (struct unsock_span){name.at + 1, name.length - 1};
        dotted = true;
        if (!cut_index(&name, &hidden))
            return false;
    }
    result->hidden = (uint8_t)hidden;
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
    result->address.port = result->port;
    if (length > 0 && suffix[0] == '@' && !dotted) {
        bool good = read_own((struct unsock_span){suffix, length}, result);
        result->address.port = result->port;
        return good;
    }
    bool aside = dotted && length == 4 && unsock_same(suffix, ".udp", 4);
    return (stream && !dotted) || aside || (length == 11 && unsock_same(suffix, ".dgram.sock", 11));
}

/* The length of the address's digits in the endpoint here that ends with `end`; 0 when there is none. */
static size_t address_digits(const char *at, size_t length, char end) {
    if (length > ENDPOINT4_LENGTH && at[ENDPOINT4_LENGTH] == end)
        return ENDPOINT4_LENGTH - PORT_LENGTH;
    return length > ENDPOINT6_LENGTH && at[ENDPOINT6_LENGTH] == end ? ENDPOINT6_LENGTH - PORT_LENGTH : 0;
}

static void take_address(const uint8_t *bytes, size_t size, uint16_t port, struct unsock_ip *ip) {
    *ip = (struct unsock_ip){.family = size == 4 ? AF_INET : AF_INET6, .port = __builtin_bswap16(port)};
    if (size == 4)
        memcpy(ip->bytes, bytes, 4);
    else
        memcpy(ip->bytes, bytes, 16);
}

/* `at` has 108 - 8 bytes, `first` and `second` digits of addresses in them. */
static bool read_numbers(const char *at, size_t first, size_t second, uint8_t *bytes) {
    char digits[2 * NUMBERS_MOST];
    uint32_t ports[2];
    const char *target = at + first + PORT_LENGTH + 1;
    memcpy(digits, at, 32);
    memcpy(digits + first, target, 32);
    memcpy(&ports[0], at + first + 1, 4);
    memcpy(&ports[1], target + second + 1, 4);
    uint64_t both = ports[0] | (uint64_t)ports[1] << 32;
    memcpy(digits + first + second, &both, 8);
    return at[first] == ':' && target[second] == ':' && unsock_hex_read(digits, (first + second) / 2 + 4, bytes);
}

bool unsock_kernel_name_read_stream(const struct sockaddr_un *address, size_t length, struct unsock_ip *source,
                                    struct unsock_ip *target) {
    uint8_t bytes[NUMBERS_MOST];
    uint32_t ports;
    const char *at = address->sun_path + STREAM_PREFIX_LENGTH;
    length = UNSOCK_MIN(length, sizeof(*address));
    if (length <= UNSOCK_SUN_PATH_OFFSET + STREAM_PREFIX_LENGTH ||
        !unsock_same(address->sun_path, stream_prefix, STREAM_PREFIX_LENGTH))
        return false;
    length -= UNSOCK_SUN_PATH_OFFSET + STREAM_PREFIX_LENGTH;
    size_t first = address_digits(at, length, ' ');
    /* Then the other endpoint, one character that only spreads names, and a tag, which may be missing: older clients
     * had none. */
    size_t second = length - first - 2 * PORT_LENGTH - 2;
    second -= second == 8 + TAG_LENGTH || second == 32 + TAG_LENGTH ? TAG_LENGTH : 0;
    if (first == 0 || (second != 8 && second != 32) || !read_numbers(at, first, second, bytes))
        return false;
    memcpy(&ports, bytes + (first + second) / 2, 4);
    take_address(bytes, first / 2, (uint16_t)ports, source);
    take_address(bytes + first / 2, second / 2, (uint16_t)(ports >> 16), target);
    return true;
}

static bool is_in_directory(struct unsock_span name) {
    size_t directory = unsock_settings.directory_length;
    return name.length > directory + 1 && name.at[directory] == '/' &&
           unsock_same(name.at, unsock_settings.directory, directory);
}

struct unsock_name unsock_kernel_name_read(const struct sockaddr_un *address, size_t length) {
    struct unsock_name result = {.kind = UNSOCK_NAME_FOREIGN};
    if (length <= UNSOCK_SUN_PATH_OFFSET) {
        result.kind = UNSOCK_NAME_NONE;
        return result;
    }
    struct unsock_span name = {address->sun_path, UNSOCK_MIN(length, sizeof(*address)) - UNSOCK_SUN_PATH_OFFSET};
    if (name.at[0] == '\0') {
        if (unsock_kernel_name_read_stream(address, length, &result.source, &result.target))
            result.kind = UNSOCK_NAME_STREAM;
        return result;
    }
    /* The kernel counts the NUL at the end. */
    name.length -= name.at[name.length - 1] == '\0';
    size_t skipped = unsock_settings.directory_length + 1;
    if (is_in_directory(name) &&
        unsock_kernel_name_read_file((struct unsock_span){name.at + skipped, name.length - skipped}, &result))
        result.kind = UNSOCK_NAME_FILE;
    return result;
}

/*
 * The spelling (rules/spelling.h) is all slashes and "./" before the name of the file, but for the first slash, which
 * ends the directory's own name: that has none of these at its end.
 */
bool unsock_kernel_name_read_anywhere(const struct sockaddr_un *address, size_t length, struct unsock_name *result,
                                      struct unsock_span *file) {
    *result = (struct unsock_name){.kind = UNSOCK_NAME_FILE};
    if (length <= UNSOCK_SUN_PATH_OFFSET || address->sun_path[0] != '/')
        return false;
    size_t end = UNSOCK_MIN(length, sizeof(*address)) - UNSOCK_SUN_PATH_OFFSET;
    end -= address->sun_path[end - 1] == '\0';
    size_t start = end;
    while (start > 0 && address->sun_path[start - 1] != '/')
        start--;
    *file = (struct unsock_span){address->sun_path + start, end - start};
    for (size_t step = 1; step > 0; start -= step) {
        step = start > 1 && address->sun_path[start - 2] == '/';
        if (start > 2 && unsock_same(address->sun_path + start - 3, "/./", 3))
            step = 2;
    }
    return unsock_kernel_name_read_file((struct unsock_span){address->sun_path + start, end - start}, result);
}

/* What follows the addresses. Returns the end. */
static char *put_tag(char *at, uint64_t tag) {
    uint8_t bytes[TAG_LENGTH / 2];
    memcpy(bytes, &tag, sizeof(bytes));
    unsock_hex_write(bytes, sizeof(bytes), at);
    return at + TAG_LENGTH;
}

socklen_t unsock_kernel_name_stream(const struct unsock_ip *source, const struct unsock_ip *target, uint64_t directory,
                                    struct sockaddr_un *name) {
    uint8_t bytes[NUMBERS_MOST];
    char digits[2 * NUMBERS_MOST];
    size_t first = source->family == AF_INET ? 8 : 32;
    size_t second = target->family == AF_INET ? 8 : 32;
    uint32_t ports = __builtin_bswap16(source->port) | (uint32_t)__builtin_bswap16(target->port) << 16;
    memcpy(bytes, source->bytes, 16);
    memcpy(bytes + first / 2, target->bytes, 16);
    memcpy(bytes + (first + second) / 2, &ports, 4);
    unsock_hex_write(bytes, (first + second) / 2 + 4, digits);
    name->sun_family = AF_UNIX;
    memcpy(name->sun_path, stream_prefix, STREAM_PREFIX_LENGTH);
    char *at = name->sun_path + STREAM_PREFIX_LENGTH;
    memcpy(at, digits, 32);
    at[first] = ':';
    memcpy(at + first + 1, digits + first + second, 4);
    at += first + PORT_LENGTH;
    *at++ = ' ';
    memcpy(at, digits + first, 32);
    at[second] = ':';
    memcpy(at + second + 1, digits + first + second + 4, 4);
    at += second + PORT_LENGTH;
    /*
     * The kernel sums names up and folds the sum: digits alone would crowd a part of its table (net/unix/af_unix.c).
     * ASCII, because a server that is not under unsock may read the name as text.
     */
    *at++ = (char)('0' + source->port % 64);
    return (socklen_t)(put_tag(at, directory) - (char *)name);
}

socklen_t unsock_kernel_name_keyed(const struct unsock_ip *source, const struct unsock_ip *target,
                                   const uint64_t key[2], struct sockaddr_un *name) {
    socklen_t length = unsock_kernel_name_stream(source, target, 0, name);
    uint64_t hash = unsock_keyed_hash(key, name->sun_path, length - UNSOCK_SUN_PATH_OFFSET);
    put_tag((char *)name + length - TAG_LENGTH, hash);
    return length;
}
