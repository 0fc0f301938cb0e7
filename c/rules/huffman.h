/* Text in the Huffman code of RFC 7541, appendix B. Pure. */
#ifndef UNSOCK_HUFFMAN_H
#define UNSOCK_HUFFMAN_H

#include <stddef.h>
#include <stdint.h>

/* Writes as much of the text as there is room for. Returns its length; -1: it is none. */
long unsock_huffman_read(const uint8_t *bytes, size_t size, char *text, size_t room);

#endif
