/*
 * Who else than root and this process's user could have written a file, or put another directory in the place of one.
 * Not on a call path: it needs much memory, which is static, and so is called by one thread at a time.
 */
#ifndef UNSOCK_TRUST_H
#define UNSOCK_TRUST_H

#include "rt/text.h"

/*
 * Could somebody other than root and this process's user have written the file at the absolute path, or have put it
 * there? Looks at the file, at the directories above it, and at those that links lead through. Then says so in `why`
 * ("everybody may write to /tmp/x"), and returns false. Code in such a file runs with the rights of whoever loads it.
 * lib/run/trusted_file.ts says the same before there is a library to ask.
 */
bool unsock_trust(const char *path, struct unsock_text *why);

enum unsock_place {
    UNSOCK_PLACE_FIXED,  /* by root and the user alone */
    UNSOCK_PLACE_OWNERS, /* also by the directory's own owner, whom an ordinary user trusts who names it; or by nobody
                          * whom that would help, since this user cannot reach it */
    UNSOCK_PLACE_OPEN,   /* by others, of whom `why` says one */
};

/*
 * Who could put another directory in the place of the one at the absolute path? Looks at what is above it, not at who
 * may write to it.
 */
enum unsock_place unsock_trust_place(const char *path, struct unsock_text *why);

#endif
