/* Descriptor numbers that are another socket's by now. */
#ifndef UNSOCK_REUSE_H
#define UNSOCK_REUSE_H

/* A descriptor came back from the kernel as new: forgets what was known of the number, and tidies up after it. */
void unsock_reuse_new(int fd);

/*
 * Is what is known of the descriptor still true? Its number may be that of another socket by now, which was made inside
 * libc (rresvport), by a raw system call or through io_uring: forgets what would make a call on that one fail.
 */
void unsock_reuse_check(int fd);

#endif
