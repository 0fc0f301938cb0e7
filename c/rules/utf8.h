/* UTF-8 (RFC 3629). */
#ifndef UNSOCK_UTF8_H
#define UNSOCK_UTF8_H

#include <stdbool.h>

/* Is the text UTF-8, without surrogates and without what is written longer than it needs to be? */
bool unsock_utf8_is(const char *text);

#endif
