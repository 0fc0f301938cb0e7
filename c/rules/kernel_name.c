/* Reads the names of kernel sockets and of files in the directory, and makes the name that a client binds. Pure. */
#include "rules/port_name.h"

#include "rules/settings.h"

#define STREAM_PREFIX_LENGTH 8
static const char stream_prefix[STREAM_PREFIX_LENGTH] = "\0unsock ";

/* An endpoint is the digits of the address, ':', and the digits of the port. */
#define PORT_LENGTH (1 + 4)
#define ENDPOINT4_LENGTH (8 + PORT_LENGTH)
#define ENDPOINT6_LENGTH (32 + PORT_LENGTH)
#define TAG_LENGTH 16

/* The numbers in a name: two addresses of 4 or 16 bytes, then both ports. They are written and read in one step: an
 * address is copied as if it had 16 bytes, and the next number overwrites the surplus. */
#define NUMBERS_MOST (16 + 16 + 4)

/* Reads PORT.sock or PORT.dgram.sock. */
static bool read_plain(struct unsock_span name, struct unsock_port_entry *entry) {
    unsigned port = 0;
    size_t at = 0;
    for (; at < name.length && at < 5 && name.at[at] >= '0' && name.at[at] <= '9'; at++)
        port = 10 * port + (unsigned)(name.at[at] - '0');
    struct unsock_span rest = {name.at + at, name.length - at};
    bool stream = unsock_span_is(rest, ".sock");
    if (at == 0 || name.at[0] == '0' || port > 65535)
        return false;
    *entry = (struct unsock_port_entry){.type = stream ? SOCK_STREAM : SOCK_DGRAM, .ip.port = (uint16_t)port};
    return stream || unsock_span_is(rest, ".dgram.sock");
}

static bool read_file_name(struct unsock_span name, struct unsock_port_entry *entry) {
    return name.length > 0 && name.at[0] == '.' ? unsock_port_name_read(name, entry) : read_plain(name, entry);
}

/* Returns the number of the address's digits in an endpoint that is followed by `end`; 0 if there is no endpoint. */
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

/* Reads two endpoints whose addresses have `first` and `second` digits. At `at`, 100 bytes of sun_path can be read. */
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
    /* Behind the first endpoint are a blank, the second endpoint, a character against hash collisions, and 16 digits
     * (the directory's number, or a hash), which the names of old clients lack. */
    size_t second = length - first - 2 * PORT_LENGTH - 2;
    second -= second == 8 + TAG_LENGTH || second == 32 + TAG_LENGTH ? TAG_LENGTH : 0;
    if (first == 0 || (second != 8 && second != 32) || !read_numbers(at, first, second, bytes))
        return false;
    memcpy(&ports, bytes + (first + second) / 2, 4);
    take_address(bytes, first / 2, (uint16_t)ports, source);
    take_address(bytes + first / 2, second / 2, (uint16_t)(ports >> 16), target);
    return true;
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
    /* The kernel's length includes the NUL at the end of a path. */
    name.length -= name.at[name.length - 1] == '\0';
    size_t skipped = unsock_settings.directory_length + 1;
    if (name.length > skipped && name.at[skipped - 1] == '/' &&
        unsock_same(name.at, unsock_settings.directory, skipped - 1) &&
        read_file_name((struct unsock_span){name.at + skipped, name.length - skipped}, &result.entry))
        result.kind = UNSOCK_NAME_FILE;
    return result;
}

bool unsock_kernel_name_read_anywhere(const struct sockaddr_un *address, size_t length, struct unsock_name *result,
                                      struct unsock_span *file) {
    *result = (struct unsock_name){.kind = UNSOCK_NAME_FILE};
    if (length <= UNSOCK_SUN_PATH_OFFSET || address->sun_path[0] != '/')
        return false;
    size_t end = UNSOCK_MIN(length, sizeof(*address)) - UNSOCK_SUN_PATH_OFFSET;
    end -= address->sun_path[end - 1] == '\0';
    *file = unsock_base_name((struct unsock_span){address->sun_path, end});
    return read_file_name(*file, &result->entry);
}

/* Writes the number in TAG_LENGTH digits. Returns the end. */
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
    /* The kernel's hash of a name adds up the name's bytes, so digits alone would crowd a part of the kernel's table
     * (net/unix/af_unix.c). The character is ASCII, as a server that is not under unsock may read the name as text. */
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

#define LOCK ".unsock.lock"
#define ASIDE ".unsock.gone" /* files/target_file.c */

static bool is_number_behind(struct unsock_span name, const char *start, unsigned base, uint64_t most) {
    size_t length = strlen(start);
    uint64_t number;
    return name.length > length && unsock_same(name.at, start, length) &&
           unsock_span_number((struct unsock_span){name.at + length, name.length - length}, base, most, &number);
}

bool unsock_file_name_is_unfinished_lock(struct unsock_span name) {
    return is_number_behind(name, LOCK ".", 10, INT32_MAX);
}

bool unsock_file_name_is_unfinished_control(struct unsock_span name) {
    return name.length == strlen(UNSOCK_FILE_CONTROL_PART) + UNSOCK_FILE_CONTROL_DIGITS &&
           is_number_behind(name, UNSOCK_FILE_CONTROL_PART, 16, UINT64_MAX);
}

enum unsock_file_kind unsock_file_name_read(struct unsock_span name, struct unsock_port_entry *entry) {
    bool next;
    if (read_file_name(name, entry))
        return unsock_port_entry_is_plain(entry) ? UNSOCK_FILE_PORT : UNSOCK_FILE_SOCKET;
    if (unsock_port_record_name_read(name, entry, &next))
        return next ? UNSOCK_FILE_NEXT : UNSOCK_FILE_RECORD;
    *entry = (struct unsock_port_entry){.number = 0};
    bool inner = unsock_span_is(name, LOCK) || unsock_span_is(name, ASIDE) ||
                 unsock_file_name_is_unfinished_lock(name) || unsock_file_name_is_unfinished_control(name);
    return inner ? UNSOCK_FILE_INNER : UNSOCK_FILE_NONE;
}
