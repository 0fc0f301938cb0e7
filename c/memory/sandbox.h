/*
 * Has this process set up a seccomp filter of its own (sshd's and vsftpd's children, programs with libseccomp)? Such
 * filters know which calls the program makes itself: where it only writes, sendto ends it.
 */
#ifndef UNSOCK_SANDBOX_H
#define UNSOCK_SANDBOX_H

#include <stdbool.h>

extern bool unsock_sandboxed;

#endif
