/* Checks and reads control files. */
#include "rules/control.h"

#include "rt/base.h"

static uint16_t family_of_control(const uint8_t *address) {
    uint16_t family;
    memcpy(&family, address, sizeof(family));
    return family;
}

/* True for the address of a path or, if `abstract`, of an abstract name; false for the unnamed address. */
static bool unix_address_fits(const uint8_t *address, uint32_t length, bool abstract) {
    if (family_of_control(address) != AF_UNIX || length <= UNSOCK_SUN_PATH_OFFSET ||
        length > sizeof(struct sockaddr_un))
        return false;
    return address[UNSOCK_SUN_PATH_OFFSET] != '\0' || (abstract && length > UNSOCK_SUN_PATH_OFFSET + 1);
}

static bool dest_fits(const uint8_t *address, uint32_t length) {
    switch (family_of_control(address)) {
    case AF_UNIX:
        return unix_address_fits(address, length, true);
    case AF_INET6:
        return length == sizeof(struct sockaddr_in6);
    case AF_INET:
    case UNSOCK_AF_TIPC:
    case UNSOCK_AF_VSOCK:
        return length == 16;
    default:
        return false;
    }
}

bool unsock_control_check(const void *bytes, size_t length) {
    struct unsock_control_file file;
    if (!bytes || length != sizeof(file))
        return false;
    memcpy(&file, bytes, sizeof(file));
    if (file.magic != UNSOCK_CONTROL_MAGIC || (file.options & ~(uint64_t)UNSOCK_CONTROL_FIRECRACKER) != 0)
        return false;
    if (file.proxy_length > sizeof(file.proxy) || file.dest_length > sizeof(file.dest))
        return false;
    if (!dest_fits(file.dest, file.dest_length))
        return false;
    if (!(file.options & UNSOCK_CONTROL_FIRECRACKER))
        return true;
    return unix_address_fits(file.proxy, file.proxy_length, false) && family_of_control(file.dest) == UNSOCK_AF_VSOCK;
}

bool unsock_control_is_meant(const void *bytes, size_t length) {
    struct unsock_control_file file;
    if (length != sizeof(file))
        return false;
    memcpy(&file, bytes, sizeof(file));
    return file.magic == UNSOCK_CONTROL_MAGIC;
}

bool unsock_control_refuses(const struct unsock_control_file *file) {
    static const char nobody[] = UNSOCK_CONTROL_NOBODY;
    return family_of_control(file->dest) == AF_UNIX && file->dest_length >= UNSOCK_SUN_PATH_OFFSET + sizeof(nobody) &&
           unsock_same(file->dest + UNSOCK_SUN_PATH_OFFSET, nobody, sizeof(nobody));
}

bool unsock_control_half_close_set(struct unsock_control_file *file, const char *word) {
    struct unsock_control_sockopt slot = {.key = UNSOCK_CONTROL_HALF_CLOSE};
    bool hold = unsock_span_is(unsock_span_of(word), "hold");
    if (!hold && !unsock_span_is(unsock_span_of(word), "pass"))
        return false;
    slot.value[0] = hold ? UNSOCK_CONTROL_HALF_CLOSE_HOLD : UNSOCK_CONTROL_HALF_CLOSE_PASS;
    file->sockopts[UNSOCK_CONTROL_SOCKOPTS - 1] = slot;
    return true;
}

bool unsock_control_holds_half_close(const struct unsock_control_file *file) {
    for (int i = 0; i < UNSOCK_CONTROL_SOCKOPTS; i++) {
        struct unsock_control_sockopt slot = file->sockopts[i];
        if (slot.group == 0 && slot.key == UNSOCK_CONTROL_HALF_CLOSE)
            return slot.value[0] != UNSOCK_CONTROL_HALF_CLOSE_PASS;
    }
    return (file->options & UNSOCK_CONTROL_FIRECRACKER) || family_of_control(file->dest) == UNSOCK_AF_TIPC;
}

int unsock_check_control(const void *bytes, size_t length) {
    return unsock_control_check(bytes, length) ? 0 : -EINVAL;
}

bool unsock_control_to_path(struct unsock_control_file *file, const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    bool abstract = path[0] == '@';
    size_t length = strlen(path);
    if (length == 0 || (abstract && length == 1) || length > sizeof(address.sun_path))
        return false;
    memcpy(address.sun_path, path, length);
    if (abstract)
        address.sun_path[0] = '\0';
    else if (length < sizeof(address.sun_path))
        length++;
    *file = (struct unsock_control_file){.magic = UNSOCK_CONTROL_MAGIC};
    file->dest_length = (uint32_t)(UNSOCK_SUN_PATH_OFFSET + length);
    memcpy(file->dest, &address, sizeof(address));
    return true;
}
