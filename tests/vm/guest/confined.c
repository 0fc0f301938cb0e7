// Prints this process's AppArmor profile and whether it can bind 127.0.0.1:2000 or above, whose interface is down: only
// the library makes that possible. Then executes the program that the arguments name.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv) {
    char profile[200] = "none\n";
    int fd = open("/proc/self/attr/current", O_RDONLY);
    if (fd >= 0 && read(fd, profile, sizeof(profile) - 1) > 0)
        profile[strcspn(profile, " \n")] = '\0';
    struct sockaddr_in address = {AF_INET, htons(2000 + argc), {htonl(INADDR_LOOPBACK)}, {0}};
    int result = bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof(address));
    printf("profile %s, bind %s\n", profile, result == 0 ? "ok" : strerror(errno));
    fflush(stdout);
    if (argc > 1)
        execv(argv[1], argv + 1);
    return argc > 1 ? errno : 0;
}
