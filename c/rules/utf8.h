/* UTF-8 (RFC 3629). */
#ifndef UNSOCK_UTF8_H
#define UNSOCK_UTF8_H

#include "rt/text.h"

#include <stdbool.h>

/* How many bytes the first character of a text has, which is not empty; 0: it is none. */
unsigned unsock_utf8_next(const char *text);

/* Is the text UTF-8, without surrogates and without what is written longer than it needs to be? */
bool unsock_utf8_is(const char *text);

/*
 * Appends bytes of somebody else's, at most 255, as they may be shown: control characters become "\x1b", and what is no
 * UTF-8 U+FFFD.
 */
void unsock_utf8_show(struct unsock_text *text, struct unsock_span span);

#endif
