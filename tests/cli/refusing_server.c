/* A server that answers after the first kilobyte of a request that it is too large, and closes with the rest unread. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void) {
    static const char answer[] = "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 10\r\n\r\ntoo large\n";
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(3000)};
    char buffer[1024];
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int server = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(server, (struct sockaddr *)&name, sizeof(name)) != 0 || listen(server, 64) != 0) {
        perror("bind, listen");
        return 1;
    }
    puts("ready");
    fflush(stdout);
    for (;;) {
        int client = accept(server, NULL, NULL);
        if (client < 0)
            continue;
        if (recv(client, buffer, sizeof(buffer), 0) > 0)
            send(client, answer, strlen(answer), MSG_NOSIGNAL);
        close(client);
    }
}
