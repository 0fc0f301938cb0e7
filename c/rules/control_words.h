/* Where a control file leads, in words. Pure. */
#ifndef UNSOCK_CONTROL_WORDS_H
#define UNSOCK_CONTROL_WORDS_H

#include "rt/text.h"
#include "unsock.h"

/* `file` is a valid one. Bytes of others are written out where they would not print. */
void unsock_control_describe(struct unsock_text *text, const struct unsock_control_file *file);

/* The same of one of its addresses. */
void unsock_control_describe_address(struct unsock_text *text, const uint8_t *address, uint32_t length);

/* Of a valid sockaddr_un: its path, or its abstract name without the NUL in front. */
struct unsock_span unsock_control_path(const uint8_t *address, uint32_t length);

#endif
