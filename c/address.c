/* Which addresses are redirected, and what a socket file or an abstract name stands for. Pure. */
#include "address.h"

#include "rt/mem.h"
#include "settings.h"

static const char stream_prefix[] = "\0unsock "; /* sizeof counts the NUL at the end: 9 */
#define STREAM_PREFIX_LENGTH (sizeof(stream_prefix) - 1)

static bool port_covered(uint16_t port) {
    for (unsigned i = 0; i < unsock_settings.port_count; i++) {
        if (port >= unsock_settings.ports[i].first && port <= unsock_settings.ports[i].last)
            return true;
    }
    return unsock_settings.port_count == 0 || port == 0;
}

bool unsock_address_covered(const struct unsock_ip *ip) {
    if (ip->family == 0 || !port_covered(ip->port))
        return false;
    for (unsigned i = 0; i < unsock_settings.address_count; i++) {
        const struct unsock_prefix *prefix = &unsock_settings.addresses[i];
        if (unsock_ip_in_prefix(ip, &prefix->ip, prefix->bits))
            return true;
    }
    return false;
}

bool unsock_address_covered_bind(const struct unsock_ip *ip, bool v6only) {
    if (unsock_address_covered(ip))
        return true;
    if (ip->family != AF_INET6 || v6only || !unsock_ip_is_wildcard(ip))
        return false;
    struct unsock_ip v4 = {.family = AF_INET, .port = ip->port};
    return unsock_address_covered(&v4);
}

struct unsock_ip unsock_address_default(int domain, uint16_t port) {
    struct unsock_ip ip = {.bytes = {127, 0, 0, 1}, .family = AF_INET};
    bool found = false;
    for (unsigned i = 0; i < unsock_settings.address_count; i++) {
        const struct unsock_ip *listed = &unsock_settings.addresses[i].ip;
        /* A socket of AF_INET6 has an IPv4 peer, mapped, where the list has no IPv6 address. */
        if (listed->family == domain) {
            ip = *listed;
            break;
        }
        if (listed->family == AF_INET && !found) {
            ip = *listed;
            found = true;
        }
    }
    if (unsock_ip_is_wildcard(&ip)) {
        /* No peer ever has the wildcard as its address. */
        uint8_t loopback4[16] = {127, 0, 0, 1};
        uint8_t loopback6[16] = {[15] = 1};
        memcpy(ip.bytes, ip.family == AF_INET ? loopback4 : loopback6, 16);
    }
    ip.port = port;
    return ip;
}

static void put_port(struct unsock_text *text, uint16_t port, int type) {
    unsock_text_number(text, port, 10, 1);
    unsock_text_put(text, type == SOCK_DGRAM ? ".dgram.sock" : ".sock");
}

static void start_path(struct unsock_text *text, struct sockaddr_un *path, const char *separator) {
    path->sun_family = AF_UNIX;
    unsock_text_start(text, path->sun_path, sizeof(path->sun_path));
    unsock_text_span(text, (struct unsock_span){unsock_settings.directory, unsock_settings.directory_length});
    unsock_text_put(text, separator);
}

/*
 * Written by hand: every datagram that is sent needs it. There is room, since the settings take no longer directory
 * (UNSOCK_DIR_MOST).
 */
socklen_t unsock_address_path(uint16_t port, int type, struct sockaddr_un *path) {
    static const char suffix[] = ".dgram.sock";
    char digits[5];
    int count = 0;
    char *at = path->sun_path + unsock_settings.directory_length;
    path->sun_family = AF_UNIX;
    memcpy(path->sun_path, unsock_settings.directory, unsock_settings.directory_length);
    *at++ = '/';
    do {
        digits[count++] = (char)('0' + port % 10);
        port /= 10;
    } while (port > 0);
    while (count > 0)
        *at++ = digits[--count];
    size_t skipped = type == SOCK_DGRAM ? 0 : sizeof(".dgram") - 1;
    memcpy(at, suffix + skipped, sizeof(suffix) - skipped);
    at += sizeof(suffix) - skipped;
    return (socklen_t)(at - (char *)path);
}

socklen_t unsock_address_shadow_path(uint16_t port, int type, unsigned index, struct sockaddr_un *path) {
    struct unsock_text text;
    start_path(&text, path, "/.");
    put_port(&text, port, type);
    unsock_text_char(&text, '.');
    unsock_text_number(&text, index, 10, 1);
    return (socklen_t)(UNSOCK_SUN_PATH_OFFSET + text.length + 1);
}

