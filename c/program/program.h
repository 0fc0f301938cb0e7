/* libunsock.so run as a program: makes control files, or runs a command with itself preloaded. */
#ifndef UNSOCK_PROGRAM_H
#define UNSOCK_PROGRAM_H

/* The program's main. Returns the exit status. */
int unsock_program(int argc, const char *const *argv, const char *const *environment);

#endif
