/*
 * The work that unsock is measured by, written once: the sockets are AF_UNIX ones or TCP and UDP ones, and nothing else
 * differs. Server and client are two processes.
 */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <semaphore.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Where the server is: a socket file, or an IP address and port. */
struct endpoint {
    bool local; /* AF_UNIX */
    int type;   /* SOCK_STREAM or SOCK_DGRAM */
    struct sockaddr_storage address;
    socklen_t length;
    char client_path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* AF_UNIX datagrams: the client's own file */
};

/* Memory that both processes see. */
struct shared {
    sem_t served;    /* the server has caught up with what the client did */
    sem_t announced; /* the client has done what the server shall catch up with */
    sem_t leave;     /* all is measured, close */
    sem_t holding;   /* a holder has opened its share */
    sem_t release;   /* a holder may end */
    long server_memory;
};

/* One run of one workload. */
struct run {
    struct endpoint endpoint;
    int listener; /* of streams, else the server's datagram socket */
    long count;   /* how often the unit of work is done */
    long held;    /* sockets with a file that are there all the time */
    long holders; /* the processes that hold them, each its share; 0: this one */
    struct shared *shared;
    double seconds;     /* what the count took */
    long client_memory; /* bytes */
};

struct workload {
    const char *name;
    int type;                     /* SOCK_STREAM, SOCK_DGRAM, or 0: no server */
    void (*serve)(struct run *);  /* in the child; returns when the client is done */
    void (*client)(struct run *); /* in the parent; fills in `seconds` */
};

extern const struct workload bulk, round_trips, connections, datagrams, held, others, mixed, listeners, closings,
    datagram_closings, datagram_clients, duplicates, forks, askers, starts, leavings, names;

#define BATCH 64          /* connections that may wait to be accepted */
#define MESSAGE 64        /* bytes of a round trip */
#define BLOCK (128 << 10) /* bytes of a bulk write */

/* Ends the process with the failed call and errno. Returns `result` when it is not negative. */
long must(long result, const char *what);

/* Seconds since some moment. */
double now(void);

/* Read or write all `size` bytes, or end the process. */
void read_all(int fd, void *data, size_t size);
void write_all(int fd, const void *data, size_t size);

/* Ends both: sem_wait that goes on after a signal. */
void await(sem_t *semaphore);

/* A server's socket, bound, and listening when of streams. */
int open_server(const struct endpoint *endpoint);

/* A client's socket: connected when of streams, bound where only a name gets answers. */
int open_client(const struct endpoint *endpoint);

/* Opens the sockets that `run->held` asks for, at addresses beside the workload's. */
void hold_sockets(const struct run *run);

/* Ends other processes that hold them, and removes their files unless another does. */
void drop_sockets(const struct run *run);

/* Accepts like a server that reads the client's address. */
int accept_client(int listener);

/* Bytes of memory that this process has changed and shares with nobody. */
long private_memory(void);

#endif