/*
 * Views as numbers: a leading 1 bit, then the bits that tell the view. The plain view is 1 alone; other IPv4 addresses
 * are the bits 11 and then 24 bits (of 127.x.y.z) or 32.
 */
#define OTHER_CODE 3u /* 11 */

static bool decode(uint64_t number, struct unsock_view *view) {
    struct unsock_ip none = {0};
    *view = (struct unsock_view){.domain = AF_INET, .ip = none};
    switch (number) {
    case 1: /* AF_INET, the default address */
        view->ip = unsock_address_default(AF_INET, 0);
        return true;
    case 2: /* 0.0.0.0 */
        view->ip.family = AF_INET;
        return true;
    case 3: /* [::] for both families */
    case 5: /* [::] for IPv6 only */
        view->domain = AF_INET6;
        view->ip.family = AF_INET6;
        view->v6only = number == 5;
        return true;
    case 4: /* AF_INET6, the default address */
    case 6: /* AF_INET6, but an IPv4 address */
        view->domain = AF_INET6;
        view->ip = unsock_address_default(number == 4 ? AF_INET6 : AF_INET, 0);
        return true;
    default:
        break;
    }
    unsigned count = number >> 26 == 1 ? 26 : 34;
    if (number >> count != 1 || (number >> (count - 2) & 3) != OTHER_CODE)
        return false;
    view->ip.family = AF_INET;
    for (int i = 0; i < 4; i++)
        view->ip.bytes[i] = (uint8_t)(number >> (24 - 8 * i));
    if (count == 26)
        view->ip.bytes[0] = 127;
    return true;
}

static bool same_view(const struct unsock_view *a, const struct unsock_view *b) {
    return a->domain == b->domain && a->v6only == b->v6only && unsock_ip_same_address(&a->ip, &b->ip);
}

/* The number of a view; the plain one's where there is none. */
static uint64_t encode(const struct unsock_view *view) {
    struct unsock_view other, shown = *view;
    shown.v6only &= unsock_ip_is_wildcard(&view->ip);
    for (uint64_t number = 1; number <= 6; number++) {
        if (decode(number, &other) && same_view(&shown, &other))
            return number;
    }
    if (view->domain != AF_INET || view->ip.family != AF_INET)
        return 1;
    uint64_t number = 1 << 2 | OTHER_CODE;
    for (int i = view->ip.bytes[0] == 127 ? 1 : 0; i < 4; i++)
        number = number << 8 | view->ip.bytes[i];
    return number;
}

int32_t unsock_address_view_number(const struct unsock_view *view) {
    uint64_t number = encode(view);
    return number > INT32_MAX ? 1 : (int32_t)number;
}

void unsock_address_view_read(int32_t number, struct unsock_view *view) {
    if (number < 1 || !decode((uint64_t)number, view))
        decode(1, view);
}

socklen_t unsock_address_spell(const struct unsock_view *view, struct sockaddr_un *path) {
    struct unsock_text text;
    struct sockaddr_un spelled;
    const char *name = path->sun_path + unsock_settings.directory_length + 1;
    uint64_t number = encode(view);
    start_path(&text, &spelled, "/");
    for (int i = 62 - __builtin_clzll(number); i >= 0; i--)
        unsock_text_put(&text, number >> i & 1 ? "./" : "/");
    unsock_text_put(&text, name);
    if (number > 1 && !text.cut)
        *path = spelled;
    return (socklen_t)(UNSOCK_SUN_PATH_OFFSET + strlen(path->sun_path) + 1);
}

static void read_spelling(struct unsock_span *name, struct unsock_view *view) {
    uint64_t number = 1;
    for (size_t step = 1; step > 0 && number >> 40 == 0;) {
        bool zero = name->length > 0 && name->at[0] == '/';
        bool one = name->length > 1 && name->at[0] == '.' && name->at[1] == '/';
        step = zero ? 1 : one ? 2 : 0;
        number = step > 0 ? number << 1 | one : number;
        *name = (struct unsock_span){name->at + step, name->length - step};
    }
    if (!decode(number, view))
        decode(1, view);
}

static bool take_suffix(struct unsock_span *name, const char *suffix) {
    size_t length = strlen(suffix);
    if (name->length < length || !unsock_same(name->at + name->length - length, suffix, length))
        return false;
    name->length -= length;
    return true;
}

