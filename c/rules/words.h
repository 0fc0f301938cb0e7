/* Checks UTF-8, and finds the word that a misspelt one was meant to be. Pure. */
#ifndef UNSOCK_RULES_WORDS_H
#define UNSOCK_RULES_WORDS_H

#include "rt/text.h"

/* Returns the length of the first character in bytes, or 0 if it is not UTF-8. The text is not empty. */
unsigned unsock_utf8_next(const char *text);

/* True if the text is UTF-8, without surrogates and overlong characters. */
bool unsock_utf8_is(const char *text);

/* Returns the word of this number, NULL after the last. */
typedef const char *unsock_word(const void *context, unsigned index);

/* Returns the first word that begins with `name`, or else the nearest one. Returns NULL if no word is near, or if
 * `name` has fewer than two letters (after a single dash, one is enough). A slip is a letter inserted, removed,
 * replaced, or swapped with the next one. One slip is allowed; in a name of six letters or more, one for each three
 * letters. The first `prefix` characters of the name ("UNSOCK_", "--", "-") do not count as letters. A name with one
 * dash also matches an option with two. lib/system/nearest.ts has the same rules. */
const char *unsock_nearest(struct unsock_span name, size_t prefix, unsock_word *word, const void *context);

#endif
