/*
 * A list of the addresses that have names of their own on a port, as text: four characters for one of 127.0.0.0/8, more
 * for others; and those whose name is a link to the file of who has the port. Pure.
 */
#ifndef UNSOCK_OWN_LIST_H
#define UNSOCK_OWN_LIST_H

#include "rt/text.h"
#include "rules/ip.h"

#define UNSOCK_OWN_LIST_MOST 1152 /* bytes, with the NUL: 254 addresses and some more */

/* Appends one. `alias`: its name is such a link. */
void unsock_own_list_put(struct unsock_text *text, const struct unsock_ip *ip, bool alias);

/* Cuts the next one off the front. False at the end, and at what is no such list: then *rest is not empty. */
bool unsock_own_list_next(struct unsock_span *rest, struct unsock_ip *ip, bool *alias);

/* Is it there? */
bool unsock_own_list_has(struct unsock_span list, const struct unsock_ip *ip, bool alias);

/* Is it one, to its end? */
bool unsock_own_list_is_whole(struct unsock_span list);

#endif
