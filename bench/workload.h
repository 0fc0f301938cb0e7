/*
 * The work by which unsock is measured, written once for AF_UNIX sockets and for TCP and UDP sockets: nothing else
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
    sem_t served;    /* the server has done its part of a batch */
    sem_t announced; /* the client has done its part of a batch */
    sem_t leave;     /* the client has measured: the server may end */
    sem_t holding;   /* a holder has opened its share */
    sem_t release;   /* a holder may end */
    long server_memory;
};

/* One run of one workload. */
struct run {
    struct endpoint endpoint;
    int listener; /* the server's socket: a listener, or a datagram socket */
    long count;   /* how often the unit of work is done */
    long held;    /* sockets with a file that exist during the work */
    long holders; /* the processes that share these sockets; 0: this one has all */
    struct shared *shared;
    double seconds;     /* the time of the work */
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

/* Returns `result` if it is not negative. Else prints the failed call and errno, and ends the process. */
long must(long result, const char *what);

/* Returns the time of the monotonic clock, in seconds. */
double now(void);

/* Read or write all `size` bytes, or end the process. */
void read_all(int fd, void *data, size_t size);
void write_all(int fd, const void *data, size_t size);

/* Waits for the semaphore, also after a signal. On failure ends the process. */
void await(sem_t *semaphore);

/* Opens and binds a server's socket. A stream socket also listens. */
int open_server(const struct endpoint *endpoint);

/* Opens a client's socket: connects a stream socket, and binds an AF_UNIX datagram socket, which needs a name. */
int open_client(const struct endpoint *endpoint);

/* Opens the sockets that `run->held` asks for, at addresses beside the workload's. */
void hold_sockets(const struct run *run);

/* Ends the processes that hold these sockets, and removes the files of AF_UNIX sockets. */
void drop_sockets(const struct run *run);

/* Accepts like a server that reads the client's address. */
int accept_client(int listener);

/* Returns the bytes of memory that this process has changed and shares with no other. */
long private_memory(void);

#endif
