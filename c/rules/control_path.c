/* unix(7): a path has a NUL behind it where that still fits; an abstract name counts to its last byte. */
#include "rules/control_path.h"

#include "rt/mem.h"
#include "rt/net.h"

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
