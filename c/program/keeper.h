/* The keeper (program/supervise.h). */
#ifndef UNSOCK_KEEPER_H
#define UNSOCK_KEEPER_H

#include <stdint.h>

/* Who started the command, and where that may use sockets. */
struct unsock_keeper {
    long parent;
    long command;
    const char *path;
};

/* Stays until nobody is left of those whom the command has started, then removes the directory and ends. */
__attribute__((noreturn)) void unsock_keeper_stay(const struct unsock_keeper *keeper);

#endif
