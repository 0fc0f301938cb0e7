/* What `expose` says on its standard output: a line for what leads where. */
#ifndef UNSOCK_EXPOSE_WORDS_H
#define UNSOCK_EXPOSE_WORDS_H

#include "rt/text.h"
#include "rules/ip.h"

#define UNSOCK_EXPOSE_LINE_MOST 512

/* Writes where in the directory plain Unix programs reach a port. */
void unsock_expose_path(struct unsock_text *path, const char *directory, uint16_t port, int type);

/* "ADDRESS[/udp] WORDS PATH". Nobody need read it. */
void unsock_expose_tell(const struct unsock_ip *address, int type, const char *words, const char *path);

/* "FILE leads to PATH", for a control file. */
void unsock_expose_tell_control(const char *file, const char *path);

/* "expose: WHAT: WHY", for an address (`path` NULL) or a path. */
void unsock_expose_why_not(struct unsock_text *error, const struct unsock_ip *address, const char *path, long result);

#endif
