/* Words that people write and read. */
#ifndef UNSOCK_RULES_WORDS_H
#define UNSOCK_RULES_WORDS_H

#include "rt/text.h"

/* UTF-8 (RFC 3629). */

/* How many bytes the first character of a text has, which is not empty; 0: it is none. */
unsigned unsock_utf8_next(const char *text);

/* True if the text is UTF-8, without surrogates and overlong characters. */
bool unsock_utf8_is(const char *text);

/* Finds the word that a misspelt one was meant to be. lib/system/nearest.ts has the same rules. Pure. */

/* Words by number, NULL behind the last. */
struct unsock_words {
    const char *(*word)(const struct unsock_words *words, unsigned index);
    const char *(*name_of)(unsigned index); /* for `word` alone */
};

/*
 * The word that `name` begins, or that is a slip or two away: a letter inserted, removed, replaced, or swapped with the
 * next one. The first `prefix` letters of `name` do not count for how many slips there may be. NULL: none is near.
 */
const char *unsock_nearest(struct unsock_span name, size_t prefix, const struct unsock_words *words);

#endif
