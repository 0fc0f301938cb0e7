/* The command `expose` (program/expose.h): reads its options, opens the ports, and serves events until it must end. One
 * thread waits on one epoll set, which has the ports, the inotify and signal descriptors, and all connections. */
#include "program/expose.h"

#include "kernel/file_info.h"
#include "program/run.h"
#include "rules/errno.h"

#define EVENTS_MOST 256
#define VARIABLES_MOST 256
#define LINE_MOST 512
#define LOOPBACK "127.0.0.1"
#define IDLE_SECONDS "60"
#define IDLE_MOST 86400
/* SIGHUP, SIGINT, SIGQUIT, SIGTERM */
#define ENDING (UNSOCK_SIGNAL_BIT(1) | UNSOCK_SIGNAL_BIT(2) | UNSOCK_SIGNAL_BIT(3) | UNSOCK_SIGNAL_BIT(15))
#define INPUT_ENDED 0
#define NO_END (-1)
#define DIRECTORY_GONE (-2)

static bool read_port(const char *word, struct unsock_port_words *own, uint64_t *real) {
    struct unsock_span rest = unsock_span_of(word), name = unsock_span_next(&rest, '=');
    bool has_real = rest.at != name.at + name.length, good = unsock_port_words_plain(name, own);
    *real = own->ip.port;
    return (good && (!has_real || unsock_span_number(rest, 10, UINT16_MAX, real))) ||
           unsock_text_refuse(
               unsock_expose.error, "expose",
               "not a port from 1 to 65535, or 53/udp; 3000=8080: the directory's 3000 at the network's 8080", word);
}

static bool read_expose_words(const struct unsock_options *given) {
    struct unsock_expose *expose = &unsock_expose;
    const char *idle = unsock_options_value(given, "--idle"), *address = unsock_options_value(given, "--address");
    struct unsock_port_words port = {.type = SOCK_STREAM};
    uint64_t seconds, real;
    unsigned count = given->operand_count;
    expose->control = unsock_options_value(given, "--control");
    expose->is_in = unsock_options_value(given, "--in");
    expose->is_all = unsock_options_value(given, "--all");
    expose->until_eof = unsock_options_value(given, "--until-eof");
    if (!unsock_span_number(unsock_span_of(idle ? idle : IDLE_SECONDS), 10, IDLE_MOST, &seconds) || seconds == 0)
        return unsock_text_refuse(expose->error, "expose", "--idle: not a number of seconds from 1 to 86400", idle);
    expose->idle = (int64_t)seconds * 1000;
    if (!unsock_ip_parse(unsock_span_of(address ? address : LOOPBACK), &expose->address))
        return unsock_text_refuse(expose->error, "expose", "--address: not an IP address", address);
    for (unsigned i = 0; i < count; i++)
        if (!read_port(given->operands[i], &port, &real))
            return false;
    if (count == 0 && !expose->is_all)
        return unsock_text_fail(expose->error, "expose: PORT[=PORT], --all or --http is missing");
    if (expose->is_in && expose->is_all)
        return unsock_text_fail(expose->error, "expose: --in: write the ports of the real network that are to be "
                                               "reached, alone");
    if (expose->control && (expose->is_in || expose->is_all || count != 1 || port.type != SOCK_STREAM))
        return unsock_text_fail(expose->error, "expose: --control: write one TCP port of the directory, alone");
    return true;
}

static int fail_expose(const char *what, long result) {
    unsock_text_join(unsock_expose.error, "expose: ", what, ": ", unsock_errno_words(-result));
    return UNSOCK_COMMAND_FAILED;
}

/* Handles an event. Returns NO_END, or why `expose` must end: the signal's number, DIRECTORY_GONE or INPUT_ENDED. */
static int take_event(const struct unsock_epoll_event *event) {
    uint32_t signal[32];
    unsigned number = (uint32_t)event->data;
    switch ((enum unsock_expose_kind)(event->data >> 32)) {
    case UNSOCK_EXPOSE_SIGNALS:
        return unsock_read(unsock_expose.signals, signal, sizeof(signal)) == sizeof(signal) ? (int)signal[0] : NO_END;
    case UNSOCK_EXPOSE_CHANGES:
        return unsock_expose_all_event() ? NO_END : DIRECTORY_GONE;
    case UNSOCK_EXPOSE_PORT:
        if (!unsock_expose_clients_event(number, unsock_expose_port_at(number)))
            unsock_expose_all_look();
        return NO_END;
    case UNSOCK_EXPOSE_SESSION:
        unsock_expose_clients_answer(number);
        return NO_END;
    case UNSOCK_EXPOSE_ASKED:
        unsock_expose_clients_asked((int)number);
        return NO_END;
    case UNSOCK_EXPOSE_INPUT:
        return unsock_read(0, signal, sizeof(signal)) <= 0 ? INPUT_ENDED : NO_END;
    default:
        unsock_connection_pair_event((int)number);
        return NO_END;
    }
}

/* Closes the ports, and then the sockets of their clients in the directory. */
static void leave_expose(void) {
    struct unsock_expose_port *port;
    for (unsigned i = 0; (port = unsock_expose_port_at(i)); i++)
        unsock_expose_close(port);
    unsock_expose_clients_go_on();
}

