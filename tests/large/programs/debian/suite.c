/* A test with a server and a client: two of them at once need two loopbacks. */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>
int main(void) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(3000), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(server, (struct sockaddr *)&name, sizeof(name)) < 0 || listen(server, 1) < 0)
        return 1;
    usleep(500000);
    return connect(client, (struct sockaddr *)&name, sizeof(name)) < 0;
}
