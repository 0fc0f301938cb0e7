/* One thread, one epoll set: listeners, a descriptor for signals, and what program/joined has joined. */
#include "program/expose.h"

#include "memory/epoll_memory.h"
#include "process/run_directory.h"
#include "process/words.h"
#include "program/expose_ends.h"
#include "program/expose_options.h"
#include "program/joined.h"
#include "program/output.h"
#include "program/relay.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "unsock.h"

#include <linux/resource.h>

#define EXIT_FAILED 1
#define EXIT_USAGE 2
#define EVENTS_MOST 256
#define ACCEPTED_MOST 64 /* then it is the connections' turn */
#define WAITING_MOST 1024
#define ASK_AGAIN_MS 10
#define EPOLL_IN 1
#define EPOLL_ADD 1
#define PATH_MOST 128
#define LINE_MOST 256
#define BIT(signal) ((uint64_t)1 << ((signal) - 1))
#define ENDING (BIT(1) | BIT(2) | BIT(3) | BIT(15)) /* SIGHUP, SIGINT, SIGQUIT, SIGTERM */
#define PIPE_SIGNAL 13
#define IGNORED 1
#define NULL_DEVICE "/dev/null"

struct listener {
    int fd;
    struct unsock_ip address; /* of the real network */
    uint16_t port;            /* in the directory */
    char path[PATH_MOST];
};

struct waiting {
    int fd; /* a client whose server's queue is full */
    const struct listener *listener;
    struct unsock_ip client;
};

struct expose {
    struct unsock_expose_options options;
    struct unsock_run_directory directory;
    struct unsock_text *error;
    long set, signals;
    struct listener listeners[UNSOCK_EXPOSE_PORTS_MOST];
    unsigned count;
    struct waiting waiting[WAITING_MOST];
    unsigned waiting_count;
};

static int fail(const struct expose *expose, const char *what, long result, const char *advice) {
    unsock_text_join(expose->error, "expose: ", what, ": ",
                     result == -EADDRINUSE ? "is taken" : unsock_words_of(-result), advice);
    return EXIT_FAILED;
}

static void watch(const struct expose *expose, long fd) {
    struct unsock_epoll_event event = {EPOLL_IN, (uint64_t)fd};
    unsock_sys(__NR_epoll_ctl, expose->set, EPOLL_ADD, fd, &event);
}

/* Returns false when the server's queue is full. */
static bool lead_on(const struct expose *expose, const struct listener *listener, int fd,
                    const struct unsock_ip *client) {
    struct unsock_ip asked = listener->address;
    asked.port = listener->port;
    long other = expose->options.is_in ? unsock_expose_connect_real(&listener->address)
                                       : unsock_expose_connect_inside(listener->path, client, &asked);
    if (other == -EAGAIN)
        return false;
    if (other < 0)
        unsock_joined_reset(fd);
    else
        unsock_joined_join(fd, (int)other);
    return true;
}

static void lead_on_or_wait(struct expose *expose, const struct listener *listener, int fd,
                            const struct unsock_ip *client) {
    if (lead_on(expose, listener, fd, client))
        return;
    if (expose->waiting_count == WAITING_MOST)
        unsock_joined_reset(fd);
    else
        expose->waiting[expose->waiting_count++] = (struct waiting){fd, listener, *client};
}

static void ask_again(struct expose *expose) {
    unsigned left = 0;
    for (unsigned i = 0; i < expose->waiting_count; i++) {
        struct waiting *one = &expose->waiting[i];
        if (!lead_on(expose, one->listener, one->fd, &one->client))
            expose->waiting[left++] = *one;
    }
    expose->waiting_count = left;
}

static void take_clients(struct expose *expose, const struct listener *listener) {
    struct timespec pause = {0, ASK_AGAIN_MS * 1000000L};
    for (int i = 0; i < ACCEPTED_MOST; i++) {
        union unsock_sockaddr name;
        uint32_t length = sizeof(name);
        struct unsock_ip client = {.family = 0};
        long fd = unsock_sys(__NR_accept4, listener->fd, &name, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM || fd == -ENOBUFS)
            unsock_sys(__NR_nanosleep, &pause, 0);
        if (fd < 0)
            return;
        if (!expose->options.is_in)
            unsock_ip_read(&name, length, &client);
        lead_on_or_wait(expose, listener, (int)fd, &client);
    }
}

static const struct listener *listener_of(const struct expose *expose, uint64_t fd) {
    for (unsigned i = 0; i < expose->count; i++) {
        if ((uint64_t)expose->listeners[i].fd == fd)
            return &expose->listeners[i];
    }
    return NULL;
}

static void leave(const struct expose *expose) {
    for (unsigned i = 0; i < expose->count; i++) {
        if (expose->options.is_in)
            unsock_sys(__NR_unlinkat, AT_FDCWD, expose->listeners[i].path, 0);
    }
}

/* Ends as whoever has sent the signal expects. */
static int end_by(int signal) {
    unsock_relay_dispose(signal, 0);
    unsock_sys(__NR_kill, unsock_sys(__NR_getpid), signal);
    unsock_relay_mask(0, NULL);
    return 128 + signal;
}

