/* Descriptors that come with a message (SCM_RIGHTS; unix(7)). */
#ifndef UNSOCK_RIGHTS_H
#define UNSOCK_RIGHTS_H

#include "rt/net.h"

/* They are new to the process: forgets what was known of their numbers. */
void unsock_passed_descriptors_forget(const struct msghdr *message);

/*
 * No TCP or UDP socket ever brings any, so that a program would not close them: a plain Unix peer could fill its table.
 * Closes them, and takes them out of the control data, for which `message` has the kernel's msg_controllen.
 */
void unsock_passed_descriptors_refuse(struct msghdr *message);

#endif
