/* Messages for users: with UNSOCK_LOG, one line for each redirected call. With or without it, once in a process: one
 * line if the user may not enter the directory, and one if a port has names of another version of unsock. */
#ifndef UNSOCK_LOG_H
#define UNSOCK_LOG_H

#include "rules/settings.h"

/* Stores the identity of the file behind descriptor 2: lines for stderr go to no other file. If the log is on, also
 * stores the program's name. Returns false, with one line in `error`, if the log file cannot be written. */
bool unsock_log_start(const struct unsock_settings *settings, struct unsock_text *error);

/* Writes a line: time, pid, program, `call`, fd, `ip`, the file in `path`, and the result: "ok" or the errno's name. A
 * "-" stands for a NULL and for an abstract name. Never changes errno. Returns `result`. */
long unsock_log_line(const char *call, int fd, const struct unsock_ip *ip, const struct sockaddr_un *path, long result);

/* Reports that `call` failed with EACCES, if this user may not enter the directory: one line on stderr, once in a
 * process. Not checked at the library's start, since the process may change to another user later. */
void unsock_log_denied(const char *call);

/* Reports, once in a process on stderr, that the port at this path has names of another version. */
void unsock_log_other_protocol(const char *path);

static inline long unsock_log(const char *call, int fd, const struct unsock_ip *ip, const struct sockaddr_un *path,
                              long result) {
    if (__builtin_expect(result == -EACCES, 0))
        unsock_log_denied(call);
    if (__builtin_expect(unsock_settings.log == UNSOCK_LOG_OFF, 1))
        return result;
    return unsock_log_line(call, fd, ip, path, result);
}

#endif
