/* Lines are written at once, so that who waits for one reads it whole. */
#include "program/expose.h"

#include "rules/errno.h"

void unsock_expose_path(struct unsock_text *path, const char *directory, uint16_t port, int type) {
    unsock_text_join(path, directory, "/");
    unsock_text_number(path, port, 10, 1);
    unsock_text_put(path, type == SOCK_DGRAM ? ".dgram.sock" : ".sock");
}

void unsock_expose_tell(const struct unsock_ip *address, int type, const char *words, const char *path) {
    char line[UNSOCK_EXPOSE_LINE_MOST];
    struct unsock_text text;
    unsock_text_start(&text, line, sizeof(line));
    unsock_ip_print_port(&text, address);
    unsock_text_join(&text, type == SOCK_DGRAM ? "/udp " : " ", words, " ", path, "\n");
    unsock_output(line, text.length);
}

void unsock_expose_tell_control(const char *file, const char *path) {
    char line[UNSOCK_EXPOSE_LINE_MOST];
    struct unsock_text text;
    unsock_text_start(&text, line, sizeof(line));
    unsock_text_join(&text, file, " leads to ", path, "\n");
    unsock_output(line, text.length);
}

void unsock_expose_why_not(struct unsock_text *error, const struct unsock_ip *address, const char *path, long result) {
    bool taken = result == -EADDRINUSE;
    unsock_text_put(error, "expose: ");
    if (path)
        unsock_text_put(error, path);
    else
        unsock_ip_print_port(error, address);
    unsock_text_join(error, ": ", taken ? "is taken" : unsock_errno_words(-result),
                     taken && !path ? ": write PORT=ANOTHER, or PORT=0 for any" : "");
}