static int serve_events(void) {
    struct unsock_epoll_event events[EVENTS_MOST];
    int end = NO_END;
    while (end == NO_END) {
        int64_t wait = unsock_sooner(unsock_expose_clients_go_on(), unsock_expose_all_go_on());
        long count = unsock_epoll_pwait(unsock_expose.set, events, EVENTS_MOST, wait, NULL, 0);
        for (long i = 0; i < count && end == NO_END; i++)
            end = take_event(&events[i]);
    }
    leave_expose();
    if (end > 0)
        unsock_keeper_obey(end); /* ends this process by the signal, as its sender expects */
    return end == DIRECTORY_GONE ? fail_expose(unsock_expose.directory.path, -ENOENT) : end > 0 ? 128 + end : 0;
}

/* Prints a line to standard error if the port has no server yet; but not with --until-eof, which only programs use. */
static void warn_without_server(const struct unsock_expose_port *port) {
    UNSOCK_TEXT(line, LINE_MOST);
    const char *path = port->file.sun_path;
    if (unsock_expose.until_eof || (unsock_file_inode(path) >= 0 && unsock_prune(path, 0) != 1))
        return;
    unsock_text_join(&line, "unsock: expose: nobody serves ", UNSOCK_DECIMAL(port->port), " in ",
                     unsock_expose.directory.path, " yet: clients are refused until a server starts\n");
    unsock_write(2, line.buffer, line.length);
}

static bool open_named(const char *word) {
    struct unsock_port_words own;
    uint64_t real;
    read_port(word, &own, &real);
    long number = unsock_expose_open(own.ip.port, (uint16_t)real, own.type, unsock_expose.error);
    if (number < 0)
        return false;
    struct unsock_expose_port *port = unsock_expose_port_at((unsigned)number);
    port->stays = true;
    if (!unsock_expose.is_in && own.type == SOCK_STREAM)
        warn_without_server(port);
    return true;
}

/* Opens missing standard descriptors, so that no connection gets descriptor 0 (connection_pair.c). Raises the limit of
 * descriptors to its maximum, and returns the maximum. */
static uint64_t prepare_descriptors(void) {
    struct rlimit limit = {1024, 1024};
    long fd;
    while ((fd = unsock_openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0)) >= 0 && fd <= 2)
        ;
    if (fd > 2)
        unsock_close(fd);
    unsock_prlimit64(0, RLIMIT_NOFILE, NULL, &limit);
    limit.rlim_cur = limit.rlim_max;
    unsock_prlimit64(0, RLIMIT_NOFILE, &limit, NULL);
    return limit.rlim_max;
}

/* Sets the library's settings in this process: `expose` uses its functions to bind clients' names in the directory. */
static bool configure(const char *const *caller) {
    const char *timeout = unsock_environment_get(caller, "UNSOCK_CONNECT_TIMEOUT_MS");
    char line[LINE_MOST];
    UNSOCK_TEXT(variables, VARIABLES_MOST);
    unsock_text_join(&variables, "UNSOCK_DIR=", unsock_expose.directory.path);
    unsock_text_char(&variables, '\0');
    unsock_text_put(&variables, "UNSOCK_TRUST=1");
    unsock_text_char(&variables, '\0');
    unsock_text_join(&variables, "UNSOCK_CONNECT_TIMEOUT_MS=", timeout ? timeout : "");
    return unsock_configure(variables.buffer, variables.length + 1, line, sizeof(line)) == 0 ||
           unsock_text_fail(unsock_expose.error, line);
}

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
    if (result < 0 || !unsock_expose_ports_start() || !unsock_expose_clients_start())
        return result < 0 ? result : -ENOMEM;
    unsock_expose_watch(EPOLL_CTL_ADD, expose->signals, EPOLLIN, UNSOCK_EXPOSE_SIGNALS, 0);
    if (expose->until_eof)
        unsock_expose_watch(EPOLL_CTL_ADD, 0, EPOLLIN, UNSOCK_EXPOSE_INPUT, 0);
    return expose->is_all ? unsock_expose_all_start() : 0;
}

int unsock_expose_start(const struct unsock_command_call *call) {
    const struct unsock_options *given = call->options;
    struct unsock_run_directory *directory = &unsock_expose.directory;
    unsock_expose.error = call->error;
    if (!read_expose_words(given))
        return UNSOCK_COMMAND_USAGE;
    if (!unsock_choose_directory(call, directory, call->error) || !unsock_checkout_prepare(directory, call->error) ||
        !unsock_run_directory_prepare(directory, unsock_options_value(given, "--force"), NULL, NULL, call->error) ||
        !configure(call->environment))
        return UNSOCK_COMMAND_FAILED;
    long result = prepare_events();
    if (result < 0)
        return fail_expose("cannot start", result);
    for (unsigned i = 0; i < given->operand_count; i++) {
        if (!open_named(given->operands[i])) {
            leave_expose();
            return UNSOCK_COMMAND_FAILED;
        }
    }
    return serve_events();
}
