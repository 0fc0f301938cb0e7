/* UNSOCK_LOG: one line for each redirected call. */
#ifndef UNSOCK_LOG_H
#define UNSOCK_LOG_H

#include "rt/net.h"
#include "rules/ip.h"
#include "rules/settings.h"

/*
 * Writes a line: time, pid, `call`, fd, `ip` (or NULL), the file or name in `path` (or NULL), and the result: a value,
 * or -errno. Never changes errno. Returns `result`.
 */
long unsock_log_line(const char *call, int fd, const struct unsock_ip *ip, const struct sockaddr_un *path, long result);

/* The same when logging is on. */
static inline long unsock_log(const char *call, int fd, const struct unsock_ip *ip, const struct sockaddr_un *path,
                              long result) {
    if (__builtin_expect(unsock_settings.log == UNSOCK_LOG_OFF, 1))
        return result;
    return unsock_log_line(call, fd, ip, path, result);
}

#endif
