/* UNSOCK_LOG: one line for each redirected call. */
#ifndef UNSOCK_LOG_H
#define UNSOCK_LOG_H

#include "address.h"

/*
 * Writes a line when logging is on: time, pid, `call`, fd, `ip` (or NULL), the file or name in `path` (or NULL), and
 * the result: a value, or -errno. Never changes errno. Returns `result`.
 */
long unsock_log(const char *call, int fd, const struct unsock_ip *ip, const struct sockaddr_un *path, long result);

#endif
