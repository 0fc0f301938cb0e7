/* Only what an address's clients find has to be looked for. */
#include "program/options.h"

#include "files/directory.h"
#include "files/port.h"
#include "process/run_directory.h"
#include "process/start.h"
#include "program/answers.h"
#include "rt/system_calls.h"
#include "rules/errno.h"

/* A connected datagram socket takes nothing from others. */
static bool takes_anybody(long probe, struct unsock_port_key key, const struct unsock_port_entry *entry) {
    enum unsock_port_life life = unsock_port_ask(probe, key, entry);
    return !(entry->marks & UNSOCK_PORT_CONNECTED) && life != UNSOCK_PORT_STALE && life != UNSOCK_PORT_GONE;
}

/* The first one of those that a client tries; that of a killed server where no other one is there. */
static bool find_client_entry(const struct unsock_port *port, const struct unsock_ip *ip,
                              struct unsock_port_entry *found) {
    struct unsock_port_entry entry;
    long probe = unsock_socketfile_probe();
    bool any = false, good = false;
    for (unsigned i = 0; !good && unsock_port_candidate(port, ip, 0, false, i, &entry); i++) {
        good = takes_anybody(probe, port->key, &entry);
        if (good || !any)
            *found = entry;
        any = true;
    }
    unsock_close_open(probe);
    return any;
}

/*
 * Writes its path, in the directory in force: of the first one that a client tries (unsock_port_candidate) which lives
 * and takes anybody; PORT.sock where nobody is there for the address. `type`: SOCK_STREAM or SOCK_DGRAM. Returns 0 or
 * -ENOBUFS.
 */
static long put_client_path(const struct unsock_ip *ip, int type, struct sockaddr_un *path) {
    struct unsock_port_key key = {ip->port, (uint8_t)type};
    struct unsock_port_entry entry;
    struct unsock_port *port = unsock_port_borrow();
    if (!port)
        return -ENOBUFS;
    unsock_port_read(port, key);
    if (port->holder == UNSOCK_PORT_OURS && find_client_entry(port, ip, &entry))
        unsock_port_path(key, &entry, path);
    else
        unsock_address_path(ip->port, type, path);
    unsock_port_return(port);
    return 0;
}

long unsock_answers_path(const char *directory, const struct unsock_port_words *port, struct sockaddr_un *path) {
    struct unsock_directory_visit visit;
    if (!unsock_directory_visit_begin(&visit, directory, strlen(directory)))
        return -EINVAL;
    long result = put_client_path(&port->ip, port->type, path);
    unsock_directory_visit_end(&visit);
    return result;
}

static int put_library(const struct unsock_command_call *call, struct unsock_text *line) {
    char path[UNSOCK_RUN_PATH_MOST];
    if (call->options->operand_count > 0 || unsock_options_value(call->options, "--dir")) {
        unsock_text_put(call->error, "path: --lib stands alone");
        return UNSOCK_COMMAND_USAGE;
    }
    if (!unsock_proof_choose(NULL, call->library, &call->environment, path, call->error))
        return UNSOCK_COMMAND_FAILED;
    unsock_text_put(line, path);
    return 0;
}

static int put_path(const struct unsock_command_call *call, struct unsock_text *line) {
    const struct unsock_options *options = call->options;
    struct unsock_run_directory directory;
    struct unsock_port_words port;
    struct sockaddr_un path;
    if (options->operand_count == 0) {
        unsock_text_put(call->error, "path: PORT[@ADDR][/udp] is missing");
        return UNSOCK_COMMAND_USAGE;
    }
    if (!unsock_run_directory_choose(unsock_options_value(options, "--dir"), &call->environment, &directory,
                                     call->error) ||
        !unsock_port_words_read(options->operands[0], &port, call->error))
        return UNSOCK_COMMAND_USAGE;
    if (!port.has_address) {
        unsock_text_join(line, directory.path, "/");
        unsock_port_words_name(line, &port);
        return 0;
    }
    long result = unsock_answers_path(directory.path, &port, &path);
    if (result == 0)
        return unsock_text_put(line, path.sun_path), 0;
    unsock_text_join(call->error, "path: ", directory.path, ": ", unsock_errno_words(-result));
    return UNSOCK_COMMAND_FAILED;
}

int unsock_path_start(const struct unsock_command_call *call) {
    UNSOCK_TEXT(line, UNSOCK_RUN_PATH_MOST + 64);
    int status = unsock_options_value(call->options, "--lib") ? put_library(call, &line) : put_path(call, &line);
    if (status != 0)
        return status;
    unsock_print(line.buffer, "\n");
    return unsock_print_end(0, UNSOCK_COMMAND_FAILED, call->error);
}
