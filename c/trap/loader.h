/*
 * The library as a program's loader. Under the filter every program needs the handler before its first system call, and
 * exec takes handlers away: so the library is executed in the program's place, maps it, and jumps to it.
 */
#ifndef UNSOCK_LOADER_H
#define UNSOCK_LOADER_H

#include <stdbool.h>
#include <stdint.h>

/* `stack` is what the kernel left. Does its environment say that there is something to load (process/exec.h)? */
bool unsock_loader_is_asked(const uint64_t *stack);

/* Loads it and jumps to it, with everything on the stack as if it had been executed. */
__attribute__((noreturn)) void unsock_loader_start(uint64_t *stack);

#endif
