/*
 * Usage: targets PORT
 *
 * An ordinary TCP client that obeys letters on its input, each between two marks that a tracer sees (faccessat of
 * "/begin/LETTER" and "/end/LETTER"): c connects, f forks a child that connects, t starts eight threads that connect
 * twenty times each. Each prints the server's first line, or the errno; t prints only results that differ.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINE 64
#define THREADS 8
#define TIMES 20

static struct sockaddr_in address;

static void mark(const char *side, char letter) {
    char path[LINE];
    snprintf(path, sizeof(path), "/%s/%c", side, letter);
    syscall(SYS_faccessat, AT_FDCWD, path, F_OK);
}

/* Reads the first line from a connection, without its end, or the errno's name. */
static void meet(char marked, char line[LINE]) {
    struct sockaddr_in to = address; /* on the stack, which is certain to be there */
    size_t length = 0;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (marked)
        mark("begin", marked);
    int error = connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 ? 0 : errno;
    if (marked)
        mark("end", marked);
    if (error != 0) {
        snprintf(line, LINE, "%s", strerrorname_np(error));
    } else {
        while (length < LINE - 1 && read(fd, line + length, 1) == 1 && line[length] != '\n')
            length++;
        line[length] = '\0';
    }
    close(fd);
}

static void *meet_often(void *unused) {
    static char first[LINE], second[LINE];
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    for (int i = 0; i < TIMES; i++) {
        char line[LINE];
        meet(0, line);
        pthread_mutex_lock(&lock);
        char *place = first[0] == '\0' || strcmp(first, line) == 0 ? first : second;
        if (strcmp(place, line) != 0)
            printf("%s ", strcpy(place, line));
        pthread_mutex_unlock(&lock);
    }
    return unused;
}

static void do_as_told(int letter) {
    char line[LINE] = "";
    pthread_t threads[THREADS];
    for (int i = 0; letter == 't' && i < THREADS; i++)
        pthread_create(&threads[i], NULL, meet_often, NULL);
    for (int i = 0; letter == 't' && i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pid_t child = letter == 'f' ? fork() : 0;
    if (child > 0)
        waitpid(child, NULL, 0);
    else if (letter != 't')
        meet((char)letter, line);
    if (child == 0)
        printf("%s\n", line);
    fflush(stdout);
    if (letter == 'f' && child == 0)
        _exit(0);
}

int main(int argc, char **argv) {
    if (argc != 2)
        return 2;
    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int letter; (letter = getchar()) != EOF;)
        do_as_told(letter);
    return 0;
}
