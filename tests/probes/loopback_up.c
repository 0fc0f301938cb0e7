/* loopback_up COMMAND...: takes the loopback device of this network namespace up, and executes the command. */
#include "probe.h"

#include <net/if.h>
#include <sys/ioctl.h>

int main(int argc, char **argv) {
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CHECK(fd);
    CHECK(ioctl(fd, SIOCSIFFLAGS, &request));
    CHECK(argc > 1 ? execvp(argv[1], argv + 1) : 0);
}
