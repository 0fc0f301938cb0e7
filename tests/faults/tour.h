/*
 * The tour of all intercepted calls. It runs again and again; each time one system call of the library fails, or the
 * process is killed there. So every step may fail once. `finding` reports a fault.
 */
#ifndef TOUR_H
#define TOUR_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define TOUR_SECONDS 40
/* Some wait for what the fault has taken away. They end well before who waits for them, which would hang. */
#define TOUR_CHILD_SECONDS 10
/* Two tours at a time have ports of their own: names of connections are one world in the whole network namespace. */
#define TOUR_PORT (getenv("TOUR_PORT") ? atoi(getenv("TOUR_PORT")) : 7001)
#define GUARD_PORT (TOUR_PORT + 1)
#define EXIT_FINDING 3

/* Says what is wrong; the tour goes on, and its exit status tells it. Not through a call that the library intercepts.
 */
__attribute__((format(printf, 1, 2))) void finding(const char *format, ...);
bool tour_found(void);

typedef struct {
    struct sockaddr_storage space;
    socklen_t length;
} address;

/* An IPv6 address is recognised by its colon. */
address ip(const char *text, int port);
#define ANY(of) ((struct sockaddr *)&(of)->space)

/* The port of the socket itself; 0 when that cannot be told. */
int own_port(int fd);

/* A socket, also at the second try; -1 when there is none. */
int open_socket(int family, int type);
int open_reusable(int family, int type, int option);

/*
 * Only one call fails in a run: what was refused can be had at the second try. Returns whether it succeeded. A connect
 * that was interrupted goes on by itself, as over TCP.
 */
bool bind_to(int fd, const char *text, int port);
/* The same, but it may be refused for good: where an option was lost that lets two sockets have one port. */
void bind_shared(int fd, const char *text, int port);
bool connect_to(int fd, const char *text, int port);
bool listen_at(int fd);

/* A listening socket that was bound so; -1 when that failed. */
int listening(const char *text, int port);
int datagrams(const char *text, int port);
int connected(const char *text, int port);

/* The next connection, waited for a moment; -1 when none comes. */
int accepted(int listener);

/* A byte there and a byte back; both sides may fail. */
void exchange(int client, int server);
bool has_come(int fd);

/* That the socket is none on the network, whatever the library says of it. */
void expect_off_network(int fd);

/* Where the port's file is. `type` as in socket(2). */
const char *socket_path(int port, int type);

/* The tour's port leads to a path of another name in the directory. */
void lead_elsewhere(void);
int plain_listener(const char *path);

void tour_streams(const char *name);
void tour_datagrams(const char *name);
void tour_processes(const char *name);
void tour_programs(const char *name);

/* Runs in the program that a scenario executes with a listener. */
void tour_handed_over(void);

/* Runs `step` when it is the scenario of that name, or all are wanted. Lists it when `name` is "list". */
void scenario(const char *name, const char *own, void (*step)(void));

int guard(void);
int checker(void);

#endif
