/* Asked of the dynamic linker, which knows without a system call. Its symbol is weak, as all of libc's. */
#include "rt/code.h"

#include <stddef.h>

/* dlfcn.h and link.h, as far as they are needed. */
struct link_map {
    uintptr_t difference;
    const char *name;
};

struct dl_find_object {
    unsigned long long flags;
    void *start;
    void *end;
    const struct link_map *map;
    void *frames;
    uint64_t reserved[7];
};

extern int _dl_find_object(const void *address, struct dl_find_object *result) __attribute__((weak));

bool unsock_object_of(const void *address, const char **file, uint64_t *start) {
    struct dl_find_object object;
    if (!_dl_find_object || _dl_find_object(address, &object) != 0)
        return false;
    *file = object.map->name;
    *start = (uint64_t)object.start;
    return true;
}
