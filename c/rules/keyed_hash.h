/* SipHash-2-4 (Aumasson and Bernstein): a number that nobody can tell who does not have the key. Pure. */
#ifndef UNSOCK_KEYED_HASH_H
#define UNSOCK_KEYED_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t unsock_keyed_hash(const uint64_t key[2], const void *data, size_t size);

#endif
