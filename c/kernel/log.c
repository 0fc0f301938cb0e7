/* Writes messages for users. Each line is one write(2), so that lines of several processes do not mix. */
#include "kernel/log.h"

#include "kernel/file_info.h"
#include "rt/system_calls.h"
#include "rules/errno.h"

#include <linux/prctl.h>

static void put_error(struct unsock_text *line, int error) {
    const char *name = unsock_errno_name(error);
    unsock_text_join(line, name ? name : "errno ", name ? "" : UNSOCK_DECIMAL(error));
}

#define NAME_SIZE 16 /* prctl(2), PR_GET_NAME */

/* The program's name, and the file that was its stderr, at the start of the process. */
static char program_name[NAME_SIZE];
static struct unsock_file_id stderr_at_start;

/* Writes only if descriptor 2 is the same file as at the start: the program may have opened another file as 2. */
static void write_on_stderr(const struct unsock_text *line) {
    struct unsock_file_id now = unsock_file_id_of(2, "");
    if (unsock_file_is(&now, &stderr_at_start))
        unsock_write_quietly(2, line->buffer, line->length);
}

static long open_log_file(const char *path) {
    return unsock_openat(AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644);
}

bool unsock_log_start(const struct unsock_settings *settings, struct unsock_text *error) {
    stderr_at_start = unsock_file_id_of(2, "");
    if (settings->log == UNSOCK_LOG_OFF)
        return true;
    unsock_prctl(PR_GET_NAME, (unsigned long)program_name, 0, 0, 0);
    for (char *at = program_name; *at != '\0'; at++)
        *at = *at > ' ' && *at < 127 ? *at : '?';
    if (settings->log == UNSOCK_LOG_STDERR)
        return true;
    UNSOCK_CLOSED long fd = open_log_file(settings->log_file);
    /* ENXIO is no failure: the log is a FIFO without a reader so far. */
    if (fd < 0 && fd != -ENXIO) {
        unsock_text_put(error, "UNSOCK_LOG: cannot be written (");
        put_error(error, (int)-fd);
        unsock_text_put(error, "): ");
        unsock_text_quote(error, unsock_span_of(settings->log_file));
        return false;
    }
    return true;
}

UNSOCK_OWN_FRAME long unsock_log_line(const char *call, int fd, const struct unsock_ip *ip,
                                      const struct sockaddr_un *path, long result) {
    UNSOCK_TEXT(line, 512);
    struct timespec now = {0};
    unsock_clock_gettime(CLOCK_REALTIME, &now);
    unsock_text_join(&line, UNSOCK_DECIMAL(now.tv_sec), ".");
    unsock_text_number(&line, (uint64_t)now.tv_nsec / 1000, 10, 6);
    unsock_text_join(&line, " ", UNSOCK_DECIMAL(unsock_getpid()), " ", program_name[0] != '\0' ? program_name : "-",
                     " ", call, " ", UNSOCK_DECIMAL((fd < 0 ? 0 : fd)), " ");
    if (ip && ip->family != 0)
        unsock_ip_print_port(&line, ip);
    else
        unsock_text_char(&line, '-');
    unsock_text_join(&line, " ", path && path->sun_path[0] != '\0' ? path->sun_path : "-", " ");
    if (result < 0)
        put_error(&line, (int)-result);
    else
        unsock_text_put(&line, "ok");
    unsock_text_char(&line, '\n');
    UNSOCK_CLOSED long file = unsock_settings.log == UNSOCK_LOG_FILE ? open_log_file(unsock_settings.log_file) : -1;
    if (file >= 0)
        unsock_write_quietly(file, line.buffer, line.length);
    else if (unsock_settings.log == UNSOCK_LOG_STDERR)
        write_on_stderr(&line);
    return result;
}

/* False if a lookup of "." in the directory fails with EACCES. (faccessat(2) would check as the real user.) */
static bool may_enter(void) {
    UNSOCK_TEXT(path, UNSOCK_DIR_ROOM + 2);
    struct statx status;
    unsock_text_join(&path, unsock_settings.directory, "/.");
    return unsock_statx(AT_FDCWD, path.buffer, 0, STATX_TYPE, &status) != -EACCES;
}

UNSOCK_OWN_FRAME void unsock_log_denied(const char *call) {
    static bool said;
    UNSOCK_TEXT(line, 384);
    if (__atomic_load_n(&said, __ATOMIC_RELAXED) || may_enter() || __atomic_exchange_n(&said, true, __ATOMIC_RELAXED))
        return;
    unsock_text_join(&line, "unsock: directory ", unsock_settings.directory, ": user ",
                     UNSOCK_DECIMAL(unsock_geteuid()), " may not enter it, and so ", call,
                     " fails with EACCES: name one of his with --dir, ", "or make it for his group with --group\n");
    write_on_stderr(&line);
}

UNSOCK_OWN_FRAME void unsock_log_other_protocol(const char *path) {
    static bool said;
    UNSOCK_TEXT(line, 256);
    if (__atomic_exchange_n(&said, true, __ATOMIC_RELAXED))
        return;
    unsock_text_join(&line, "unsock: ", path, ": of another version of unsock, whose names this one does not know: ",
                     "the port is left alone\n");
    write_on_stderr(&line);
}
