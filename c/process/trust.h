/* Who could have written a file: code in it runs with the rights of whoever loads it. */
#ifndef UNSOCK_TRUST_H
#define UNSOCK_TRUST_H

#include "rt/text.h"

/*
 * Could somebody other than root and this process's user have written the file at the absolute path, or have put it
 * there? Looks at the file, at the directories above it, and at those that links lead through. Then says so in `why`
 * ("everybody may write to /tmp/x"), and returns false.
 */
bool unsock_trust(const char *path, struct unsock_text *why);

#endif
