/* The questions of `query` that are about sockets and their files. */
#ifndef UNSOCK_PROGRAM_QUERY_H
#define UNSOCK_PROGRAM_QUERY_H

#include "program/options.h"

/* Each writes the members of its answer. Returns true, or false with one line in `error`. */

/* query_sockets.c */

/* Reads the names in the directory at the absolute path `directory`. `value`: a port, NULL for all. */
bool unsock_query_names(struct unsock_json *json, const char *directory, const char *value, struct unsock_text *error);

/* The Unix sockets of this network namespace that are bound to a path. */
bool unsock_query_sockets(struct unsock_json *json);

/* Is a socket bound to the file: writes "alive", "stale", or null where that cannot be known. */
bool unsock_query_state(struct unsock_json *json, const char *path);

/* `value`: a port as users write it. */
bool unsock_query_port(struct unsock_json *json, const char *value, struct unsock_text *error);

/*
 * `value`: a port with an address. Whether unsock_settings cover it, the file in `directory` that a client connects to,
 * and whether it is answered there.
 */
bool unsock_query_client(struct unsock_json *json, const char *directory, const char *value, struct unsock_text *error);

#endif