/* PORT.sock, PORT.dgram.sock, or the hidden .PORT.sock.INDEX of either. */
static bool read_file_name(struct unsock_span name, struct unsock_name *result) {
    uint64_t port;
    read_spelling(&name, &result->view);
    if (name.length > 0 && name.at[0] == '.') {
        name = (struct unsock_span){name.at + 1, name.length - 1};
        while (name.length > 0 && name.at[name.length - 1] != '.')
            name.length--;
        if (name.length > 0)
            name.length--;
    }
    if (!take_suffix(&name, ".sock"))
        return false;
    result->type = take_suffix(&name, ".dgram") ? SOCK_DGRAM : SOCK_STREAM;
    if (!unsock_span_number(name, 10, 65535, &port) || port == 0 || name.at[0] == '0')
        return false;
    result->port = (uint16_t)port;
    return true;
}

/* ADDRESS:PORT in hexadecimal, most significant digit first: 8 or 32 digits, and 4. */
static bool read_endpoint(struct unsock_span text, struct unsock_ip *ip) {
    uint8_t bytes[18];
    size_t address = text.length == 13 ? 4 : 16;
    if ((text.length != 13 && text.length != 37) || text.at[2 * address] != ':')
        return false;
    bool good = unsock_text_hex_read(text.at, address, bytes) &&
                unsock_text_hex_read(text.at + 2 * address + 1, 2, bytes + 16);
    *ip = (struct unsock_ip){.family = address == 4 ? AF_INET : AF_INET6};
    memcpy(ip->bytes, bytes, address);
    ip->port = (uint16_t)(bytes[16] << 8 | bytes[17]);
    return good;
}

static void put_endpoint(struct unsock_text *text, const struct unsock_ip *ip) {
    uint8_t port[2] = {(uint8_t)(ip->port >> 8), (uint8_t)ip->port};
    unsock_text_hex(text, ip->bytes, ip->family == AF_INET ? 4 : 16);
    unsock_text_char(text, ':');
    unsock_text_hex(text, port, 2);
}

static bool read_stream_name(struct unsock_span name, struct unsock_name *result) {
    struct unsock_span source = unsock_span_next(&name, ' ');
    name.length -= name.length > 0;
    return read_endpoint(source, &result->source) && read_endpoint(name, &result->target);
}

struct unsock_name unsock_address_read_name(const struct sockaddr_un *address, size_t length) {
    struct unsock_name result = {.kind = UNSOCK_NAME_FOREIGN};
    if (length <= UNSOCK_SUN_PATH_OFFSET) {
        result.kind = UNSOCK_NAME_NONE;
        return result;
    }
    struct unsock_span name = {address->sun_path, UNSOCK_MIN(length, sizeof(*address)) - UNSOCK_SUN_PATH_OFFSET};
    if (name.at[0] == '\0') {
        if (name.length > STREAM_PREFIX_LENGTH && unsock_same(name.at, stream_prefix, STREAM_PREFIX_LENGTH) &&
            read_stream_name((struct unsock_span){name.at + STREAM_PREFIX_LENGTH, name.length - STREAM_PREFIX_LENGTH},
                             &result))
            result.kind = UNSOCK_NAME_STREAM;
        return result;
    }
    /* The kernel counts the NUL at the end. */
    name.length -= name.at[name.length - 1] == '\0';
    size_t directory = unsock_settings.directory_length;
    if (name.length > directory + 1 && unsock_same(name.at, unsock_settings.directory, directory) &&
        name.at[directory] == '/' &&
        read_file_name((struct unsock_span){name.at + directory + 1, name.length - directory - 1}, &result))
        result.kind = UNSOCK_NAME_FILE;
    return result;
}

socklen_t unsock_address_stream_name(const struct unsock_ip *source, const struct unsock_ip *target,
                                     struct sockaddr_un *name) {
    struct unsock_text text;
    name->sun_family = AF_UNIX;
    memcpy(name->sun_path, stream_prefix, STREAM_PREFIX_LENGTH);
    unsock_text_start(&text, name->sun_path + STREAM_PREFIX_LENGTH, sizeof(name->sun_path) - STREAM_PREFIX_LENGTH);
    put_endpoint(&text, source);
    unsock_text_char(&text, ' ');
    put_endpoint(&text, target);
    /*
     * The kernel sums names up and folds the sum: digits alone would crowd a part of its table (net/unix/af_unix.c).
     * ASCII, because a server that is not under unsock may read the name as text.
     */
    unsock_text_char(&text, (char)('0' + source->port % 64));
    return (socklen_t)(UNSOCK_SUN_PATH_OFFSET + STREAM_PREFIX_LENGTH + text.length);
}
