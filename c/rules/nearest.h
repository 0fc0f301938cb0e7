/* What a misspelt word was meant to be. lib/system/nearest.ts has the same rules. Pure. */
#ifndef UNSOCK_NEAREST_H
#define UNSOCK_NEAREST_H

#include "rt/text.h"

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
