/* UNSOCK_LOG. A line is one write, so that lines of several processes do not mix. */
#include "kernel/log.h"

#include "memory/fds.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rt/text.h"
#include "rules/errno.h"
#include "rules/ip.h"
#include "rules/settings.h"

static void put_error(struct unsock_text *line, int error) {
    const char *name = unsock_errno_name(error);
    unsock_text_put(line, name ? name : "errno ");
    if (!name)
        unsock_text_number(line, (uint64_t)error, 10, 1);
}

static void put_time(struct unsock_text *line) {
    struct timespec now = {0};
    unsock_sys(__NR_clock_gettime, 0 /* CLOCK_REALTIME */, &now);
    unsock_text_number(line, (uint64_t)now.tv_sec, 10, 1);
    unsock_text_char(line, '.');
    unsock_text_number(line, (uint64_t)now.tv_nsec / 1000, 10, 6);
}

static void write_line(const struct unsock_text *line) {
    if (unsock_settings.log == UNSOCK_LOG_STDERR) {
        /* The program may have closed its stderr, and the number be a connection's by now. */
        if (!unsock_fds_known(2))
            unsock_sys(__NR_write, 2, line->buffer, line->length);
        return;
    }
    long fd = unsock_sys(__NR_openat, AT_FDCWD, unsock_settings.log_file,
                         O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644);
    if (fd < 0)
        return;
    unsock_sys(__NR_write, fd, line->buffer, line->length);
    unsock_sys(__NR_close, fd);
}

long unsock_log_line(const char *call, int fd, const struct unsock_ip *ip, const struct sockaddr_un *path, long result) {
    char buffer[512];
    struct unsock_text line;
    unsock_text_start(&line, buffer, sizeof(buffer));
    put_time(&line);
    unsock_text_char(&line, ' ');
    unsock_text_number(&line, (uint64_t)unsock_sys(__NR_getpid), 10, 1);
    unsock_text_char(&line, ' ');
    unsock_text_put(&line, call);
    unsock_text_char(&line, ' ');
    unsock_text_number(&line, (uint64_t)(fd < 0 ? 0 : fd), 10, 1);
    unsock_text_char(&line, ' ');
    if (ip && ip->family != 0)
        unsock_ip_print_port(&line, ip);
    else
        unsock_text_char(&line, '-');
    unsock_text_char(&line, ' ');
    unsock_text_put(&line, path && path->sun_path[0] != '\0' ? path->sun_path : "-");
    unsock_text_char(&line, ' ');
    if (result < 0)
        put_error(&line, (int)-result);
    else
        unsock_text_put(&line, "ok");
    unsock_text_char(&line, '\n');
    write_line(&line);
    return result;
}
