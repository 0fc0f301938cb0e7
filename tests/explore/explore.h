/*
 * Shared by the parts of the explorer: the operations of each process of a scenario and their times, visible to all.
 * Time is counted in steps: one for each system call at which a process was stopped.
 */
#ifndef EXPLORE_H
#define EXPLORE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PORT 9042
#define PROCESSES_MOST 4
#define OPERATIONS_MOST 64
#define FOREVER 0x7fffffff

/* As a scenario writes it: "127.0.0.1", "::1"; "0.0.0.0"; "::" for both families, "::!" for IPv6 alone. */
struct where {
    char text[24];
    bool share;  /* SO_REUSEPORT: a '+' at its end */
    bool reuses; /* SO_REUSEADDR: a '*' at its end */
};

/* One operation of a process, at its place in the common list. */
struct operation {
    char kind;
    int process;
    struct where where;
    int began, ended; /* in steps; ended FOREVER: it did not come to its end */
    long result;      /* 0, a descriptor, or -errno */
    pid_t reached;    /* a client's: whose listener it was, 0: not known */
    /* Of a server (b, n, d, s, S), once it is bound: */
    bool listens, shut; /* now; it was shut down at some time */
    int since, until;   /* between these it listens for certain */
    int leaves, gone;   /* when its close began, and ended; FOREVER: not yet */
    bool later;         /* a client that comes when all have done what they do */
};

struct shared {
    int now, operations;
    pid_t process[PROCESSES_MOST];
    bool killed[PROCESSES_MOST]; /* so it reads no datagram that it has */
    struct operation operation[OPERATIONS_MOST];
};

extern struct shared *shared;
extern char directory[90]; /* with no slash at its end */
extern int hold[2];        /* a pipe that ends when all is judged */
extern bool two_users;     /* one of the processes is another user's, who has his own ports */
extern bool one_address;   /* an address that nobody has leads to whoever has the port */
extern int failure;        /* an errno: a call of the first process fails with it; 0: none does */

/* operations.c: carries out a process's operations, one letter and its argument each, divided by spaces. */
void carry_out(int process, const char *operations);

/* Closes what carry_out has left open; exit does the rest. */
void close_all(void);

/* Receives all datagrams that wait at this process's sockets: their senders' operations have `reached` then. */
void drain(void);

/* Return the process whose listener the socket is connected to; keep a socket until an operation closes it. */
pid_t peer_of(int fd);
void keep_socket(int fd, int operation);

/* neighbours.c: operations of a process that knows nothing of the library. `removes`: what is at PORT.sock goes first.
 */
long serve_plain(struct operation *me, int number, bool removes);
void make_control(void);
void remove_control(void);
void remove_name(void);

/* Asks the library to remove stale names, one by one, as `unsock prune` does. */
void prune_all(void);

/* One connect (stream) of a process that is not stopped anywhere: 0 or -errno; whose listener is in *reached. */
long try_connect(const char *where, pid_t *reached);

/* The same, by PORT.sock, of a program that knows nothing of the library. */
long try_plain(pid_t *reached);

/* Sends the operation's number to its address. Returns 0 or -errno. */
long send_datagram(struct operation *me, int number);

/* A bind of a process that is not stopped anywhere, and its close: 0 or -errno. */
long try_bind(const char *where, bool datagram);

/* oracle.c: what is wrong, in words, or NULL. `killed`: one of the processes was killed. */
const char *judge(bool killed);

/* The same of the sockets that are still there, asked by clients that come now; of UDP's, `judge` tells. */
const char *judge_living(bool killed);

/* processes.c: a process that is stopped at each of its system calls. */
struct process {
    pid_t pid;
    bool inside; /* a system call, whose end comes next */
    bool held;   /* it has done all, and waits */
    bool gone;   /* it was killed, or ended */
    int calls;
};

/* Starts one: it has done what stands before "/" when this returns. */
void start_process(struct process *process, int number, const char *operations);

/* Lets it go on for so many calls, to its end, or until it waits for somebody (a clock_nanosleep). */
void let_go(struct process *process, int calls);

/* Lets all go on, in turn, until each has done all. False: they never come to an end. */
bool let_all_end(struct process *processes, int count);

void kill_process(struct process *process);

/* The call before which it stands fails with `failure`, if it is one that changes the directory. */
void fail_call(struct process *process);

/* Lets one that is held close what it has, and end. Returns its status, or -1 if it was killed. */
int end_process(struct process *process);

#endif
