/*
 * Which names with addresses a port has: told by what a link says that nobody follows, so that nobody has to look
 * through the whole directory. It may have more than there are, of those that were killed, and never less: a name is
 * put down before it is made. Where there is none, the directory tells (files/walk). Everything here is done with the
 * directory locked.
 */
#ifndef UNSOCK_OWN_INDEX_H
#define UNSOCK_OWN_INDEX_H

#include "rt/text.h"
#include "rules/ip.h"
#include "rules/own_list.h"

/* The port has no such names, and is about to have some: it is said to have several from now on. */
void unsock_own_index_begin(uint16_t port);

/*
 * The name of that address is about to be made; `alias`: as a link. Returns 0 or -errno: then it must not be made, as
 * others would not know of it.
 */
long unsock_own_index_add(const struct unsock_ip *ip, bool alias);

/* Reads it. False: there is none, the directory tells. `text` is as large as the longest, and `list` is in it. */
bool unsock_own_index_read(uint16_t port, char *text, struct unsock_span *list);

/* The first `count` of them (links if `alias`, else the others) are not there any more. */
void unsock_own_index_drop(uint16_t port, bool alias, unsigned count);

/*
 * The port has no such names any more. Returns 0 or -errno: then it must go on being said to have several, so that the
 * next one tries again.
 */
long unsock_own_index_end(uint16_t port);

#endif