static int serve(struct expose *expose) {
    struct unsock_epoll_event events[EVENTS_MOST];
    for (;;) {
        int most = expose->waiting_count > 0 ? ASK_AGAIN_MS : -1;
        long count = unsock_sys(__NR_epoll_pwait, expose->set, events, EVENTS_MOST, most, 0, 0);
        for (long i = 0; i < count; i++) {
            const struct listener *listener = listener_of(expose, events[i].data);
            uint32_t signal[32];
            if (listener)
                take_clients(expose, listener);
            else if (events[i].data != (uint64_t)expose->signals)
                unsock_joined_event((int)events[i].data);
            else if (unsock_sys(__NR_read, expose->signals, signal, sizeof(signal)) == (long)sizeof(signal)) {
                leave(expose);
                return end_by((int)signal[0]);
            }
        }
        ask_again(expose);
    }
}

static bool open_one(struct expose *expose, const struct unsock_expose_port *port) {
    struct listener *listener = &expose->listeners[expose->count];
    char line[LINE_MOST];
    struct unsock_text text;
    listener->address = expose->options.address;
    listener->address.port = port->real;
    listener->port = port->port;
    unsock_text_start(&text, listener->path, sizeof(listener->path));
    unsock_text_join(&text, expose->directory.path, "/");
    unsock_text_number(&text, port->port, 10, 1);
    unsock_text_put(&text, ".sock");
    long fd = expose->options.is_in ? unsock_expose_listen_inside(listener->path)
                                    : unsock_expose_listen_real(&listener->address);
    unsock_text_start(&text, line, sizeof(line));
    unsock_ip_print_port(&text, &listener->address);
    if (fd < 0) {
        fail(expose, expose->options.is_in ? listener->path : line, fd,
             fd == -EADDRINUSE && !expose->options.is_in ? ": write PORT=ANOTHER, or PORT=0 for any" : "");
        return false;
    }
    listener->fd = (int)fd;
    expose->count++;
    watch(expose, fd);
    unsock_text_join(&text, expose->options.is_in ? " is led to from " : " leads to ", listener->path, "\n");
    unsock_output(line, text.length);
    return true;
}

/* The standard descriptors are there, as 0 is none of a connection's; and as many others as may be. */
static uint64_t prepare_descriptors(void) {
    struct rlimit64 limit = {1024, 1024};
    long fd;
    while ((fd = unsock_sys(__NR_openat, AT_FDCWD, NULL_DEVICE, O_RDWR | O_CLOEXEC)) >= 0 && fd <= 2)
        ;
    if (fd > 2)
        unsock_sys(__NR_close, fd);
    unsock_sys(__NR_prlimit64, 0, RLIMIT_NOFILE, 0, &limit);
    limit.rlim_cur = limit.rlim_max;
    unsock_sys(__NR_prlimit64, 0, RLIMIT_NOFILE, &limit, 0);
    return limit.rlim_max;
}

/* Clients' names tell the directory. */
static bool configure(const struct expose *expose) {
    char variables[PATH_MOST + 64];
    struct unsock_text text;
    unsock_text_start(&text, variables, sizeof(variables));
    unsock_text_join(&text, "UNSOCK_DIR=", expose->directory.path);
    unsock_text_char(&text, '\0');
    unsock_text_put(&text, "UNSOCK_TRUST=1");
    return unsock_configure(variables, text.length + 1, expose->error->buffer, expose->error->size) == 0;
}

static int start(struct expose *expose, const char *const *environment) {
    static const uint64_t ending = ENDING;
    struct unsock_environment caller = {.list = environment};
    const struct unsock_expose_options *options = &expose->options;
    if (!unsock_run_directory_choose(options->directory, &caller, &expose->directory, expose->error) ||
        !unsock_run_directory_prepare(&expose->directory, options->force, NULL, expose->error) || !configure(expose))
        return EXIT_FAILED;
    uint64_t descriptors = prepare_descriptors();
    unsock_relay_dispose(PIPE_SIGNAL, IGNORED);
    unsock_relay_mask(ENDING, NULL);
    expose->set = unsock_sys(__NR_epoll_create1, O_CLOEXEC);
    expose->signals = unsock_sys(__NR_signalfd4, -1, &ending, sizeof(ending), O_NONBLOCK | O_CLOEXEC);
    long result = expose->set < 0       ? expose->set
                  : expose->signals < 0 ? expose->signals
                                        : unsock_joined_start(expose->set, descriptors);
    if (result < 0)
        return fail(expose, "cannot start", result, "");
    watch(expose, expose->signals);
    for (unsigned i = 0; i < options->count; i++) {
        if (!open_one(expose, &options->ports[i])) {
            leave(expose);
            return EXIT_FAILED;
        }
    }
    return serve(expose);
}

int unsock_expose(const char *const *words, const char *const *environment, struct unsock_text *error) {
    struct expose expose = {.error = error};
    if (!unsock_expose_options_read(words, &expose.options, error))
        return EXIT_USAGE;
    return expose.options.help ? -ENOTSUP : start(&expose, environment);
}
