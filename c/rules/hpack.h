/*
 * For whom the requests of an HTTP/2 connection are, from its compressed headers (RFC 7541). Of the table of fields
 * that decoding needs, only sizes are kept, and whether a field says for whom: the values themselves decide nothing.
 * Pure.
 */
#ifndef UNSOCK_HPACK_H
#define UNSOCK_HPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNSOCK_HPACK_TABLE 4096 /* the size at first, and the most here: who answers must not allow more */
#define UNSOCK_HPACK_ENTRIES (UNSOCK_HPACK_TABLE / 32)
#define UNSOCK_HPACK_AUTHORITY_MOST 256

enum unsock_hpack_kind { UNSOCK_HPACK_NONE, UNSOCK_HPACK_SAME, UNSOCK_HPACK_ANOTHER };

struct unsock_hpack_entry {
    uint16_t size; /* with the 32 bytes that each counts more */
    uint16_t name_length;
    bool is_authority; /* its name is :authority or host */
    uint8_t kind;      /* what its value says of whom it is for */
};

/* `limit` is UNSOCK_HPACK_TABLE at first, all else zero. */
struct unsock_hpack {
    struct unsock_hpack_entry entries[UNSOCK_HPACK_ENTRIES];
    unsigned newest, count;
    uint32_t used, limit;
    size_t length; /* of `authority`, which the first request has said; 0: none has */
    char authority[UNSOCK_HPACK_AUTHORITY_MOST];
};

/*
 * Reads a whole block of headers, the next one of the connection. Returns false when it is none, or is for somebody
 * else than the first one.
 */
bool unsock_hpack_read(struct unsock_hpack *hpack, const uint8_t *block, size_t size);

#endif
