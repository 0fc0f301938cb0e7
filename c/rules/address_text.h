/*
 * How an address is written in the names of socket files: as text with '-' for each colon, or, where that is too long
 * for a socket's path, as five characters. Pure.
 */
#ifndef UNSOCK_ADDRESS_TEXT_H
#define UNSOCK_ADDRESS_TEXT_H

#include "rt/text.h"
#include "rules/ip.h"

/* Writes an address, '-' for each colon; or, `shortened`, the five characters that stand for it. */
void unsock_address_text_put(struct unsock_text *text, const struct unsock_ip *ip, bool shortened);

/* Writes an address as people do (RFC 5952). */
void unsock_address_text_show(struct unsock_text *text, const struct unsock_ip *ip);

/*
 * Reads one. Of five characters that may stand for other addresses too only the family is told: then `known` is false.
 */
bool unsock_address_text_read(struct unsock_span text, struct unsock_ip *ip, bool *known);

#endif
