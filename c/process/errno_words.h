/* errnos in words, for those who start a program. */
#ifndef UNSOCK_ERRNO_WORDS_H
#define UNSOCK_ERRNO_WORDS_H

/* `error` is positive. Never NULL. */
const char *unsock_errno_words(long error);

#endif
