/*
 * poll, ppoll, select and blocking calls in other threads see what happens to a socket that another thread redirects.
 */
#include "probe.h"

#include <pthread.h>
#include <sys/select.h>

struct job {
    int fd;
    int kind;
    int went; /* a pipe: the thread says that it is about to wait */
    int result;
};

enum { BY_POLL, BY_SELECT, BY_READ, BY_ACCEPT };

static void *wait_for_input(void *data) {
    struct job *job = data;
    char byte;
    fd_set set;
    struct timeval patience = {10, 0};
    send_byte(job->went);
    switch (job->kind) {
    case BY_POLL:
        job->result = ready(job->fd, POLLIN, 10000);
        break;
    case BY_SELECT:
        FD_ZERO(&set);
        FD_SET(job->fd, &set);
        job->result = select(job->fd + 1, &set, NULL, NULL, &patience);
        break;
    case BY_READ:
        job->result = (int)read(job->fd, &byte, 1);
        break;
    default:
        job->result = accept(job->fd, NULL, NULL);
        break;
    }
    return NULL;
}

/* Starts a thread that waits, and gives it the time to be inside the call. */
static pthread_t begin(struct job *job) {
    int pipes[2];
    pthread_t thread;
    CHECK(pipe(pipes));
    job->went = pipes[1];
    if (pthread_create(&thread, NULL, wait_for_input, job) != 0)
        die("pthread_create");
    wait_byte(pipes[0]);
    poll(NULL, 0, 20);
    close(pipes[0]);
    close(pipes[1]);
    return thread;
}

static void on_connection(const char *name, int kind) {
    int server = listening("127.0.0.1", 0), client = connected("127.0.0.1", own_port(server));
    int peer = CHECK(accept(server, NULL, NULL));
    struct job job = {.fd = client, .kind = kind};
    pthread_t thread = begin(&job);
    send_byte(peer);
    pthread_join(thread, NULL);
    fact(name, "%d", job.result);
    char text[60];
    snprintf(text, sizeof text, "%s, end of file", name);
    if (kind != BY_READ)
        wait_byte(client);
    thread = begin(&job);
    close(peer);
    pthread_join(thread, NULL);
    fact(text, "%d", job.result);
    close(client);
    close(server);
}

static void on_listener(const char *name, int kind) {
    int server = listening("127.0.0.1", 0);
    struct job job = {.fd = server, .kind = kind};
    pthread_t thread = begin(&job);
    int client = connected("127.0.0.1", own_port(server));
    pthread_join(thread, NULL);
    if (kind == BY_ACCEPT) {
        fact_yes(name, job.result >= 0);
        close(job.result);
    } else {
        fact(name, "%d", job.result);
    }
    close(client);
    close(server);
}

/* A thread that polls a listener which another thread has not bound yet learns of its connections by polling again. */
static void polled_before_bind(void) {
    int server = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    fact("poll of a fresh socket", "0x%x", (unsigned)ready(server, POLLIN | POLLOUT, 0));
    address at = ip("127.0.0.1", 0);
    CHECK(bind(server, &at.any, at.length));
    fact("poll of a bound socket", "0x%x", (unsigned)ready(server, POLLIN | POLLOUT, 0));
    CHECK(listen(server, 1));
    fact("poll of a listener", "0x%x", (unsigned)ready(server, POLLIN | POLLOUT, 0));
    int client = connected("127.0.0.1", own_port(server));
    fact("poll of a listener with a connection", "0x%x", (unsigned)ready(server, POLLIN | POLLOUT, 5000));
    fact("poll of a client", "0x%x", (unsigned)ready(client, POLLIN | POLLOUT, 5000));
    int peer = CHECK(accept(server, NULL, NULL));
    send_byte(peer);
    if (ready(client, POLLIN, 5000) == 0)
        die("no byte");
    fact("poll of a client with input", "0x%x", (unsigned)ready(client, POLLIN | POLLOUT, 0));
    CHECK(shutdown(peer, SHUT_WR));
    if (ready(client, POLLRDHUP, 5000) == 0)
        die("no end");
    fact("poll of a client whose peer has finished", "0x%x", (unsigned)ready(client, POLLIN | POLLOUT | POLLRDHUP, 0));
    close(peer);
    close(client);
    close(server);
}

/* select on numbers that the program keeps across redirection. */
static void select_on_both(void) {
    int server = listening("127.0.0.1", 0), client = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    fd_set reading, writing;
    struct timeval patience = {5, 0};
    CHECK(connect_to(client, "127.0.0.1", own_port(server)));
    FD_ZERO(&reading);
    FD_ZERO(&writing);
    FD_SET(server, &reading);
    FD_SET(client, &reading);
    FD_SET(client, &writing);
    if (ready(server, POLLIN, 5000) == 0)
        die("no connection");
    int count = select((server > client ? server : client) + 1, &reading, &writing, NULL, &patience);
    fact("select", "%d: server reads %d, client reads %d, client writes %d", count, FD_ISSET(server, &reading) != 0,
         FD_ISSET(client, &reading) != 0, FD_ISSET(client, &writing) != 0);
    close(client);
    close(server);
}

int main(void) {
    probe_start();
    on_connection("poll in another thread", BY_POLL);
    on_connection("select in another thread", BY_SELECT);
    on_connection("read in another thread", BY_READ);
    on_listener("poll of a listener in another thread", BY_POLL);
    on_listener("select of a listener in another thread", BY_SELECT);
    on_listener("accept in another thread", BY_ACCEPT);
    polled_before_bind();
    select_on_both();
    return 0;
}
