/* Requests that AF_UNIX knows and TCP or UDP does not. */
#include "probe.h"

#include <sys/ioctl.h>

#define AT_MARK 0x8905 /* SIOCATMARK: of streams */
#define FILE_OF 0x89e0 /* SIOCUNIXFILE */

static void ask(const char *who, int fd) {
    char what[64];
    int at = 7;
    snprintf(what, sizeof what, "%s, SIOCUNIXFILE", who);
    fact_call(what, ioctl(fd, FILE_OF, &at));
    fact_call(what, ioctl(fd, FILE_OF, NULL));
    if (get_option(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM)
        return;
    snprintf(what, sizeof what, "%s, SIOCATMARK", who);
    fact_call(what, ioctl(fd, AT_MARK, &at));
    fact_call(what, ioctl(fd, AT_MARK, NULL));
    fact(what, "%d", at);
}

int main(void) {
    probe_start();
    int fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    ask("new datagrams", fd);
    CHECK(connect_to(fd, "127.0.0.1", 9));
    ask("connected datagrams", fd);
    close(fd);
    fd = bound("::1", 0, SOCK_DGRAM);
    ask("bound datagrams", fd);
    close(fd);
    int server = listening("127.0.0.1", 0);
    ask("listener", server);
    fd = connected("127.0.0.1", own_port(server));
    ask("stream", fd);
    int copy = CHECK(dup(fd));
    ask("duplicate", copy);
}
