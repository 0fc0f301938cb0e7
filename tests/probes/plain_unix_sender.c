/*
 * A plain Unix program: sends a datagram from a Unix socket with a path to another one, and prints the answer.
 * Arguments: its own path, the server's path.
 */
#include "probe.h"

#include <sys/un.h>

static struct sockaddr_un named(const char *path) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof name.sun_path)
        die("path too long");
    strcpy(name.sun_path, path);
    return name;
}

int main(int count, char **arguments) {
    if (count != 3)
        return 1;
    probe_start();
    struct sockaddr_un own = named(arguments[1]), server = named(arguments[2]);
    int fd = CHECK(socket(AF_UNIX, SOCK_DGRAM, 0));
    CHECK(bind(fd, (struct sockaddr *)&own, sizeof own));
    fact_number("sent", sendto(fd, "hello", 5, 0, (struct sockaddr *)&server, sizeof server));
    char bytes[16] = "";
    if (ready(fd, POLLIN, 5000) == 0)
        fact("answer", "none");
    else
        fact_number("answer", recv(fd, bytes, sizeof bytes, 0));
    unlink(arguments[1]);
    return 0;
}
