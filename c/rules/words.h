/* Words that people write and read. */
#ifndef UNSOCK_RULES_WORDS_H
#define UNSOCK_RULES_WORDS_H

#include "rt/text.h"
#include "unsock.h"

/* utf8.c: UTF-8 (RFC 3629). */

/* How many bytes the first character of a text has, which is not empty; 0: it is none. */
unsigned unsock_utf8_next(const char *text);

/* Is the text UTF-8, without surrogates and without what is written longer than it needs to be? */
bool unsock_utf8_is(const char *text);

/*
 * Appends bytes of somebody else's, at most 255, as they may be shown: control characters become "\x1b", and what is no
 * UTF-8 U+FFFD.
 */
void unsock_utf8_show(struct unsock_text *text, struct unsock_span span);

/* nearest.c: What a misspelt word was meant to be. lib/system/nearest.ts has the same rules. Pure. */

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

/* socket_options.c: Socket options of a control file as text: SO_RCVBUF=8192. Pure. */

/*
 * Reads NAME=VALUE; NAME as in C or LEVEL:NUMBER. VALUE is a whole number, seconds with decimals for the timeouts,
 * TYPE:INSTANCE:SCOPE:FLAGS for TIPC_GROUP_JOIN. Returns false with one line in `error`.
 */
bool unsock_socket_option_read(const char *text, struct unsock_control_sockopt *option, struct unsock_text *error);

/* Writes it as it is read. */
void unsock_socket_option_put(struct unsock_text *text, const struct unsock_control_sockopt *option);

#endif
