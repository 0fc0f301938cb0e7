/* `expose --all`: whatever port comes and goes in the directory, as inotify(7) tells. */
#ifndef UNSOCK_EXPOSE_ALL_H
#define UNSOCK_EXPOSE_ALL_H

#include "program/expose_options.h"

/* `directory` stays the caller's. Returns 0 or -errno. */
long unsock_expose_all_start(long set, const char *directory, const struct unsock_expose_options *options);

/* Something has changed there. Returns false when the directory is gone. */
bool unsock_expose_all_event(void);

/* Somebody was led to nobody: a killed server's file tells nothing by itself. */
void unsock_expose_all_look(void);

/* Does what is to be done. Returns after how many ms it is to be called again; -1: never. */
int64_t unsock_expose_all_go_on(void);

#endif
