/* Stories of two ordinary programs: what each side does, and the facts that each finds. */
#ifndef STORIES_H
#define STORIES_H

#include <netinet/in.h>
#include <stddef.h>
#include <sys/types.h>

#define MUCH 300000

/* How long to wait for what may not come. The server's is the longer one: the client gives up first. */
extern int patience_ms;

/* Adds to the facts of this side. */
void fact(const char *format, ...) __attribute__((format(printf, 1, 2)));
void fact_error(const char *what, long result);

/* A story's connection; a new one to `port` is made by `dial`, which returns it or -1. */
extern struct sockaddr_in where;
int new_stream(void);
int dial(void);
extern int listener; /* the server's */
int open_listener(void);
extern volatile int pipe_signals;

/* True if there are data to read, or an end, within patience_ms. */
int comes(int fd);
int polled(int fd, int events, int ms);
void fact_events(const char *what, int events);

/* All bytes, as far as they go within patience_ms each. Return how many. */
size_t put(int fd, const void *bytes, size_t size);
size_t get(int fd, void *bytes, size_t size);
void put_line(int fd, const char *line);
void get_line(int fd, char *line, size_t size);

/* Reads to the end, whatever it is: "7 bytes, then the end". */
void fact_end(int fd);

struct story {
    const char *name;
    void (*client)(int fd); /* NULL: none; the connection is not closed by the caller */
    void (*server)(int fd);
};

/* Each list ends with a name that is NULL. */
extern const struct story stories_of_ends[], stories_of_data[], stories_of_connects[];
extern const struct story stories_of_datagrams[]; /* whose sockets are datagram ones */

#endif
