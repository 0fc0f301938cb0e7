/*
 * `unsock expose`: a TCP port of the real network that leads to the directory's server, or with --in a port of the
 * directory that leads to a server of the real network, as long as this runs. One thread, one epoll set: listeners, a
 * descriptor for signals, and what program/connection_pair has joined.
 */

#include "program/expose.h"
#include "kernel/file_info.h"
#include "program/keeper.h"
#include "rules/errno.h"

#include <linux/resource.h>

#define EVENTS_MOST 256
#define VARIABLES_MOST 256
#define LINE_MOST 512
#define BIT(signal) ((uint64_t)1 << ((signal) - 1))
#define ENDING (BIT(1) | BIT(2) | BIT(3) | BIT(15)) /* SIGHUP, SIGINT, SIGQUIT, SIGTERM */
#define NULL_DEVICE "/dev/null"
#define DIRECTORY_GONE (-2)
#define INPUT_ENDED (-3)
#define NO_END (-1)

static int fail_expose(const char *what, long result) {
    unsock_text_join(unsock_expose.error, "expose: ", what, ": ", unsock_errno_words(-result));
    return UNSOCK_COMMAND_FAILED;
}

/* Returns the signal that ends it, NO_END, DIRECTORY_GONE or INPUT_ENDED. */
static int take_event(const struct unsock_epoll_event *event) {
    uint32_t signal[32];
    unsigned number = (uint32_t)event->data;
    struct unsock_expose_open *port = unsock_expose_port_at(number);
    switch ((enum unsock_expose_kind)(event->data >> 32)) {
    case UNSOCK_EXPOSE_SIGNALS:
        if (unsock_read(unsock_expose.signals, signal, sizeof(signal)) == (long)sizeof(signal))
            return (int)signal[0];
        break;
    case UNSOCK_EXPOSE_CHANGES:
        return unsock_expose_all_event() ? NO_END : DIRECTORY_GONE;
    case UNSOCK_EXPOSE_PORT:
        if (!(port->type == SOCK_DGRAM ? unsock_expose_datagrams_event(number, port)
                                       : unsock_expose_streams_event(port)))
            unsock_expose_all_look();
        break;
    case UNSOCK_EXPOSE_SESSION:
        unsock_expose_datagrams_answer(number);
        break;
    case UNSOCK_EXPOSE_INPUT:
        if (unsock_read(0, signal, sizeof(signal)) <= 0)
            return INPUT_ENDED;
        break;
    default:
        unsock_connection_pair_event((int)number);
    }
    return NO_END;
}

/* Closes the ports, and then the sockets of their UDP clients in the directory. */
static void leave_expose(void) {
    unsock_expose_close_all();
    unsock_expose_datagrams_go_on();
}

static int serve_events(void) {
    struct unsock_epoll_event events[EVENTS_MOST];
    for (;;) {
        int64_t wait = unsock_expose_streams_go_on();
        wait = unsock_sooner(wait, unsock_expose_datagrams_go_on());
        wait = unsock_sooner(wait, unsock_expose_all_go_on());
        wait = unsock_sooner(wait, unsock_connection_pair_go_on());
        long count = unsock_epoll_pwait(unsock_expose.set, events, EVENTS_MOST, wait, NULL, 0);
        for (long i = 0; i < count; i++) {
            int end = take_event(&events[i]);
            if (end == NO_END)
                continue;
            leave_expose();
            if (end > 0)
                unsock_keeper_obey(end); /* ends this process as whoever has sent it expects */
            return end == INPUT_ENDED      ? 0
                   : end == DIRECTORY_GONE ? fail_expose(unsock_expose.directory.path, -ENOENT)
                                           : 128 + end;
        }
    }
}

/* Prints one line to standard error if no server listens on the port; to a program that has started this it is no news.
 */
static void warn_without_server(const struct unsock_expose_open *port) {
    UNSOCK_TEXT(line, LINE_MOST);
    const char *path = port->file.sun_path;
    if (unsock_expose.options.until_eof || (unsock_file_inode(path) >= 0 && unsock_prune(path, 0) != 1))
        return;
    unsock_text_join(&line, "unsock: expose: nobody serves ", UNSOCK_DECIMAL(port->port), " in ",
                     unsock_expose.directory.path, " yet: clients are refused until a server starts\n");
    unsock_write(2, line.buffer, line.length);
}

