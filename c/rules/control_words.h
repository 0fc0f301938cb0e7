/* Where a control file leads, in words. Pure. */
#ifndef UNSOCK_CONTROL_WORDS_H
#define UNSOCK_CONTROL_WORDS_H

#include "rt/text.h"
#include "unsock.h"

/* `file` is a valid one. Bytes of others are shown as '?' where they would not print. */
void unsock_control_describe(struct unsock_text *text, const struct unsock_control_file *file);

#endif
