/*
 * What the caller's process state was before a runtime changed it: the one that the command line is written for raises
 * the soft RLIMIT_NOFILE to the hard one and ignores SIGPIPE. The parent, which usually handed both down, still shows
 * what they were.
 */
#ifndef UNSOCK_CALLER_H
#define UNSOCK_CALLER_H

/* Puts it back. */
void unsock_caller_restore(void);

#endif
