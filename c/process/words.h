/* errnos in words, for those who start a program. */
#ifndef UNSOCK_WORDS_H
#define UNSOCK_WORDS_H

/* `error` is positive. Never NULL. */
const char *unsock_words_of(long error);

#endif
