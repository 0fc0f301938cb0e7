/* A command that changes to another user (sudo, su, runuser, setpriv) and then executes the rest of its line. */
#ifndef UNSOCK_USER_CHANGE_H
#define UNSOCK_USER_CHANGE_H

#include "rt/text.h"

#include <stdint.h>

#define UNSOCK_USER_NAME_MOST 64
#define UNSOCK_USER_GROUPS_MOST 64

struct unsock_user {
    char name[UNSOCK_USER_NAME_MOST];
    uint32_t uid;
    unsigned group_count; /* the first is the user's own */
    uint32_t groups[UNSOCK_USER_GROUPS_MOST];
};

/*
 * Is `file`, executed with `argv`, such a command, by root, and to another user? Which one, as far as its arguments and
 * /etc/passwd tell; else nobody at all.
 */
bool unsock_user_change(const char *file, const char *const *argv, struct unsock_user *user);

/* The user of this name or number, with his groups. False: neither a number nor in /etc/passwd. */
bool unsock_user_named(const char *told, struct unsock_user *user);

/*
 * May that user do with the file what the bits say: read (4), write (2), execute or enter (1)? A child with his rights
 * tries it. Returns 0, or errno's negative; 1: this process may not take on his rights.
 */
long unsock_user_access(const struct unsock_user *user, const char *path, int rights);

/* May that user read and map the library? A child with his rights tries it; yes where it cannot take them on. */
bool unsock_user_may_load(const struct unsock_user *user, const char *library);

#endif
