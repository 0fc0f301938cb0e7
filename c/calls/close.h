/*
 * What ends or multiplies descriptors, and the end of the process, as the doors call them. All return a value or
 * -errno.
 */
#ifndef UNSOCK_CLOSE_H
#define UNSOCK_CLOSE_H

long unsock_call_close(int fd);
long unsock_call_close_range(unsigned first, unsigned last, unsigned flags);
/* closefrom(3), also where the kernel or a container's filter refuses close_range. */
void unsock_call_closefrom(unsigned first);
long unsock_call_dup(int fd);
long unsock_call_dup2(int from, int to);
long unsock_call_dup3(int from, int to, int flags);

/* fcntl(2): duplicates, and a program that sets O_NONBLOCK. `argument` is a number or a pointer. */
long unsock_call_fcntl(int fd, int command, unsigned long argument);

/* The process is about to end: by exit, or by _exit. */
void unsock_call_exit(void);

#endif