static bool open_one(const struct unsock_expose_port *port) {
    long number = unsock_expose_open(port, unsock_expose.error);
    if (number < 0)
        return false;
    unsock_expose_port_at((unsigned)number)->stays = true;
    if (!unsock_expose.options.is_in && port->type == SOCK_STREAM)
        warn_without_server(unsock_expose_port_at((unsigned)number));
    return true;
}

/* The standard descriptors are there, as 0 is none of a connection's; and as many others as may be. */
static uint64_t prepare_descriptors(void) {
    struct rlimit64 limit = {1024, 1024};
    long fd;
    while ((fd = unsock_openat(AT_FDCWD, NULL_DEVICE, O_RDWR | O_CLOEXEC, 0)) >= 0 && fd <= 2)
        ;
    if (fd > 2)
        unsock_close(fd);
    unsock_prlimit64(0, RLIMIT_NOFILE, NULL, &limit);
    limit.rlim_cur = limit.rlim_max;
    unsock_prlimit64(0, RLIMIT_NOFILE, &limit, NULL);
    return limit.rlim_max;
}

/* Clients' names tell the directory. */
static bool configure(const struct unsock_environment *caller) {
    const char *timeout = unsock_environment_get(caller, "UNSOCK_CONNECT_TIMEOUT_MS");
    char variables[VARIABLES_MOST], line[LINE_MOST];
    struct unsock_text text = unsock_text_in(variables, sizeof(variables));
    unsock_text_join(&text, "UNSOCK_DIR=", unsock_expose.directory.path);
    unsock_text_char(&text, '\0');
    unsock_text_put(&text, "UNSOCK_TRUST=1");
    unsock_text_char(&text, '\0');
    unsock_text_join(&text, "UNSOCK_CONNECT_TIMEOUT_MS=", timeout ? timeout : "");
    if (unsock_configure(variables, text.length + 1, line, sizeof(line)) == 0)
        return true;
    return unsock_text_fail(unsock_expose.error, line);
}

/* All that events come from, but for the ports. Returns 0 or -errno. */
static long prepare_events(void) {
    static const uint64_t ending = ENDING;
    struct unsock_expose *expose = &unsock_expose;
    uint64_t descriptors = prepare_descriptors();
    unsock_keeper_dispose(SIGPIPE, SIG_IGN);
    unsock_keeper_mask(ENDING, NULL);
    expose->set = unsock_epoll_create1(O_CLOEXEC);
    expose->signals = unsock_signalfd4(-1, &ending, O_NONBLOCK | O_CLOEXEC);
    long result = expose->set < 0       ? expose->set
                  : expose->signals < 0 ? expose->signals
                                        : unsock_connection_pair_start(descriptors);
    if (result < 0)
        return result;
    unsock_expose_watch(EPOLL_CTL_ADD, expose->signals, EPOLLIN, UNSOCK_EXPOSE_SIGNALS, 0);
    if (expose->options.until_eof)
        unsock_expose_watch(EPOLL_CTL_ADD, 0, EPOLLIN, UNSOCK_EXPOSE_INPUT, 0);
    if (!unsock_expose_ports_start() || !unsock_expose_streams_start() || !unsock_expose_datagrams_start())
        return -ENOMEM;
    return expose->options.is_all ? unsock_expose_all_start() : 0;
}

int unsock_expose_start(const struct unsock_command_call *call) {
    const struct unsock_expose_options *options = &unsock_expose.options;
    unsock_expose.error = call->error;
    if (!unsock_expose_options_take(call->options, &unsock_expose.options, call->error))
        return UNSOCK_COMMAND_USAGE;
    if (!unsock_run_directory_choose(options->directory, &call->environment, &unsock_expose.directory, call->error) ||
        !unsock_run_directory_prepare(&unsock_expose.directory, options->force, NULL, NULL, call->error) ||
        !configure(&call->environment))
        return UNSOCK_COMMAND_FAILED;
    long result = prepare_events();
    if (result < 0)
        return fail_expose("cannot start", result);
    for (unsigned i = 0; i < options->count; i++) {
        if (!open_one(&options->ports[i])) {
            leave_expose();
            return UNSOCK_COMMAND_FAILED;
        }
    }
    return serve_events();
}
