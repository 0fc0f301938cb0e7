/* What `expose --http` says itself, as whole answers of HTTP/1. */
#ifndef UNSOCK_HTTP_PAGE_H
#define UNSOCK_HTTP_PAGE_H

#include "program/http_places.h"

/* One sentence. */
void unsock_http_page_say(struct unsock_text *text, unsigned status, const char *sentence);

/* All that is there, with links; `port`: this listener's. `only`: the ports of that place alone. */
void unsock_http_page_list(struct unsock_text *text, const struct unsock_http_places *places,
                           const struct unsock_http_place *only, uint16_t port);

#endif
