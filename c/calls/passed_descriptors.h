/* Descriptors that come with a message (SCM_RIGHTS; unix(7)). */
#ifndef UNSOCK_PASSED_DESCRIPTORS_H
#define UNSOCK_PASSED_DESCRIPTORS_H

#include "rt/net.h"

/* Might the message have brought any, or have had no room for them? */
bool unsock_passed_descriptors_maybe(const struct msghdr *message);

/* They are new to the process: forgets what was known of their numbers. */
void unsock_passed_descriptors_forget(const struct msghdr *message);

/*
 * No TCP or UDP socket ever brings any, so that a program would not close them: a plain Unix peer could fill its table.
 * Closes them, which never waits, and takes them out of what recvmsg on `fd` put into `message`: the control data, for
 * which it has the kernel's msg_controllen, and the flags.
 */
void unsock_passed_descriptors_refuse(int fd, struct msghdr *message);

#endif
