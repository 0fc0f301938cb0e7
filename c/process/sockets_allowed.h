/* What every redirected socket needs of the kernel: AF_UNIX sockets, and bind. A sandbox's filter may forbid them. */
#ifndef UNSOCK_SOCKETS_ALLOWED_H
#define UNSOCK_SOCKETS_ALLOWED_H

#include "rt/text.h"

/* Returns false with one line, "sockets: which call: why: what to do", in `error`. Nothing is bound for the question.
 */
bool unsock_sockets_allowed(struct unsock_text *error);

#endif
