/* Opens and closes the ports of `expose`. Each open port has an element of an array, which a later port may reuse. */
#include "program/expose.h"

#include "calls/target.h"
#include "files/control_file.h"
#include "files/directory.h"
#include "rules/errno.h"

#define PORTS_MOST 2048
#define LINE_MOST 512
#define BACKLOG 4096

UNSOCK_TABLE struct unsock_expose unsock_expose;
static struct unsock_expose_port *ports;
static unsigned port_count; /* elements that were ever used */

bool unsock_expose_ports_start(void) {
    ports = unsock_map(PORTS_MOST * sizeof(*ports));
    return ports;
}

/* Binds a new non-blocking socket to the address, with the options of `control` (or NULL). A stream socket listens. */
static long open_bound(int type, const void *address, socklen_t size, const struct unsock_control_file *control) {
    int yes = 1;
    uint16_t family;
    memcpy(&family, address, sizeof(family));
    long fd = unsock_socket(family, type | UNSOCK_SOCK_FLAGS, 0);
    if (type == SOCK_STREAM && !control) /* with SO_REUSEADDR, two UDP sockets could have the port */
        unsock_setsockopt((int)fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    long result = fd < 0 ? fd : control ? unsock_target_apply_options(control, (int)fd) : 0;
    if (result == 0)
        result = unsock_bind(fd, address, size);
    if (result == 0 && type == SOCK_STREAM)
        result = unsock_listen(fd, BACKLOG);
    return unsock_opened(fd, result);
}

static long listen_at(struct unsock_expose_port *port) {
    union unsock_sockaddr name;
    uint32_t length = sizeof(name);
    struct unsock_control_file control;
    if (unsock_expose.is_in) {
        unsock_prune(port->file.sun_path, 1); /* removes a stale file */
        return open_bound(port->type, &port->file, sizeof(port->file), NULL);
    }
    if (unsock_expose.control) {
        long result = unsock_control_file_read(unsock_expose.control, &control);
        if (result < 0)
            return result;
        /* Refuses a Unix target (a symbolic link is enough) and a vsock multiplexer's (Firecracker itself listens). */
        if (unsock_target_family(&control) == AF_UNIX || (control.options & UNSOCK_CONTROL_FIRECRACKER))
            return -EAFNOSUPPORT;
        return open_bound(SOCK_STREAM, control.dest, control.dest_length, &control);
    }
    socklen_t size = unsock_ip_write(&port->address, port->address.family, &name);
    long fd = open_bound(port->type, &name, size, NULL);
    if (fd >= 0 && unsock_getsockname(fd, &name, &length) == 0)
        unsock_ip_read(&name, length, &port->address);
    return fd;
}

static void put_place(struct unsock_text *text, const struct unsock_expose_port *port) {
    if (unsock_expose.control)
        unsock_text_put(text, unsock_expose.control);
    else
        unsock_ip_print_port(text, &port->address);
}

/* Prints the line with one write, so that a reader that waits for a line gets all of it. */
void unsock_expose_tell(const struct unsock_expose_port *port, const char *words) {
    UNSOCK_TEXT(line, LINE_MOST);
    put_place(&line, port);
    unsock_text_join(&line, port->type == SOCK_DGRAM ? "/udp " : " ", words, " ", port->file.sun_path, "\n");
    unsock_print(line.buffer);
    unsock_print_flush();
}

static long refuse_port(struct unsock_text *error, const struct unsock_expose_port *port, long result) {
    bool taken = result == -EADDRINUSE, is_in = unsock_expose.is_in;
    unsock_text_join(error, "expose: ", is_in ? port->file.sun_path : "");
    if (!is_in)
        put_place(error, port);
    unsock_text_join(error, ": ", taken ? "is taken" : unsock_errno_words(-result),
                     taken && !is_in && !unsock_expose.control ? ": write PORT=ANOTHER, or PORT=0 for any" : "");
    return result;
}

struct unsock_expose_port *unsock_expose_port_at(unsigned number) {
    return number < port_count ? &ports[number] : NULL;
}

long unsock_expose_open(uint16_t port, uint16_t real, int type, struct unsock_text *error) {
    unsigned number = 0;
    while (number < port_count && ports[number].fd > 0)
        number++;
    struct unsock_expose_port one = {.address = unsock_expose.address, .port = port, .type = type};
    one.address.port = real;
    unsock_address_path(port, type, &one.file);
    long fd = number == PORTS_MOST ? -EMFILE : listen_at(&one);
    if (fd < 0)
        return refuse_port(error, &one, fd);
    one.fd = (int)fd;
    one.life = ports[number].life + 1;
    one.buffer = ports[number].buffer;
    ports[number] = one;
    port_count += number == port_count;
    unsock_expose_watch(EPOLL_CTL_ADD, fd, EPOLLIN, UNSOCK_EXPOSE_PORT, number);
    unsock_expose_tell(&one, unsock_expose.is_in ? "is led to from" : "leads to");
    return number;
}

void unsock_expose_close(struct unsock_expose_port *port) {
    if (port->fd <= 0)
        return;
    unsock_close(port->fd);
    if (unsock_expose.is_in)
        unsock_prune(port->file.sun_path, 1); /* only if stale: another socket may have the port now */
    port->fd = 0;
}
