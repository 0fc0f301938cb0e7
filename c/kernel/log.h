/*
 * UNSOCK_LOG: one line for each redirected call. Unasked, one where a user may not enter the directory, and one where
 * another version's names are in it.
 */
#ifndef UNSOCK_LOG_H
#define UNSOCK_LOG_H

#include "rules/settings.h"

/*
 * Remembers what the lines need of the process as it starts: which file descriptor 2 is, since no line goes into
 * another one, and the program's name. Returns false, with one line in `error`, when the file cannot be written.
 */
bool unsock_log_start(const struct unsock_settings *settings, struct unsock_text *error);

/*
 * write(2) that sends no signal. A reader that has gone (SIGPIPE) and a file that may not grow (SIGXFSZ) would end the
 * program: the signal is held back, and taken away again if it was not there before.
 */
long unsock_write_quietly(long fd, const void *bytes, size_t length);

/*
 * Writes a line: time, pid, program, `call`, fd, `ip` (or NULL), the file or name in `path` (or NULL), and the result:
 * a value, or -errno. Never changes errno. Returns `result`.
 */
long unsock_log_line(const char *call, int fd, const struct unsock_ip *ip, const struct sockaddr_un *path, long result);

/*
 * `call` has failed with EACCES: once in a process, where this user may not enter the directory of the socket files, a
 * line on stderr says so. A process may have changed to another user since its start.
 */
void unsock_log_denied(const char *call);

/* The port at this path has names that this library does not know: once in a process a line on stderr says so. */
void unsock_log_other_protocol(const char *path);

/* The line when logging is on. */
static inline long unsock_log(const char *call, int fd, const struct unsock_ip *ip, const struct sockaddr_un *path,
                              long result) {
    if (__builtin_expect(result == -EACCES, 0))
        unsock_log_denied(call);
    if (__builtin_expect(unsock_settings.log == UNSOCK_LOG_OFF, 1))
        return result;
    return unsock_log_line(call, fd, ip, path, result);
}

#endif
