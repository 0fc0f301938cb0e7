/* A socket is opened into a place of its own, which is used once more when it is closed. */
#include "program/expose.h"

#include "files/directory.h"
#include "rules/errno.h"

#define PORTS_MOST 2048
#define LINE_MOST 512

static struct unsock_expose_open *ports;
static unsigned port_count; /* so many places have been used */

bool unsock_expose_ports_start(void) {
    ports = unsock_map(PORTS_MOST * sizeof(*ports));
    return ports;
}

struct unsock_expose_open *unsock_expose_port_at(unsigned number) {
    return number < port_count ? &ports[number] : NULL;
}

static void put_place(struct unsock_text *text, const struct unsock_expose_open *port) {
    if (unsock_expose.options.control)
        unsock_text_put(text, unsock_expose.options.control);
    else
        unsock_ip_print_port(text, &port->address);
}

/* At once, so that a reader that waits for a line reads it whole. */
void unsock_expose_tell(const struct unsock_expose_open *port, const char *words) {
    UNSOCK_TEXT(line, LINE_MOST);
    put_place(&line, port);
    unsock_text_join(&line, port->type == SOCK_DGRAM ? "/udp " : " ", words, " ", port->file.sun_path, "\n");
    unsock_output(line.buffer, line.length);
}

static long refuse(struct unsock_text *error, const struct unsock_expose_open *port, long result) {
    bool taken = result == -EADDRINUSE, is_in = unsock_expose.options.is_in;
    unsock_text_put(error, "expose: ");
    if (is_in)
        unsock_text_put(error, port->file.sun_path);
    else
        put_place(error, port);
    unsock_text_join(error, ": ", taken ? "is taken" : unsock_errno_words(-result),
                     taken && !is_in && !unsock_expose.options.control ? ": write PORT=ANOTHER, or PORT=0 for any"
                                                                       : "");
    return result;
}

static long open_socket(struct unsock_expose_open *port) {
    if (unsock_expose.options.is_in)
        return unsock_expose_bind_inside(port->type, &port->file);
    if (unsock_expose.options.control)
        return unsock_expose_listen_control(unsock_expose.options.control);
    return unsock_expose_listen_real(port->type, &port->address);
}

long unsock_expose_open(const struct unsock_expose_port *asked, struct unsock_text *error) {
    unsigned number = 0;
    while (number < port_count && ports[number].fd > 0)
        number++;
    struct unsock_expose_open one = {
        .address = unsock_expose.options.address, .port = asked->port, .type = asked->type};
    one.address.port = asked->real;
    unsock_address_path(one.port, one.type, &one.file);
    long fd = number == PORTS_MOST ? -EMFILE : open_socket(&one);
    if (fd < 0)
        return refuse(error, &one, fd);
    one.fd = (int)fd;
    one.life = ports[number].life + 1;
    one.buffer = ports[number].buffer;
    ports[number] = one;
    port_count += number == port_count;
    unsock_expose_watch(EPOLL_CTL_ADD, fd, EPOLLIN, UNSOCK_EXPOSE_PORT, number);
    unsock_expose_tell(&one, unsock_expose.options.is_in ? "is led to from" : "leads to");
    return number;
}

void unsock_expose_close(unsigned number) {
    struct unsock_expose_open *port = &ports[number];
    if (port->fd <= 0)
        return;
    unsock_close(port->fd);
    if (unsock_expose.options.is_in)
        unsock_prune(port->file.sun_path, 1); /* somebody may have the port by now */
    port->fd = 0;
}

void unsock_expose_close_all(void) {
    for (unsigned i = 0; i < port_count; i++)
        unsock_expose_close(i);
}
