/* Groups of users, by name. */
#ifndef UNSOCK_GROUP_H
#define UNSOCK_GROUP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The number of the group that is called so, in /etc/group or wherever else this system keeps them (getent(1)); else
 * the name as a number. False: none of these.
 */
bool unsock_group_named(const char *name, uint32_t *group);

#endif
