/* Which file is mapped where something is. */
#ifndef UNSOCK_RT_OBJECT_H
#define UNSOCK_RT_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The path of the file that is mapped around `address` by the dynamic linker, and where that mapping starts. False
 * where nobody tells: glibc does since 2.35.
 */
bool unsock_object_of(const void *address, const char **file, uint64_t *start);

#endif
